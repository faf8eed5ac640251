"""The new school year and the renewal of many cards: proposed, done as one, taken back."""

from datetime import date, timedelta

import pytest

from circulation.fees import charge
from circulation.models import LedgerEntry
from circulation.money.models import CardFee
from circulation.patrons.batch_models import PatronBatchRow
from circulation.patrons.batches import undo_batch
from circulation.patrons.cards import issue_card
from circulation.patrons.models import BlockNote, Patron, PatronCard
from circulation.patrons.new_year import (
    END,
    ClassMove,
    LeaverTerms,
    begin_school_year,
    leavers_owing,
    propose_moves,
)
from circulation.patrons.notes import write_note
from circulation.patrons.renewals import Choice, numbers_in, propose_renewals, renew_cards
from circulation.rules.school_year import next_class, school_year_on
from ils.core.errors import Invalid
from tests.circulation.conftest import Library

SCHOOL, YEAR = "THCS Sen", "2026–2027"
MOVES = [ClassMove(SCHOOL, "6A", "7A"), ClassMove(SCHOOL, "7A", "8A"), ClassMove(SCHOOL, "9A", "")]
TERMS = LeaverTerms(category="adult", card=END, block="Ra trường: trả sách trước")


def pupil(library, name, school_class, **more):
    return library.patron(name, school=SCHOOL, school_class=school_class, **more)


def begin(library, moves=MOVES, terms=TERMS):
    with library.writing() as session:
        return begin_school_year(session, library.clerk, YEAR, moves, terms)


def undo(library, batch):
    with library.writing() as session:
        return undo_batch(session, library.clerk, batch.id)


def test_the_class_that_follows_depends_on_the_school():
    assert next_class("6A", "Trường THCS Bình Sen") == "7A"
    assert next_class("9A2", "Trường THCS Bình Sen") == ""
    assert next_class("9A", "Trường TH, THCS và THPT Sen") == "10A"
    assert next_class("Lớp 5/1", "Trường Tiểu học Sen") == ""
    assert next_class("12C", "") == ""
    assert next_class("Chồi 1", "Mầm non") == "Chồi 2"
    assert next_class("Lá", "Mầm non") is None
    assert school_year_on(date(2026, 5, 31)) == "2025–2026"
    assert school_year_on(date(2026, 6, 1)) == YEAR


def test_each_class_moves_one_step_and_a_newer_list_is_left_alone(library: Library):
    an, be = pupil(library, "An", "6A"), pupil(library, "Bé", "7A")
    new = pupil(library, "Mới", "6A", school_year=YEAR)
    with library.reading() as session:
        proposed = {p.figures.name: p.to for p in propose_moves(session, library.clerk, YEAR)}
    assert proposed == {"6A": "7A", "7A": "8A"}
    batch = begin(library)
    classes = [library.get(Patron, one.id).school_class for one in (an, be, new)]
    assert classes == ["7A", "8A", "6A"]
    assert library.get(Patron, an.id).school_year == YEAR
    assert batch.facts["moved"] == 2
    again = begin(library)
    assert again.facts["moved"] == 0
    assert undo(library, batch).back == 2
    assert [library.get(Patron, one.id).school_class for one in (an, be)] == ["6A", "7A"]


def test_leavers_are_listed_with_what_they_owe_and_blocked_until_it_is_back(library: Library):
    owes, lends, free = (pupil(library, name, "9A") for name in ("Nợ", "Mượn", "Xong"))
    item = library.item()
    library.lend(item, lends)
    library.do(charge, library.head, patron_id=owes.id, kind="service", amount=5_000)
    batch = begin(library)
    assert (batch.facts["left_school"], batch.facts["blocked"]) == (3, 2)
    with library.reading() as session:
        rows = leavers_owing(session, library.clerk, batch.id)
    told = {(r["patron"], r["accession_no"], r["owed"], r["school_class"]) for r in rows}
    assert told == {("Nợ", "", 5_000, "9A"), ("Mượn", item.accession_no, None, "9A")}
    left = library.get(Patron, free.id)
    assert (left.school_class, left.school, left.category) == ("", "", "adult")
    assert {card.state for card in library.all(PatronCard)} == {"canceled"}
    assert {note.author_id for note in library.all(BlockNote)} == {library.clerk.staff_id}
    assert library.take_back(item).ok


def test_leavers_who_got_a_new_card_stay_as_they_are(library: Library):
    first, second = pupil(library, "Một", "9A"), pupil(library, "Hai", "9A")
    library.lend(library.item(), first)
    batch = begin(library)
    with library.writing() as session:
        issue_card(session, library.clerk, second.id)
    undone = undo(library, batch)
    assert [one.id for one in undone.left] == [second.id]
    assert library.get(Patron, first.id).school_class == "9A"
    assert library.get(Patron, second.id).school_class == ""
    assert library.all(BlockNote) == []
    assert library.lend(library.item(), first).ok


