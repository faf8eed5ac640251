"""What a lost copy costs, and what happens to the money when it is found."""

from dataclasses import replace

import pytest

from circulation.rules.compensation import (
    Damage,
    FoundCase,
    compensation,
    damage_amount,
    money_when_found,
)
from circulation.rules.policy import Policy

HOUSE = Policy(round_to=1000)


@pytest.mark.parametrize(
    ("price", "amount", "band"),
    [
        (20_000, 60_000, 1),
        (50_000, 150_000, 1),  # the limit is inclusive
        (50_001, 100_000, 2),  # a đồng dearer costs less: the bands are the house's own
        (200_000, 400_000, 2),
        (350_500, 350_000, 3),  # rounded down
        (None, 150_000, 1),  # the rule's price for a missing one
        (0, 150_000, 1),
    ],
)
def test_the_price_is_multiplied_by_its_band(price: int | None, amount: int, band: int) -> None:
    found = compensation(price, HOUSE)
    assert (found.amount, found.band) == (amount, band)
    assert found.price_unknown == (not price)
    assert found.total == amount + 10_000


def test_a_fixed_sum_asks_no_price() -> None:
    found = compensation(900_000, replace(HOUSE, loss_rule="fixed", loss_fixed=120_000))
    assert (found.amount, found.band) == (120_000, 0)


def test_without_bands_one_percentage_holds() -> None:
    house = replace(HOUSE, loss_band_1=None, loss_band_2=None, loss_percent=150)
    assert compensation(20_000, house).amount == 30_000


def test_damages_add_up_to_no_more_than_the_loss() -> None:
    torn, wet = Damage("rách", amount=5_500), Damage("ướt", percent=100)
    assert damage_amount([torn], 20_000, HOUSE) == 5_000
    assert damage_amount([torn, wet], 20_000, HOUSE) == 25_000
    assert damage_amount([wet] * 9, 20_000, HOUSE) == 60_000
    assert damage_amount([], None, HOUSE) == 0


@pytest.mark.parametrize(
    ("case", "answer"),
    [
        (FoundCase(settled=False), "charges_off"),
        (FoundCase(settled=False, paid=10), "credit"),
        (FoundCase(settled=True, paid=10, days_since=365), "credit"),
        (FoundCase(settled=True, paid=10, days_since=366), "keeps_paid"),
        (FoundCase(settled=True, in_kind=10), "replaced"),
        (FoundCase(settled=True, in_kind=10, paid=5, days_since=999), "replaced"),
        (FoundCase(settled=True), "nothing"),
    ],
)
def test_what_happens_to_the_money(case: FoundCase, answer: str) -> None:
    assert money_when_found(case, HOUSE) == answer


def test_a_house_may_give_back_at_any_time_or_never() -> None:
    paid = FoundCase(settled=True, paid=10, days_since=4000)
    assert money_when_found(paid, replace(HOUSE, loss_refund_days=None)) == "credit"
    never = replace(HOUSE, loss_when_paid="keeps_paid")
    assert money_when_found(replace(paid, days_since=0), never) == "keeps_paid"
