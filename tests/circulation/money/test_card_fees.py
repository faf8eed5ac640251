"""Card fees: set by resolution with dates, inherited, charged or exempted when a card is given."""

from datetime import date

import pytest

from circulation.ledger import account
from circulation.models import LedgerEntry
from circulation.money import rates
from circulation.money.models import CardFee, ExemptCard
from circulation.patrons.cards import issue_card, renew_card, replace_card
from circulation.patrons.models import PatronCard
from circulation.rules.card_fee import Exemption, Fee, exemption_for, fee_for
from ils.core.errors import Forbidden, Invalid, NotFound
from tests import factories
from tests.circulation.conftest import Library
from tests.circulation.money.rates_of_a_library import set_rate

PATH = (1, 2, 3)
DAY = date(2026, 5, 15)


def fee(id_, unit_id=1, kind="", category="", amount=10_000, since=date(2026, 1, 1), to=None):
    return Fee(id_, unit_id, kind, category, "annual", amount, "NQ", since, to)


@pytest.mark.parametrize(
    ("rows", "amount"),
    [
        ([fee(1, amount=10_000), fee(2, unit_id=2, amount=15_000)], 15_000),  # the nearer unit
        ([fee(1, kind="lending", amount=7), fee(2, category="adult", amount=8)], 7),  # kind first
        ([fee(1, amount=1), fee(2, category="adult", amount=2)], 2),
        ([fee(1, amount=1), fee(2, kind="reading", amount=2)], 1),  # of another kind
        ([fee(1, amount=1), fee(2, amount=2, since=date(2026, 5, 1))], 2),  # the later one
        ([fee(1, amount=1), fee(2, amount=2, since=date(2026, 5, 16))], 1),  # not yet
        ([fee(1, amount=1, to=date(2026, 5, 14))], None),  # over
        ([fee(1, amount=1, to=DAY)], 1),  # its last day
        ([fee(1, unit_id=9)], None),  # elsewhere
        # a fee of the library that is over lets the province's through again
        ([fee(1, amount=1), fee(2, unit_id=2, amount=2, to=date(2026, 4, 30))], 1),
    ],
)
def test_the_nearest_and_most_exact_fee_in_force_counts(rows, amount):
    found = fee_for(
        rows, path=PATH, card_kind="lending", category="adult", occasion="annual", day=DAY
    )
    assert (found and found.amount) == amount


def test_an_exemption_is_given_by_age_or_chosen():
    young = Exemption(1, 1, "Trẻ em", "NQ", date(2026, 1, 1), age_below=16)
    old = Exemption(2, 1, "Người cao tuổi", "NQ", date(2026, 1, 1), age_from=60)
    poor = Exemption(3, 2, "Hộ nghèo", "NQ", date(2026, 1, 1), date(2026, 5, 1))
    grounds = [young, old, poor]

    def ground(age, chosen=0, day=DAY):
        found = exemption_for(grounds, path=PATH, age=age, day=day, chosen=chosen)
        return found and found.id

    assert [ground(age) for age in (15, 16, 59, 60, None)] == [1, None, None, 2, None]
    assert ground(30, chosen=3) is None  # no longer in force
    assert ground(30, chosen=3, day=date(2026, 5, 1)) == 3
    assert ground(70, chosen=3, day=date(2026, 5, 1)) == 3  # what is chosen comes first


def fees(library: Library) -> list[tuple[int, str]]:
    return [(e.amount, e.trace["resolution"]) for e in library.all(LedgerEntry)]


def test_a_card_is_charged_when_issued_renewed_and_replaced_because_lost(library: Library):
    set_rate(library, rates.set_card_fee, amount=10_000)
    set_rate(library, rates.set_card_fee, amount=5_000, occasion="replacement")
    with library.writing() as session:
        patron = factories.create_patron(session, library.place.branch, with_card=False)
        issue_card(session, library.clerk, patron.id)
        renew_card(session, library.clerk, patron.id)
        replace_card(session, library.clerk, patron.id, reason="worn")
        replace_card(session, library.clerk, patron.id, reason="lost")
    assert [amount for amount, _ in fees(library)] == [10_000, 10_000, 5_000]
    assert {resolution for _, resolution in fees(library)} == {"35/2025/NQ-HĐND"}
    with library.reading() as session:
        assert account(session, patron.id, library.now).balance == 25_000
    assert [e.amount for e in library.events("charge_posted")] == [10_000, 10_000, 5_000]