def test_no_class_is_no_act(library: Library):
    with pytest.raises(Invalid, match="new_year_empty"):
        begin(library, moves=[])


# --- cards of many -----------------------------------------------------------------------------


def fee(library, amount=20_000):
    with library.writing() as session:
        session.add(
            CardFee(
                unit_id=library.place.library.id,
                occasion="annual",
                amount=amount,
                resolution="NQ 1",
                valid_from=library.today,
            )
        )


def proposed(library, choice, until=None):
    with library.reading() as session:
        return propose_renewals(session, library.clerk, choice, until)


def renew(library, rows, until=None):
    with library.writing() as session:
        return renew_cards(session, library.clerk, [r.card.id for r in rows], until=until)


def test_cards_are_chosen_by_class_kind_expiry_and_scan(library: Library):
    soon = library.today + timedelta(days=10)
    an = pupil(library, "An", "6A", expires_on=soon)
    library.patron("Bình")
    child = library.patron("Chi", category="child", guardian_name="x", consent=True)
    assert [r.patron.id for r in proposed(library, Choice(last=soon))] == [an.id]
    of_class = Choice(school=SCHOOL, school_class="6A")
    assert [r.patron.id for r in proposed(library, of_class)] == [an.id]
    assert [r.patron.id for r in proposed(library, Choice(category="child"))] == [child.id]
    scanned = numbers_in(f" {library.card(child).lower()}\n{library.card(an)}, KHÔNG-CÓ")
    assert {r.patron.id for r in proposed(library, Choice(numbers=scanned))} == {an.id, child.id}
    assert proposed(library, Choice()) == []


def test_many_are_renewed_with_fees_and_the_blocked_are_named(library: Library):
    fee(library)
    soon = library.today + timedelta(days=10)
    an, bad = (pupil(library, name, "6A", expires_on=soon, consent=True) for name in ("An", "Hư"))
    with library.writing() as session:
        write_note(session, library.clerk, bad.id, "Xé sách", acts=("borrow",))
    rows = proposed(library, Choice(school=SCHOOL, school_class="6A"))
    assert [(r.patron.id, r.amount, [x.code for x in r.against]) for r in rows] == [
        (an.id, 20_000, []),
        (bad.id, 20_000, ["manual_block"]),
    ]
    done = renew(library, rows)
    assert (done.facts["renewed"], done.facts["refused"], done.facts["charged"]) == (1, 1, 20_000)
    refused = [row for row in library.all(PatronBatchRow) if row.what == "refused"]
    assert [(row.patron_id, row.facts["against"][0][0]) for row in refused] == [
        (bad.id, "manual_block")
    ]
    (renewed,) = (row for row in library.all(PatronBatchRow) if row.what == "renewed")
    told = (renewed.facts["was"], renewed.facts["until"])
    assert told == (soon.isoformat(), rows[0].until.isoformat())
    ends = {card.patron_id: card.expires_on for card in library.all(PatronCard)}
    assert ends == {an.id: rows[0].until, bad.id: soon}
    before = [e.amount for e in library.all(LedgerEntry)]
    assert len(library.events("card_renewed")) == 1
    undone = undo(library, done)
    assert (undone.back, len(library.events("card_renewed"))) == (1, 0)
    assert {card.expires_on for card in library.all(PatronCard)} == {soon}
    lines = library.all(LedgerEntry)
    assert len(lines) == len(before) + 1
    assert lines[-1].kind == "reversal"


def test_a_paid_renewal_is_not_taken_back(library: Library):
    from circulation.fees import take_payment

    fee(library)
    an = pupil(library, "An", "6A", consent=True)
    done = renew(library, proposed(library, Choice(category="adult")))
    assert done.facts["renewed"] == 1
    library.do(take_payment, patron_id=an.id, amount=40_000, method="transfer")
    undone = undo(library, done)
    assert (undone.back, [one.id for one in undone.left]) == (0, [an.id])


def test_a_common_last_day_that_gains_nothing_is_refused(library: Library):
    an = pupil(library, "An", "6A", consent=True)
    rows = proposed(library, Choice(category="adult"), library.today)
    assert [x.code for x in rows[0].against] == ["no_gain"]
    until = library.today + timedelta(days=500)
    renew(library, rows, until)
    assert [c.expires_on for c in library.all(PatronCard) if c.patron_id == an.id] == [until]
