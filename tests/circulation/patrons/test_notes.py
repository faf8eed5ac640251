"""Blocks and notes: who may lift what, from when to when they stop something, what lists show."""

from datetime import timedelta

import pytest

from circulation.patrons.models import BlockNote
from circulation.patrons.notes import lift_note, standing_notes, write_note
from circulation.registers.asked import Asked, rows_of
from circulation.registers.lists import LISTS
from ils.accounts.actor import system_actor
from ils.core.errors import Forbidden, Invalid
from tests.circulation.conftest import Library
from tests.factories import create_actor

LIFTED = {"manual_block": "đã trao đổi với phụ huynh"}


def blocked(library, patron, actor=None, **more):
    with library.writing() as session:
        author = actor or system_actor(session, library.place.branch.id)
        return write_note(session, author, patron.id, "Thẻ bị máy giữ", acts=("borrow",), **more)


def test_a_block_without_author_is_lifted_by_the_head_only(library: Library):
    patron, item = library.patron(), library.item()
    note = blocked(library, patron)
    assert note.author_id is None
    refused = library.lend(item, patron)
    assert refused.reason_codes() == ["manual_block"]
    assert not refused.reasons[0]["may_override"]
    assert not library.lend(item, patron, overrides=LIFTED).ok
    with library.writing() as session, pytest.raises(Forbidden, match="block_of_other"):
        lift_note(session, library.clerk, note.id, "thẻ đã trả")
    assert library.lend(item, patron, actor=library.head, overrides=LIFTED).ok


def test_a_block_is_lifted_by_its_author_and_no_other_clerk(library: Library):
    patron, item = library.patron(), library.item()
    note = blocked(library, patron, library.clerk)
    with library.writing() as session:
        colleague = create_actor(session, "clerk", library.place.branch)
    assert not library.lend(item, patron, actor=colleague, overrides=LIFTED).ok
    with library.writing() as session, pytest.raises(Forbidden, match="block_of_other"):
        lift_note(session, colleague, note.id, "x")
    assert library.lend(item, patron, overrides=LIFTED).ok


def test_lifting_a_block_asks_why_and_is_kept(library: Library):
    patron = library.patron()
    note = blocked(library, patron, library.clerk)
    with library.writing() as session, pytest.raises(Invalid, match="block_why_missing"):
        lift_note(session, library.clerk, note.id, "  ")
    with library.writing() as session:
        lift_note(session, library.clerk, note.id, "đã nộp lại thẻ")
    kept = library.get(BlockNote, note.id)
    assert (kept.lifted_by, kept.lifted_why) == (library.clerk.staff_id, "đã nộp lại thẻ")
    assert library.lend(library.item(), patron).ok


def test_a_block_stops_from_its_day_to_its_day(lite: Library):
    patron, items = lite.patron(), [lite.item() for _ in range(3)]
    begins = lite.today + timedelta(days=2)
    blocked(lite, patron, lite.head, from_on=begins, to_on=begins + timedelta(days=3))
    assert lite.lend(items[0], patron).ok
    lite.later(days=2)
    assert lite.lend(items[1], patron).reason_codes() == ["manual_block"]
    lite.later(days=4)
    assert lite.lend(items[1], patron).ok
    with pytest.raises(Invalid, match="note_ends_before"):
        blocked(lite, patron, lite.head, from_on=begins, to_on=begins - timedelta(days=1))


def test_the_list_of_blocks_names_author_days_and_what_is_stopped(library: Library):
    patron = library.patron()
    later = library.today + timedelta(days=5)
    blocked(library, patron)
    blocked(library, patron, library.clerk, from_on=later)
    with library.writing() as session:
        write_note(session, library.clerk, patron.id, "Hay quên thẻ")
        ended = write_note(session, library.clerk, patron.id, "Cũ", acts=("hold",))
        lift_note(session, library.clerk, ended.id, "xong")

    def listed(state=""):
        with library.reading() as session:
            asked = Asked(
                library.place.library.id, (library.place.branch.id,), library.today, state=state
            )
            return rows_of(session, LISTS["blocks"], asked, limit=10)

    assert [(row["text"], row["from_on"]) for row in listed()] == [
        ("Thẻ bị máy giữ", library.today)
    ]
    assert [row["from_on"] for row in listed("block_to_come")] == [later]
    assert [row["lifted_why"] for row in listed("block_over")] == ["xong"]
    assert len(listed("block_any")) == 3
    with library.reading() as session:
        shown = standing_notes(session, library.clerk, patron.id)
    assert [(bool(one.note.acts), one.may_lift) for one in shown] == [
        (True, False),
        (True, True),
        (False, True),
    ]
    assert shown[0].author == ""
