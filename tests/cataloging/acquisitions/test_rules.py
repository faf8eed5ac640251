"""What an order costs, how far it has come, when it is late, what is left of a budget line."""

from datetime import date, timedelta

import pytest

from cataloging.acquisitions.rules.ordering import (
    Standing,
    is_late,
    net_price,
    read_percent,
    stage_of,
    written_percent,
)

TODAY = date(2026, 11, 28)


@pytest.mark.parametrize(
    ("price", "discount", "net"),
    [
        *((50_000, 0, 50_000), (50_000, 25_00, 37_500), (9_999, 33_00, 6_699), (9, 100_00, 0)),
        *((1_050, 1_00, 1_040), (50_000, 12_50, 43_750), (45_000, 33_33, 30_002), (100, 50, 100)),
    ],
)
def test_a_discount_leaves_whole_dong(price: int, discount: int, net: int) -> None:
    assert net_price(price, discount) == net


@pytest.mark.parametrize(
    ("typed", "hundredths", "written"),
    [
        ("12", 12_00, "12"),
        ("12,5", 12_50, "12,5"),
        ("33.33 %", 33_33, "33,33"),
        ("0,05%", 5, "0,05"),
    ],
)
def test_a_discount_is_read_as_it_is_typed(typed: str, hundredths: int, written: str) -> None:
    assert read_percent(typed) == hundredths
    assert written_percent(hundredths) == written
    for wrong in ("", "12,555", "-1", "1,2,3", "mười", "1e2"):
        with pytest.raises(ValueError, match=r".*"):
            read_percent(wrong)


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
