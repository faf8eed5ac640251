"""Records made one: everything that points at them moves, addresses lead on, all of it undone."""

import threading
from collections.abc import Collection
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Engine, select

from cataloging.baskets.contents import add_records, add_typed, open_basket, record_ids
from cataloging.baskets.models import BasketItem
from cataloging.change_sets import obstacles, undo_change_set
from cataloging.duplicates.judging import not_the_same
from cataloging.duplicates.merged import RecordMerged, where_now
from cataloging.duplicates.merging import look, merge_records
from cataloging.duplicates.models import DuplicatePair, RecordMerge
from cataloging.items import CopyFacts, add_items, items_of
from cataloging.marc.model import Marc, data_field
from cataloging.models import Item, Record, RecordVersion
from cataloging.record_rows import drift
from cataloging.records import record_for, replace_marc, restore_record, version_marc, versions_of
from cataloging.serials.claims import Chosen, claim_issues, late_at, lines_of
from cataloging.serials.models import SerialIssue, SerialPattern, SerialTitle
from cataloging.serials.receiving import receive_issue, receive_month, take_back
from cataloging.serials.rules.pattern import Pattern
from cataloging.serials.titles import TitleFacts, set_pattern, take_title
from cataloging.stockbook.models import VoucherLine
from cataloging.stockbook.vouchers import VoucherFacts, open_voucher
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.db import reading, transaction
from ils.core.errors import Forbidden, Invalid, NotFound, Refused, StaleVersion
from ils.core.events import EventRow
from tests.factories import (
    LONG_AGO,
    Province,
    create_actor,
    create_item,
    create_province,
    create_record,
)

DDC = data_field("082", "0", "4", ("a", "895.9223"), ("b", "S450Đ"))


@pytest.fixture
def place(both: Engine) -> Province:
    assert both
    with transaction() as session:
        return create_province(session)


@pytest.fixture
def actor(place: Province) -> Actor:
    with transaction() as session:
        return create_actor(session, "head", place.library)


def two(place: Province, **more: Any) -> tuple[int, int]:
    """Return a record with one copy and another with two."""
    with transaction() as session:
        kept = create_record(session, "Số đỏ")
        gone = create_record(session, "Số đỏ.", fields=[DDC], **more)
        create_item(session, place.branch, kept)
        create_item(session, place.branch, gone)
        create_item(session, place.foreign_branch, gone, call_number="K1")
        return kept.id, gone.id


def merge(
    actor: Actor, kept: int, *gone: int, marc: Marc | None = None, serials: Collection[int] = ()
) -> int:
    with transaction() as session:
        there = {one: session.get_one(Record, one) for one in (kept, *gone)}
        content: Any = marc or there[kept].marc
        versions = {one: record.version for one, record in there.items()}
        return merge_records(
            session, actor, kept, gone, content, versions=versions, serials=serials
        ).id


def undo(actor: Actor, change_set_id: int, *, partial: bool = False) -> None:
    with transaction() as session:
        undo_change_set(session, actor, change_set_id, partial=partial)


def copies(record_id: int) -> list[tuple[str, str]]:
    with reading() as session:
        return sorted((i.barcode or "", i.call_number) for i in items_of(session, record_id))


def state() -> dict[str, Any]:
    """Everything but versions that a merge touches, to compare before and after."""
    with reading() as session:
        return {
            "records": [
                (r.id, r.marc, r.deleted_at, r.match_key, r.isbn)
                for r in session.scalars(select(Record).order_by(Record.id))
            ],
            "items": [
                (i.id, i.record_id, i.call_number, i.call_sort)
                for i in session.scalars(select(Item).order_by(Item.id))
            ],
            "lines": list(session.scalars(select(VoucherLine.record_id).order_by(VoucherLine.id))),
            "basket_items": list(session.scalars(select(BasketItem.record_id))),
        }


def test_copies_move_and_keep_the_place_on_the_shelf_that_their_label_says(
    place: Province, actor: Actor
) -> None:
    kept, gone = two(place)
    before = state()
    made = merge(actor, kept, gone)
    assert len(copies(kept)) == 3
    assert copies(gone) == []
    with reading() as session:
        call = session.get_one(Record, gone).call_number
    assert sorted(number for _code, number in copies(kept)) == ["", call, "K1"] == ["", call, "K1"]
    assert call
    with reading() as session:
        assert list(drift(session)) == []
        assert [v.change for v in versions_of(session, gone)] == ["deleted", "created"]
    undo(actor, made)
    assert state() == before
    with reading() as session:
        assert list(drift(session)) == []


