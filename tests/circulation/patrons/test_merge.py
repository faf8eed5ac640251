"""People registered twice: found, made one, and apart again for thirty days."""

import io
from datetime import date, timedelta

import pytest
from PIL import Image
from sqlalchemy import select

from circulation.checkout import check_out
from circulation.desk import perform
from circulation.fees import charge, reverse, take_payment
from circulation.holds import place_hold
from circulation.indicators import VALID_CARDS
from circulation.ledger import account
from circulation.losses.lost import declare_lost
from circulation.losses.models import Loss
from circulation.models import Hold, LedgerEntry, Loan
from circulation.patrons.cards import active_card, cards_of
from circulation.patrons.consent import standing_consents
from circulation.patrons.duplicates import likely_pairs, not_the_same
from circulation.patrons.erasure import erase_patron
from circulation.patrons.merge import merge_patrons, merges_of, pointers, undo_merge
from circulation.patrons.models import BlockNote, Patron, PatronMerge
from circulation.patrons.notes import write_note
from circulation.patrons.patrons import find_patrons, patron_for
from circulation.patrons.photos import keep_photo, photo_of
from circulation.patrons.retention_jobs import keep_no_longer
from circulation.scan import recognize
from ils.core import clock
from ils.core.errors import NotFound, Refused
from ils.core.events import EventRow
from ils.reporting.figures import Measure, figures
from ils.reporting.scope import scope_of
from tests.circulation.conftest import DAY_ONE

BORN = date(1990, 5, 20)


def merge(library, kept, gone):
    with clock.at(library.now):
        return perform(merge_patrons, library.head, kept.id, gone.id)


def part(library, merged):
    with clock.at(library.now):
        return perform(undo_merge, library.head, merged.id)


def pairs(library):
    with library.reading() as session:
        _total, found = likely_pairs(session, library.head)
        return [(pair.first.name, pair.second.name, pair.why) for pair in found]


def reported(library):
    with library.reading() as session:
        scope = scope_of(session, library.place.library.id)
        measures = [Measure(code) for code in ("TV.G02", "TV.E04", VALID_CARDS)]
        return figures(session, scope, measures, DAY_ONE.replace(day=1), DAY_ONE)


def test_the_same_name_without_marks_with_birth_date_telephone_or_identity_number(library):
    library.patron("Nguyễn Thị Lan", born_on=BORN)
    library.patron("Nguyen Thi Lan", born_on=BORN, phone="0905 123 456")
    library.patron("NGUYỄN THỊ LAN", phone="+84905123456")
    library.patron("Trần Thị Lan", born_on=BORN)
    library.patron("Lê Văn Tám", id_number="079190001234")
    library.patron("Lê Văn Tam", id_number="079 190 001 234")
    library.patron("Nguyễn Thị Lan", born_on=BORN, at=library.place.foreign_branch)
    assert set(pairs(library)) == {
        ("Nguyễn Thị Lan", "Nguyen Thi Lan", ("born",)),
        ("Nguyen Thi Lan", "NGUYỄN THỊ LAN", ("phone",)),
        ("Lê Văn Tám", "Lê Văn Tam", ("id",)),
    }


def test_a_pair_that_is_two_people_is_not_shown_again(lite):
    one, two = (lite.patron("Nguyễn Thị Lan", born_on=BORN) for _ in range(2))
    assert len(pairs(lite)) == 1
    for _ in range(2):
        with lite.writing() as session:
            not_the_same(session, lite.head, two.id, one.id)
    assert pairs(lite) == []


