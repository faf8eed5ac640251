"""What an order costs, how far it has come, when it is late, what is left of a budget line."""

from datetime import date, timedelta

import pytest

from cataloging.acquisitions.rules.ordering import Standing, is_late, net_price, stage_of

TODAY = date(2026, 11, 28)


@pytest.mark.parametrize(
    ("price", "discount", "net"),
    [(50_000, 0, 50_000), (50_000, 25, 37_500), (9_999, 33, 6_699), (1_050, 1, 1_040), (9, 100, 0)],
)
def test_a_discount_leaves_whole_dong(price: int, discount: int, net: int) -> None:
    assert net_price(price, discount) == net


@pytest.mark.parametrize(
    ("state", "counts", "stage"),
    [
        ("draft", [(3, 0)], "draft"),
        ("sent", [(3, 0), (1, 0)], "sent"),
        ("sent", [(3, 3), (1, 0)], "partly"),
        ("sent", [(3, 5), (1, 0)], "partly"),  # too many of one do not stand for another
        ("sent", [(3, 3), (1, 2)], "received"),
        ("cancelled", [(3, 3), (1, 0)], "cancelled"),
    ],
)
def test_how_far_an_order_has_come(state: str, counts: list[tuple[int, int]], stage: str) -> None:
    assert stage_of(state, counts) == stage


def test_an_order_is_late_the_day_after_it_was_promised_while_copies_are_missing() -> None:
    yesterday = TODAY - timedelta(days=1)
    assert is_late("sent", yesterday, TODAY)
    assert is_late("partly", yesterday, TODAY)
    assert not is_late("sent", TODAY, TODAY)
    assert not is_late("sent", None, TODAY)
    assert not is_late("received", yesterday, TODAY)
    assert not is_late("draft", yesterday, TODAY)


def test_a_budget_line_may_be_overdrawn() -> None:
    stand = Standing(1_000_000, ordered=300_000, spent=600_000)
    assert (stand.left, stand.after(250_000)) == (100_000, -150_000)