def test_the_record_that_stays_has_the_fields_chosen_and_gets_its_own_back(
    place: Province, actor: Actor
) -> None:
    kept, gone = two(place)
    with reading() as session:
        old: Any = session.get_one(Record, kept).marc
    made = merge(actor, kept, gone, marc={**old, "fields": [*old["fields"], DDC]})
    with reading() as session:
        record = session.get_one(Record, kept)
        assert (record.class_number, record.version) == ("895.9223", 2)
        assert version_marc(session, kept, 1) == old
    undo(actor, made)
    with reading() as session:
        assert session.get_one(Record, kept).marc == old


def test_the_address_leads_on_also_over_two_merges(place: Province, actor: Actor) -> None:
    kept, gone = two(place)
    with transaction() as session:
        last = create_record(session, "Số đỏ!").id
    merge(actor, kept, gone)
    second = merge(actor, last, kept)
    with reading() as session:
        assert where_now(session, gone) == last
        with pytest.raises(RecordMerged) as raised:
            record_for(session, gone)
        assert raised.value.facts["into"] == last
        assert where_now(session, last) is None
    undo(actor, second)
    with reading() as session:
        assert where_now(session, gone) == kept


def test_baskets_and_lines_of_vouchers_follow(place: Province, actor: Actor) -> None:
    kept, gone = two(place)
    with transaction() as session:
        both, one = (open_basket(session, actor, name) for name in ("Cả hai", "Một"))
        add_records(session, actor, both.id, [kept, gone])
        add_records(session, actor, one.id, [gone])
        item = items_of(session, gone)[0]
        add_typed(session, actor, one.id, item.barcode or "")
        voucher = open_voucher(session, actor, VoucherFacts("invoice", place.library.id))
        session.add(
            VoucherLine(voucher_id=voucher.id, record_id=gone, copies=1, branch_id=place.branch.id)
        )
        baskets = both.id, one.id
    before = state()
    with reading() as session:
        coming = look(session, kept, [gone])
        assert (coming.items, coming.libraries) == (2, 2)
        assert coming.rows == {"basket_record": 2, "voucher_line": 1}
    made = merge(actor, kept, gone)
    with reading() as session:
        assert [record_ids(session, actor, one) for one in baskets] == [(kept,), (kept,)]
    assert state()["lines"] == [kept]
    assert state()["basket_items"] == [kept]
    undo(actor, made)
    assert state() == before
    with reading() as session:
        assert [record_ids(session, actor, one) for one in baskets] == [(kept, gone), (gone,)]


def test_what_was_counted_stays_counted(place: Province, actor: Actor) -> None:
    kept, gone = two(place)
    with transaction() as session:
        add_items(session, actor, gone, CopyFacts(place.branch.id))
    with reading() as session:
        before = [
            (e.id, e.record_id, e.kind, e.voids_id) for e in session.scalars(select(EventRow))
        ]
    undo(actor, merge(actor, kept, gone))
    with reading() as session:
        after = [(e.id, e.record_id, e.kind, e.voids_id) for e in session.scalars(select(EventRow))]
    assert after == before


def test_several_at_once_are_one_change(place: Province, actor: Actor) -> None:
    kept, gone = two(place)
    with transaction() as session:
        third = create_record(session, "SỐ ĐỎ").id
    before = state()
    made = merge(actor, kept, gone, third)
    with reading() as session:
        sets = session.scalars(
            select(RecordVersion.change_set_id).where(RecordVersion.change == "deleted")
        )
        assert set(sets) == {made}
        assert where_now(session, third) == kept
    undo(actor, made)
    assert state() == before


def test_a_record_changed_since_it_was_looked_at_is_told_and_nothing_happens(
    place: Province, actor: Actor
) -> None:
    kept, gone = two(place)
    before = state()
    with transaction() as session:
        marc: Any = session.get_one(Record, kept).marc
        for versions in ({kept: 1, gone: 2}, {kept: 0, gone: 1}, {kept: 1}):
            with pytest.raises(StaleVersion):
                merge_records(session, actor, kept, [gone], marc, versions=versions)
        with pytest.raises(Invalid):
            merge_records(session, actor, kept, [kept], marc, versions={kept: 1})
        bad: Any = {"leader": marc["leader"], "fields": marc["fields"][:1]}
        with pytest.raises(Invalid):
            merge_records(session, actor, kept, [gone], bad, versions={kept: 1, gone: 1})
    assert state() == before
    with transaction() as session:
        clerk = create_actor(session, "clerk", place.library)
    with pytest.raises(Forbidden):
        merge(clerk, kept, gone)