def test_case_30_all_rows_move_by_pointer_and_the_undo_gives_them_back(library):
    kept = library.patron("Nguyễn Thị Lan", born_on=BORN)
    gone = library.patron("Nguyen Thi Lan", born_on=BORN, phone="0905123456", consent=True)
    child = library.patron("Bé", category="child", guardian_card=library.card(gone))
    own, other, wanted = library.item(), library.item(), library.item()
    library.lend(own, kept)
    library.lend(other, gone)
    library.hold(wanted, gone)
    library.do(charge, library.head, patron_id=gone.id, kind="service", amount=5_000)
    with library.writing() as session:
        write_note(session, library.head, gone.id, "Hay quên thẻ", acts=["hold"])
        old_card = active_card(session, gone.id).number
    before = _pointing(library, gone.id)
    log = [(row.id, row.patron_ref) for row in library.all(EventRow)]
    past = reported(library)
    library.later(days=1)

    merged = merge(library, kept, gone)
    assert _pointing(library, gone.id) == {}
    assert {loan.patron_id for loan in library.all(Loan)} == {kept.id}
    assert library.get(Patron, child.id).guardian_id == kept.id
    with library.reading() as session:
        now = patron_for(session, library.head, kept.id)
        assert (now.phone, now.consent_at is not None) == ("0905123456", True)
        assert len(standing_consents(session, kept.id)) == 1
        assert account(session, kept.id).balance == 5_000
        with pytest.raises(NotFound):
            patron_for(session, library.head, gone.id)
        found, _total = find_patrons(session, library.head, old_card)
        assert [one.patron.id for one in found] == [kept.id]
        assert recognize(session, library.clerk, old_card).card.number == old_card
        assert old_card in [card.number for card in cards_of(session, kept.id)]
    refused = library.do(check_out, card=old_card, barcode=library.item().barcode)
    assert "card_replaced" in refused.reason_codes()
    assert library.get_patron(refused).id == kept.id
    assert [(row.id, row.patron_ref) for row in library.all(EventRow)][: len(log)] == log
    assert reported(library) == past

    library.later(days=29)
    done = part(library, merged)
    assert done.left == {}
    assert _pointing(library, gone.id) == before
    assert library.get(Patron, kept.id).phone == ""
    assert library.card(gone) == old_card
    with library.reading() as session:
        assert account(session, kept.id).balance == 0
        assert account(session, gone.id).balance == 5_000
    assert reported(library) == past
    with pytest.raises(Refused, match="merge_ended"):
        part(library, merged)


def _pointing(library, patron_id):
    with library.reading() as session:
        found = {
            f"{table.name}.{column}": sorted(
                session.scalars(select(table.c.id).where(table.c[column] == patron_id))
            )
            for table, column in pointers()
            if table.name != "desk_command"
        }
    return {name: ids for name, ids in found.items() if ids}


def test_case_26_of_two_holds_on_a_title_the_earlier_place_stays(library):
    record = library.record()
    item, reader = library.item(record), library.patron("Người mượn")
    library.lend(item, reader)
    gone, between, kept = (library.patron(name) for name in ("Lan một", "Chen giữa", "Lan hai"))
    for patron in (gone, between, kept):
        library.hold(item, patron)
    merged = merge(library, kept, gone)
    holds = library.all(Hold)
    assert [(h.patron_id, h.state, h.end_reason) for h in holds] == [
        (kept.id, "queued", None),
        (between.id, "queued", None),
        (kept.id, "cancelled", "merged"),
    ]
    assert library.take_back(item).hold["id"] == holds[0].id
    with library.reading() as session:
        assert len(merges_of(session, library.head)) == 1
    assert part(library, merged).left == {}
    again = library.all(Hold)
    assert [(h.patron_id, h.state) for h in again] == [
        (gone.id, "ready"),
        (between.id, "queued"),
        (kept.id, "queued"),
    ]
    assert again[2].order_ts == max(h.order_ts for h in again)


def test_a_copy_on_the_shelf_stays_with_the_person_at_the_earlier_place(library):
    record = library.record()
    first, second = library.item(record), library.item(record)
    kept, gone = library.patron("Lan một"), library.patron("Lan hai")
    reader = library.patron("Người mượn")
    library.lend(first, reader)
    library.lend(second, reader)
    library.hold(first, kept)
    library.do(
        place_hold,
        record_id=record.id,
        patron_id=gone.id,
        pickup_branch_id=library.place.branch.id,
    )
    library.take_back(first)
    library.take_back(second)
    assert [h.state for h in library.all(Hold)] == ["ready", "ready"]
    merge(library, kept, gone)
    ready, closed = library.all(Hold)
    assert (ready.state, closed.state, closed.item_id) == ("ready", "cancelled", second.id)
    assert closed.cleared_at is None  # the copy is on the list to clear


def test_what_one_paid_too_much_settles_what_the_other_owed_and_the_undo_parts_it(library):
    kept, gone = library.patron("Lan một"), library.patron("Lan hai")
    item = library.item()
    library.lend(item, kept)
    lost = library.do(declare_lost, item_id=item.id)
    fee = library.do(charge, library.head, patron_id=gone.id, kind="service", amount=200_000)
    library.do(take_payment, library.head, patron_id=gone.id, amount=200_000)
    entry = fee.facts["entry_id"]
    library.do(reverse, library.head, entry_id=entry, reason_text="nhầm người")
    merged = merge(library, kept, gone)
    with library.reading() as session:
        known = account(session, kept.id, library.now)
    assert known.open_debits == []
    assert sum(known.unspent.values()) == 200_000 - lost.facts["amount"]
    assert library.get(Loss, lost.facts["loss_id"]).state == "settled"
    assert part(library, merged).left == {}
    with library.reading() as session:
        assert account(session, kept.id, library.now).balance == lost.facts["amount"]
        assert account(session, gone.id, library.now).balance == -200_000
    assert library.get(Loss, lost.facts["loss_id"]).state == "open"
    assert library.all(Loan)[0].closed_at is None