def test_who_is_exempt_pays_nothing_and_the_ground_is_on_record(library: Library):
    set_rate(library, rates.set_card_fee, amount=10_000)
    set_rate(library, rates.set_exemption, name="Trẻ em dưới 16", age_below=16)
    poor = set_rate(library, rates.set_exemption, name="Hộ nghèo")
    with library.writing() as session:
        child = factories.create_patron(
            session, library.place.branch, "Bé An", born_on=date(2015, 1, 1), with_card=False
        )
        grown = factories.create_patron(session, library.place.branch, "Bác Tư", with_card=False)
        issue_card(session, library.clerk, child.id)
        issue_card(session, library.clerk, grown.id, exemption=poor)
    assert library.all(LedgerEntry) == []
    assert [(e.patron_id, e.amount) for e in library.all(ExemptCard)] == [
        (child.id, 10_000),
        (grown.id, 10_000),
    ]
    assert [e.amount for e in library.events("card_exempted")] == [10_000, 10_000]


def test_kinds_of_cards_cost_differently_and_cards_only_entered_cost_nothing(lite: Library):
    set_rate(lite, rates.set_card_fee, amount=10_000)
    set_rate(lite, rates.set_card_fee, amount=4_000, card_kind="reading")
    with lite.writing() as session:
        reader, other = (
            factories.create_patron(session, lite.place.branch, with_card=False) for _ in range(2)
        )
        issue_card(session, lite.clerk, reader.id, kind="reading")
        issue_card(session, lite.clerk, other.id, charges=False)
        replace_card(session, lite.clerk, reader.id)
        with pytest.raises(Invalid):
            issue_card(
                session,
                lite.clerk,
                factories.create_patron(session, lite.place.branch, with_card=False).id,
                kind="x",
            )
    assert [amount for amount, _ in fees(lite)] == [4_000]
    assert [c.kind for c in lite.all(PatronCard)][:1] == ["reading"]


def test_a_new_fee_ends_the_old_one_and_one_not_yet_begun_may_be_taken_away(lite: Library):
    first = set_rate(lite, rates.set_card_fee, amount=10_000)
    second = set_rate(lite, rates.set_card_fee, amount=12_000, valid_from=date(2026, 7, 1))
    assert lite.get(CardFee, first).valid_to == date(2026, 6, 30)
    with lite.writing() as session:
        rates.end_rate(session, lite.head, which="card_fee", rate_id=second, last_day=lite.today)
    assert [row.id for row in lite.all(CardFee)] == [first]


def test_rates_are_set_by_who_may_where_they_may(lite: Library):
    with pytest.raises(Forbidden), lite.writing() as session:
        rates.set_price(
            session,
            lite.clerk,
            unit_id=lite.place.library.id,
            name="Phô tô",
            amount=500,
            valid_from=DAY,
        )
    with pytest.raises(Forbidden):
        set_rate(lite, rates.set_card_fee, at=lite.place.foreign_library, amount=1)
    own = set_rate(lite, rates.set_card_fee, amount=1)
    with lite.writing() as session:
        stranger = factories.create_actor(session, "head", lite.place.foreign_library)
        with pytest.raises(NotFound):
            rates.end_rate(session, stranger, which="card_fee", rate_id=own, last_day=DAY)
    with pytest.raises(Invalid):
        set_rate(lite, rates.set_card_fee, amount=1, resolution=" ")
    with pytest.raises(Invalid):
        set_rate(lite, rates.set_card_fee, amount=1, valid_to=date(2025, 1, 1))