def test_a_merged_record_is_not_merged_or_brought_back_by_itself(
    place: Province, actor: Actor
) -> None:
    kept, gone = two(place)
    merge(actor, kept, gone)
    with pytest.raises(NotFound):
        merge(actor, kept, gone)
    with transaction() as session, pytest.raises(Refused, match="record_was_merged"):
        restore_record(session, actor, gone)
    with transaction() as session, pytest.raises(NotFound):
        add_items(session, actor, gone, CopyFacts(place.branch.id))


def test_what_came_since_stays_and_is_told(place: Province, actor: Actor) -> None:
    kept, gone = two(place)
    made = merge(actor, kept, gone)
    with transaction() as session:
        old: Any = session.get_one(Record, kept).marc
        marc: Any = {**old, "fields": [*old["fields"], DDC]}
        replace_marc(session, actor, kept, marc, expected_version=1)
        later = add_items(session, actor, kept, CopyFacts(place.branch.id))[0].id
    undo(actor, made)
    with reading() as session:
        assert session.get_one(Item, later).record_id == kept
        assert session.get_one(Record, kept).class_number == "895.9223"
        assert len(items_of(session, gone)) == 2


def test_a_change_of_the_fields_chosen_stands_in_the_way_but_not_of_the_rest(
    place: Province, actor: Actor
) -> None:
    kept, gone = two(place)
    with reading() as session:
        old: Any = session.get_one(Record, kept).marc
    changed: Any = {**old, "fields": [*old["fields"], DDC]}
    made = merge(actor, kept, gone, marc=changed)
    with transaction() as session:
        again: Any = {**changed, "fields": [*changed["fields"], {"009": "x"}]}
        replace_marc(session, actor, kept, again, expected_version=2)
    with transaction() as session, pytest.raises(Refused):
        undo_change_set(session, actor, made)
    undo(actor, made, partial=True)
    with reading() as session:
        assert session.get_one(Record, kept).marc == again
        assert session.get_one(Record, gone).deleted_at is None


def test_a_merge_built_upon_is_undone_after_the_one_above_it(place: Province, actor: Actor) -> None:
    kept, gone = two(place)
    with transaction() as session:
        last = create_record(session, "Số đỏ!").id
    before = state()
    first = merge(actor, kept, gone)
    second = merge(actor, last, kept)
    with reading() as session:
        assert [(o.code, o.forbids) for o in obstacles(session, first)] == [("kept_gone", True)]
    for partial in (False, True):
        with transaction() as session, pytest.raises(Refused):
            undo_change_set(session, actor, first, partial=partial)
    undo(actor, second)
    undo(actor, first)
    assert state() == before
    with transaction() as session, pytest.raises(Refused):
        undo_change_set(session, actor, first)


def test_a_judgement_survives_a_merge_and_its_undo(place: Province, actor: Actor) -> None:
    kept, gone = two(place)
    with transaction() as session:
        other = create_record(session, "Số đỏ khác").id
        not_the_same(session, actor, [gone, other])
    undo(actor, merge(actor, kept, gone))
    with reading() as session:
        assert session.get_one(DuplicatePair, (gone, other)).state == "distinct"


def test_copies_entered_while_records_are_merged_are_on_the_one_that_stays_or_refused(
    place: Province, actor: Actor
) -> None:
    """Four desks enter copies of the record that is just being set aside."""
    kept, gone = two(place)
    start, refused, wrong = threading.Barrier(5), [], []

    def work(number: int) -> None:
        start.wait()
        try:
            if number == 0:
                merge(actor, kept, gone)
                return
            with transaction() as session:
                add_items(session, actor, gone, CopyFacts(place.branch.id))
        except RecordMerged:
            refused.append(number)
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(5)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(timeout=60)
    assert wrong == []
    assert copies(gone) == []
    assert len(copies(kept)) == 3 + 4 - len(refused)
    with reading() as session:
        assert session.scalar(select(RecordMerge.gone_id)) == gone


def test_a_newspaper_taken_follows(place: Province, actor: Actor) -> None:
    kept, gone = two(place)

    def taken(record_id: int, branch_id: int) -> SerialTitle:
        return SerialTitle(
            record_id=record_id,
            library_id=place.library.id,
            branch_id=branch_id,
            starts_on=LONG_AGO,
        )

    with transaction() as session:
        session.add_all([taken(gone, place.branch.id), taken(kept, place.other_branch.id)])
    made = merge(actor, kept, gone)
    with reading() as session:
        assert set(session.scalars(select(SerialTitle.record_id))) == {kept}
    undo(actor, made)
    with transaction() as session:
        assert set(session.scalars(select(SerialTitle.record_id))) == {kept, gone}