def test_what_was_touched_since_stays_and_is_told(library):
    kept, gone = library.patron("Lan một"), library.patron("Lan hai")
    for patron in (kept, gone):
        library.do(charge, library.head, patron_id=patron.id, kind="service", amount=5_000)
    merged = merge(library, kept, gone)
    library.do(take_payment, library.head, patron_id=kept.id, amount=10_000)
    assert part(library, merged).left == {"ledger": 1}
    owners = {entry.patron_id for entry in library.all(LedgerEntry)}
    assert owners == {kept.id}


def test_what_cannot_be_one_person_is_refused(lite):
    mother = lite.patron("Lê Thị Hoa")
    child = lite.patron("Bé", category="child", guardian_card=lite.card(mother))
    other, far = lite.patron("Lan"), lite.patron("Lan", at=lite.place.foreign_branch)
    lapsed = lite.patron("Lan", issued_on=lite.today - timedelta(days=9), expires_on=lite.today)
    lite.later(days=1)
    for one, two, code in (
        (mother, child, "merge_family"),
        (other, other, "merge_same_record"),
        (lapsed, other, "merge_keeps_card"),
    ):
        with pytest.raises(Refused, match=code):
            merge(lite, one, two)
    with pytest.raises(NotFound):
        merge(lite, other, far)
    assert lite.all(PatronMerge) == []


def test_after_thirty_days_the_record_set_aside_is_emptied(lite):
    kept, gone = lite.patron("Lan một"), lite.patron("Lan hai", phone="0905123456")
    merged = merge(lite, kept, gone)
    lite.later(days=31)
    with pytest.raises(Refused, match="merge_ended"):
        part(lite, merged)
    with clock.at(lite.now):
        keep_no_longer()
    shell = lite.get(Patron, gone.id)
    assert (shell.name, shell.phone, shell.merged_into_id) == ("", "", kept.id)
    assert lite.get(PatronMerge, merged.id).moved == {}


def test_erasing_the_person_empties_both_records(lite):
    kept, gone = lite.patron("Lan một"), lite.patron("Lan hai")
    merge(lite, kept, gone)
    with lite.writing() as session:
        erase_patron(session, lite.head, kept.id)
    assert [p.name for p in lite.all(Patron)] == ["", ""]


def test_merging_twice_leads_on_to_the_last_record(lite):
    first, second, third = (lite.patron(f"Lan {n}") for n in ("một", "hai", "ba"))
    number = lite.card(first)
    merge(lite, second, first)
    merged = merge(lite, third, second)
    with lite.reading() as session:
        assert find_patrons(session, lite.head, number)[0][0].patron.id == third.id
    part(lite, merged)
    with lite.reading() as session:
        assert find_patrons(session, lite.head, number)[0][0].patron.id == second.id


def test_a_block_goes_with_the_person(lite):
    kept, gone = lite.patron("Lan một"), lite.patron("Lan hai")
    with lite.writing() as session:
        write_note(session, lite.head, gone.id, "Làm hỏng sách", acts=["borrow"])
    merge(lite, kept, gone)
    assert lite.all(BlockNote)[0].patron_id == kept.id
    assert "manual_block" in lite.lend(lite.item(), kept).reason_codes()


def test_the_same_name_with_only_the_year_of_birth_is_a_weaker_pair(library):
    library.patron("Nguyễn Thị Lan", born_on=BORN)
    library.patron("Nguyen Thi Lan", born_year=1990)
    library.patron("Nguyễn Thị Lan", born_on=date(1990, 1, 1))
    assert {why for _one, _two, why in pairs(library)} == {("year",)}
    assert len(pairs(library)) == 2  # the two with different dates are two people


def test_a_photo_that_only_the_record_set_aside_has_is_kept_and_given_back(library):
    picture = io.BytesIO()
    Image.new("RGB", (300, 400), "teal").save(picture, "JPEG")
    kept, gone = (library.patron("Nguyễn Thị Lan", consent=True) for _ in range(2))
    with library.writing() as session:
        photo = keep_photo(session, library.head, gone.id, picture.getvalue(), agreed=True).id
    merged = merge(library, kept, gone)
    assert library.get(Patron, kept.id).photo_id == photo
    part(library, merged)
    assert library.get(Patron, kept.id).photo_id is None
    assert library.get(Patron, gone.id).photo_id == photo
    merge(library, kept, gone)
    library.later(days=31)
    with clock.at(library.now):
        keep_no_longer()
    with library.reading() as session:
        assert photo_of(session, library.head, kept.id).id == photo