WEEKLY = Pattern("week", date(2026, 1, 5), weekdays=(1,))
DAILY = Pattern("week", date(2026, 3, 1), weekdays=(1, 2, 3, 4, 5, 6, 7), first_number=60)


def papers() -> dict[str, Any]:
    """What is on record of newspapers, to compare before and after."""
    with reading() as session:
        rows = session.scalars(select(SerialTitle).order_by(SerialTitle.id)).all()
        issues = select(SerialIssue).order_by(SerialIssue.day)
        patterns = select(SerialPattern).order_by(SerialPattern.serial_id, SerialPattern.begins)
        return {
            "titles": [(t.id, t.record_id, t.starts_on, t.ends_on, t.copies) for t in rows],
            "issues": [(i.serial_id, i.day.isoformat()) for i in session.scalars(issues)],
            "patterns": [
                (p.serial_id, p.begins.isoformat(), len(p.skipped))
                for p in session.scalars(patterns)
            ],
        }


def take_both(place: Province, actor: Actor, *facts: tuple[int, TitleFacts, Pattern]) -> list[int]:
    with transaction() as session:
        return [take_title(session, actor, r, f, p).id for r, f, p in facts]


def test_a_newspaper_taken_under_one_record_and_then_the_other_is_one(
    place: Province, actor: Actor
) -> None:
    kept, gone = two(place)
    with clock.at(clock.at_local(date(2026, 3, 6), 7)):
        old = TitleFacts(place.branch.id, date(2026, 1, 5), date(2026, 1, 31))
        new = TitleFacts(place.branch.id, date(2026, 3, 1), copies=2)
        later, earlier = take_both(place, actor, (kept, new, DAILY), (gone, old, WEEKLY))
        with transaction() as session:
            receive_month(session, actor, earlier, date(2026, 1, 5), date(2026, 1, 12))
            chosen = Chosen(earlier, date(2026, 1, 19))
            claim = claim_issues(session, actor, place.branch.id, [chosen]).id
            receive_month(session, actor, later, date(2026, 3, 1), date(2026, 3, 3))
        before = papers()
        made = merge(actor, kept, gone)
        joined = papers()
        assert joined["titles"] == [(later, kept, date(2026, 1, 5), None, 2)]
        # Four Mondays of February bring nothing.
        assert joined["patterns"] == [(later, "2026-01-05", 4), (later, "2026-03-01", 0)]
        assert {serial for serial, _day in joined["issues"]} == {later}
        with transaction() as session:
            [(_line, _row, title, _record)] = lines_of(session, claim)
            assert title.id == later
            waits = [one.slot.issue.day for one in late_at(session, place.branch.id)]
            assert waits == [date(2026, 1, 19), date(2026, 1, 26), date(2026, 3, 4)]
            receive_issue(session, actor, later, date(2026, 3, 4))
        undo(actor, made)
        after = papers()
        assert after["issues"] == [*before["issues"], (later, "2026-03-04")]
        assert (after["titles"], after["patterns"]) == (before["titles"], before["patterns"])


def test_a_newspaper_taken_under_both_at_once_goes_on_as_chosen(
    place: Province, actor: Actor
) -> None:
    kept, gone = two(place)
    with clock.at(clock.at_local(date(2026, 3, 6), 7)):
        mine = TitleFacts(place.branch.id, date(2026, 1, 5))
        other = TitleFacts(place.branch.id, date(2026, 3, 1), copies=2)
        stays, goes = take_both(place, actor, (kept, mine, WEEKLY), (gone, other, DAILY))
        with transaction() as session:
            receive_issue(session, actor, stays, date(2026, 3, 2))
            receive_month(session, actor, goes, date(2026, 3, 1), date(2026, 3, 2))
        before = papers()
        with pytest.raises(Refused, match="serials_same_issues") as raised:
            merge(actor, kept, gone)
        assert raised.value.facts["days"] == "02/03/2026"
        assert papers() == before
        with transaction() as session:
            take_back(session, actor, stays, date(2026, 3, 2))
        before = papers()
        made = merge(actor, kept, gone, serials=[goes])
        joined = papers()
        assert joined["titles"] == [(stays, kept, date(2026, 1, 5), None, 2)]
        assert joined["patterns"] == [(stays, "2026-03-01", 0)]
        with transaction() as session:
            set_pattern(session, actor, stays, WEEKLY)  # somebody goes on with it
        undo(actor, made)
        after = papers()
        assert (after["titles"], after["issues"]) == (before["titles"], before["issues"])
        assert after["patterns"][-1] == before["patterns"][-1]
        assert (stays, "2026-01-05", 0) in after["patterns"], "what was changed since stays"
