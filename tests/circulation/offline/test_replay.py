"""The log of a desk that had no server is replayed: in the right order, once, nothing dropped."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest

from cataloging.models import Item
from circulation.desk import perform
from circulation.models import Hold, Loan
from circulation.notices.models import Notice
from circulation.offline.log import Command, Log, receive_log
from circulation.offline.models import OfflineLine
from circulation.offline.replay import replay_waiting
from circulation.offline.settle import settle_line
from circulation.patrons.cards import replace_card
from circulation.patrons.models import Patron
from circulation.patrons.notes import write_note
from ils.core import clock
from ils.core.errors import IlsError
from tests import factories
from tests.circulation.conftest import Library

_numbers = count(1)


class Desk:
    """A browser that notes what is done, and sends it when it may."""

    def __init__(self, library: Library, name: str = "desk-1", actor: Any = None) -> None:
        self.library, self.name, self.actor = library, name, actor or library.clerk
        self.commands: list[Command] = []
        self.off = timedelta(0)

    def note(self, command: str, code: str = "", card: str = "", **more: Any) -> str:
        """Note a command now; the library's time moves on by a minute."""
        n = next(_numbers)
        key = more.pop("key", f"{self.name}-{n}")
        said = more.pop("at", self.library.now) - self.off
        facts = {"quantity": more.pop("quantity", 1), "options": more}
        who = {"actor_id": self.actor.staff_id, "unit_id": self.actor.unit_id}
        self.commands.append(
            Command(key, n, command, said, item_code=code, card=card, **who, **facts)
        )
        self.library.later(minutes=1)
        return key

    def lend(self, item: Item, card: str, **more: Any) -> str:
        return self.note("check_out", item.barcode or "", card, **more)

    def take_back(self, item: Item, **more: Any) -> str:
        return self.note("check_in", item.barcode or "", **more)

    def store(self, copy_of: datetime | None = None) -> None:
        log = Log(self.name, self.library.now - self.off, self.commands, copy_of)
        with clock.at(self.library.now):
            perform(receive_log, self.actor, log)

    def send(self, copy_of: datetime | None = None) -> list[OfflineLine]:
        self.store(copy_of)
        return replayed(self.library)


def replayed(library: Library) -> list[OfflineLine]:
    with clock.at(library.now):
        replay_waiting(library.place.library.id)
    found: list[OfflineLine] = library.all(OfflineLine)
    return found


def states(lines: list[OfflineLine]) -> list[tuple[str, str | None]]:
    return [(line.state, line.conflict) for line in lines]


def codes(line: OfflineLine) -> list[str]:
    return [note["code"] for note in line.notes]


def settle(library: Library, line: OfflineLine, how: str, **more: Any) -> OfflineLine:
    with clock.at(library.now):
        more.setdefault("actor", library.head)
        actor = more.pop("actor")
        found: OfflineLine = perform(
            settle_line, actor, line_id=line.id, how=how, key=f"s{line.id}-{how}", **more
        )
    return found


def open_loans(library: Library) -> list[Loan]:
    return [loan for loan in library.all(Loan) if loan.closed_at is None]


def test_a_day_without_the_server_is_as_if_it_had_been_there(library: Library) -> None:
    lan, item, other = library.patron(), library.item(), library.item()
    desk, began = Desk(library), library.now
    desk.lend(item, library.card(lan))
    desk.take_back(item)
    desk.lend(other, library.card(lan))
    desk.note("renew", other.barcode or "")
    desk.note("in_house", item.barcode or "")
    desk.note("visit", quantity=3)
    library.later(hours=3)
    lines = desk.send()
    assert [line.state for line in lines[:3]] == ["applied"] * 3
    assert lines[3].conflict == "not_renewed"  # the same day: nothing would be gained
    assert [line.state for line in lines[4:]] == ["applied"] * 2
    assert [loan.started_at for loan in library.all(Loan)] == [
        began,
        began + timedelta(minutes=2),
    ]
    visit = library.events("visit_counted")[0]
    assert visit.quantity == 3
    assert visit.effective_at == began + timedelta(minutes=5)
    assert visit.recorded_at == library.now


def test_a_log_sent_twice_happens_once(library: Library) -> None:
    lan, item = library.patron(), library.item()
    desk = Desk(library)
    desk.lend(item, library.card(lan))
    desk.send()
    lines = desk.send()
    assert len(lines) == 1
    assert len(library.all(Loan)) == 1
    assert len(library.events("loan_checked_out")) == 1


def test_a_command_that_reached_the_server_before_the_line_broke_is_not_done_twice(
    library: Library,
) -> None:
    lan, item = library.patron(), library.item()
    library.lend(item, lan, key="scan-7")
    desk = Desk(library)
    desk.lend(item, library.card(lan), key="scan-7")
    assert states(desk.send()) == [("applied", None)]
    assert len(library.all(Loan)) == 1
    assert library.all(Loan)[0].renewals == 0


def test_what_the_server_refused_and_the_desk_did_all_the_same_is_done(library: Library) -> None:
    library.rules(limit_total=0)
    lan, item = library.patron(), library.item()
    assert not library.lend(item, lan, key="scan-8").ok
    desk = Desk(library)
    desk.lend(item, library.card(lan), key="scan-8", why="cô giáo nhờ")
    line = desk.send()[0]
    assert (line.state, codes(line)) == ("applied_with_note", ["limit_total"])
    assert len(open_loans(library)) == 1


def test_desks_are_replayed_in_the_order_of_the_acts_not_of_the_sending(library: Library) -> None:
    lan, binh, item = library.patron(), library.patron("Bình"), library.item()
    one, two = Desk(library, "desk-1"), Desk(library, "desk-2", library.far_clerk)
    one.lend(item, library.card(lan))
    two.take_back(item)
    one.lend(item, library.card(binh))
    two.store()
    one.store()
    assert all(line.state == "applied" or line.command == "check_in" for line in replayed(library))
    assert [loan.patron_id for loan in library.all(Loan)] == [lan.id, binh.id]
    assert [loan.patron_id for loan in open_loans(library)] == [binh.id]


def test_a_reader_who_was_blocked_meanwhile_keeps_the_loan_and_it_is_noted(
    library: Library,
) -> None:
    lan, item = library.patron(), library.item()
    library.rules(limit_total=0)
    desk = Desk(library)
    desk.lend(item, library.card(lan))
    line = desk.send()[0]
    assert (line.state, codes(line)) == ("applied_with_note", ["limit_total"])
    assert open_loans(library)[0].patron_id == lan.id


def test_what_the_desk_could_not_have_lifted_is_shown_and_the_loan_stands(
    library: Library,
) -> None:
    lan, item = library.patron(), library.item()
    with library.writing() as session:
        write_note(session, library.head, lan.id, "Nợ sách trường", acts=("borrow",))
    desk = Desk(library)
    desk.lend(item, library.card(lan))
    line = desk.send()[0]
    assert (line.state, line.conflict) == ("conflict", "beyond_desk")
    assert open_loans(library)[0].patron_id == lan.id
    assert settle(library, line, "never_left").state == "settled"
    assert open_loans(library) == []
    assert library.events("loan_checked_out") == []


def test_lent_to_b_while_the_server_says_a_closes_a_at_the_start_of_b(library: Library) -> None:
    lan, binh, item = library.patron(), library.patron("Bình"), library.item()
    library.lend(item, lan)
    library.later(days=20)
    desk, began = Desk(library), library.now
    desk.lend(item, library.card(binh))
    line = desk.send()[0]
    assert (line.state, line.conflict) == ("conflict", "lent_to_other")
    assert line.facts["reader"] == lan.id
    first, second = library.all(Loan)
    assert first.effective_return_on == clock.local_day(began)
    assert (second.patron_id, second.closed_at) == (binh.id, None)
    assert settle(library, line, "ok").settled_by == library.head.staff_id


def test_two_desks_lent_the_same_copy_the_later_stands_and_both_are_shown(
    library: Library,
) -> None:
    lan, binh, item = library.patron(), library.patron("Bình"), library.item()
    one, two = Desk(library, "desk-1"), Desk(library, "desk-2")
    one.lend(item, library.card(lan))
    two.lend(item, library.card(binh))
    one.store()
    two.store()
    first, second = replayed(library)
    assert states([first, second]) == [("conflict", "lent_twice")] * 2
    assert (first.facts["stands"], second.facts["stands"]) == (False, True)
    assert [loan.patron_id for loan in open_loans(library)] == [binh.id]


def test_an_earlier_loan_that_arrives_later_does_not_take_the_copy_from_the_later_one(
    library: Library,
) -> None:
    lan, binh, item = library.patron(), library.patron("Bình"), library.item()
    one, two = Desk(library, "desk-1"), Desk(library, "desk-2")
    one.lend(item, library.card(lan))
    two.lend(item, library.card(binh))
    two.send()
    second, first = sorted(one.send(), key=lambda line: line.device, reverse=True)
    assert states([first, second]) == [("conflict", "lent_twice")] * 2
    assert (first.facts["stands"], second.facts["stands"]) == (False, True)
    assert [loan.patron_id for loan in open_loans(library)] == [binh.id]
    assert len(library.events("loan_checked_out")) == 2  # both took place
    assert len(library.events("item_checked_in")) == 1


def test_a_copy_awaited_on_the_shelf_that_was_lent_puts_the_hold_back_in_its_place(
    library: Library,
) -> None:
    lan, binh, item = library.patron(), library.patron("Bình"), library.item()
    library.lend(item, lan)
    library.hold(item, binh)
    library.take_back(item)
    requested = library.all(Hold)[0].order_ts
    desk = Desk(library)
    desk.lend(item, library.card(lan))
    line = desk.send()[0]
    assert (line.state, line.conflict) == ("conflict", "awaited_by_other")
    assert line.facts["reader"] == binh.id
    hold = library.all(Hold)[0]
    assert (hold.state, hold.order_ts) == ("queued", requested)
    assert open_loans(library)[0].patron_id == lan.id
    assert [(one.what, one.patron_id) for one in library.all(Notice)] == [("apology", binh.id)]
    assert settle(library, line, "ok").settled_by == library.head.staff_id


def test_an_unknown_barcode_goes_to_the_tray_and_is_done_when_the_right_one_is_typed(
    library: Library,
) -> None:
    lan, item = library.patron(), library.item()
    desk, began = Desk(library), library.now
    desk.note("check_out", "NHÀU-NÁT", library.card(lan))
    library.later(hours=2)
    line = desk.send()[0]
    assert (line.state, line.conflict) == ("conflict", "unknown_barcode")
    with pytest.raises(IlsError):
        settle(library, line, "again", typed="CŨNG-KHÔNG")
    assert library.get(OfflineLine, line.id).state == "conflict"
    settled = settle(library, line, "again", typed=item.barcode)
    assert settled.state == "settled"
    assert [loan.started_at for loan in open_loans(library)] == [began]


def test_a_card_scanned_as_a_copy_changes_nothing_until_the_copy_is_named(lite: Library) -> None:
    lan, item = lite.patron(), lite.item()
    lite.lend(item, lan)
    desk = Desk(lite)
    desk.note("check_in", lite.card(lan))
    line = desk.send()[0]
    assert (line.state, line.conflict) == ("conflict", "card_not_item")
    assert len(open_loans(lite)) == 1
    assert settle(lite, line, "again", typed=item.barcode).state == "settled"
    assert open_loans(lite) == []


def test_an_unknown_card_gets_one_placeholder_whose_loans_are_assigned(library: Library) -> None:
    lan, one, two = library.patron(), library.item(), library.item()
    desk = Desk(library)
    desk.lend(one, "THE-MOI-1")
    desk.lend(two, "THE-MOI-1")
    lines = desk.send()
    assert states(lines) == [("conflict", "unknown_card")] * 2
    assert lines[0].patron_id == lines[1].patron_id
    assert {loan.patron_id for loan in open_loans(library)} == {lines[0].patron_id}
    settle(library, lines[0], "assign", typed=library.card(lan))
    assert [line.state for line in library.all(OfflineLine)] == ["settled"] * 2
    assert {loan.patron_id for loan in open_loans(library)} == {lan.id}
    assert library.get(Patron, lines[0].patron_id).deleted_at is not None


def test_a_card_replaced_meanwhile_lends_to_its_reader(library: Library) -> None:
    lan, item = library.patron(), library.item()
    old = library.card(lan)
    with library.writing() as session:
        replace_card(session, library.head, lan.id)
    desk = Desk(library)
    desk.lend(item, old)
    assert desk.send()[0].state == "applied"
    assert open_loans(library)[0].patron_id == lan.id


def test_case_31_a_lost_copy_lent_by_an_offline_desk_is_found_and_the_loan_stands(
    library: Library,
) -> None:
    lan, item = library.patron(), library.item(lifecycle="missing")
    desk = Desk(library)
    desk.lend(item, library.card(lan))
    line = desk.send()[0]
    assert (line.state, codes(line)) == ("applied_with_note", ["lifecycle_missing_or_lost"])
    assert library.get(Item, item.id).lifecycle == "active"
    assert open_loans(library)[0].patron_id == lan.id


def test_case_39_a_loan_replayed_can_be_reversed_and_is_not_counted(library: Library) -> None:
    lan, item = library.patron(), library.item()
    library.rules(limit_total=0)
    desk = Desk(library)
    desk.note("check_out", item.barcode or "", "THE-LA")
    line = desk.send()[0]
    settle(library, line, "never_left")
    assert open_loans(library) == []
    assert library.events("loan_checked_out") == []
    assert lan.id


def test_what_the_desk_took_back_is_as_if_it_had_never_been(library: Library) -> None:
    lan, item, other = library.patron(), library.item(), library.item()
    library.lend(other, lan)
    desk = Desk(library)
    for act in (lambda: desk.lend(item, library.card(lan)), lambda: desk.take_back(other)):
        key = act()
        desk.note("undo", of=key, at=library.now - timedelta(seconds=50))
    lines = desk.send()
    assert states(lines) == [("applied", None)] * 4
    assert [loan.item_id for loan in open_loans(library)] == [other.id]
    assert len(library.events("loan_checked_out")) == 1
    assert library.events("item_checked_in") == []


def test_what_was_taken_back_and_could_not_be_done_waits_for_nobody(lite: Library) -> None:
    desk = Desk(lite)
    desk.note("undo", of=desk.note("check_in", "NHÀU-NÁT"))
    first, second = desk.send()
    assert (first.state, first.settled_how, first.settled_by) == (
        "settled",
        "undone",
        lite.clerk.staff_id,
    )
    assert second.state == "applied"


def test_a_loan_the_server_had_before_the_line_broke_is_taken_back_as_well(lite: Library) -> None:
    lan, item = lite.patron(), lite.item()
    lite.lend(item, lan, key="k-of-the-scan")
    desk = Desk(lite)
    desk.lend(item, lite.card(lan), key="k-of-the-scan", at=lite.now - timedelta(minutes=1))
    desk.note("undo", of="k-of-the-scan", at=lite.now - timedelta(minutes=1, seconds=30))
    assert states(desk.send()) == [("applied", None)] * 2
    assert open_loans(lite) == []


def test_a_clock_that_is_off_shifts_all_lines_and_says_so(library: Library) -> None:
    lan, item = library.patron(), library.item()
    desk, began = Desk(library), library.now
    desk.off = timedelta(hours=7)
    desk.lend(item, library.card(lan))
    library.later(minutes=30)
    line = desk.send()[0]
    assert (line.state, codes(line)) == ("applied_with_note", ["clock_shifted"])
    assert line.notes[0]["facts"] == {"minutes": 420}
    assert open_loans(library)[0].started_at == began


def test_case_40_a_moment_nobody_can_know_is_not_posted_until_a_person_says_so(
    library: Library,
) -> None:
    lan, item = library.patron(), library.item()
    desk, heard = Desk(library), library.now
    desk.lend(item, library.card(lan), at=heard - timedelta(days=3000))
    line = desk.send(copy_of=heard)[0]
    assert (line.state, line.conflict) == ("conflict", "clock_unsure")
    assert open_loans(library) == []
    assert settle(library, line, "again").state == "settled"
    assert open_loans(library)[0].started_on == library.today


def test_a_return_before_a_loan_made_since_leaves_that_loan_alone(library: Library) -> None:
    lan, binh, item = library.patron(), library.patron("Bình"), library.item()
    library.lend(item, lan)
    desk = Desk(library)
    desk.take_back(item)
    library.lend(item, binh, overrides={"on_loan_other": "y"})
    line = desk.send()[0]
    assert (line.state, codes(line)) == ("applied_with_note", ["seen_since"])
    assert [loan.patron_id for loan in open_loans(library)] == [binh.id]


def test_a_return_that_counted_too_late_is_dated_back_by_a_person(library: Library) -> None:
    library.rules(per_day=1000)
    lan, item = library.patron(), library.item()
    library.lend(item, lan)
    library.later(days=14)
    desk = Desk(library)
    desk.take_back(item)  # on the due day
    library.later(days=3)
    assert library.take_back(item).facts["charged"]
    line = desk.send()[0]
    assert (line.state, line.conflict) == ("conflict", "returned_earlier")
    settle(library, line, "redate")
    loan = library.all(Loan)[0]
    assert loan.effective_return_on == loan.due_on
    from circulation.blocks import patron_figures

    with library.reading() as session:
        assert patron_figures(session, [lan.id], library.now)[lan.id].owed == 0


def test_a_return_catches_a_hold_and_its_days_on_the_shelf_begin_when_the_reader_can_know(
    library: Library,
) -> None:
    lan, binh, item = library.patron(), library.patron("Bình"), library.item()
    library.lend(item, lan)
    library.hold(item, binh)
    desk = Desk(library)
    desk.take_back(item)
    library.later(days=5)
    line = desk.send()[0]
    assert (line.state, codes(line)) == ("applied_with_note", ["to_be_moved"])
    hold = library.all(Hold)[0]
    assert hold.state == "ready"
    assert hold.shelf_until >= library.today + timedelta(days=3)


def test_in_house_use_of_a_copy_on_loan_is_settled_as_a_return(library: Library) -> None:
    lan, item = library.patron(), library.item()
    library.lend(item, lan)
    desk = Desk(library)
    desk.note("in_house", item.barcode or "")
    line = desk.send()[0]
    assert (line.state, line.conflict) == ("conflict", "needs_return")
    settle(library, line, "return")
    assert open_loans(library) == []


def test_a_line_whose_author_is_not_proved_waits_for_one_who_answers_for_it(
    library: Library,
) -> None:
    lan, item = library.patron(), library.item()
    command = Command("x1", 1, "check_out", library.now, item_code=item.barcode or "")
    command = Command(**{**vars(command), "card": library.card(lan)})
    with clock.at(library.now):
        perform(receive_log, library.clerk, Log("d", library.now, [command]))
    line = replayed(library)[0]
    assert (line.state, line.conflict) == ("conflict", "not_proved")
    assert settle(library, line, "again", actor=library.clerk).state == "settled"
    assert len(open_loans(library)) == 1


def test_one_line_that_cannot_be_played_keeps_none_of_the_others(lite: Library) -> None:
    lan, item = lite.patron(), lite.item()
    withdrawn = lite.item(lifecycle="withdrawn")
    desk = Desk(lite)
    desk.lend(withdrawn, lite.card(lan))
    desk.note("dance")
    desk.note("visit", quantity=0)
    desk.lend(item, lite.card(lan))
    lines = desk.send()
    assert [line.conflict for line in lines] == [
        "withdrawn_item",
        "not_understood",
        "refused",
        None,
    ]
    assert len(open_loans(lite)) == 1
    assert all(line.state != "waiting" for line in lines)


def test_another_library_neither_sees_nor_settles_a_line(lite: Library) -> None:
    desk = Desk(lite)
    desk.note("check_in", "LẠ")
    line = desk.send()[0]
    with lite.writing() as session:
        stranger = factories.create_actor(session, "head", lite.place.foreign_branch)
    with pytest.raises(IlsError) as refused:
        settle(lite, line, "ok", actor=stranger)
    assert refused.value.code == "offline_line_unknown"


def test_two_desks_that_send_at_once_lose_nothing_and_double_nothing(library: Library) -> None:
    readers = [library.patron(f"Bạn đọc {n}") for n in range(4)]
    cards = [library.card(one) for one in readers]
    items = [library.item() for _ in range(12)]
    desks = [Desk(library, f"desk-{n}") for n in range(2)]
    for n, item in enumerate(items):
        desks[n % 2].lend(item, cards[n % 4])
    moment, unit = library.now, library.place.library.id

    def sent(desk: Desk) -> None:
        with clock.at(moment):
            for _ in range(2):  # each desk is told nothing and sends again
                perform(receive_log, desk.actor, Log(desk.name, moment, desk.commands))
                replay_waiting(unit)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(sent, [*desks, *desks]))
    lines = replayed(library)
    assert len(lines) == 12
    assert {line.state for line in lines} == {"applied"}
    assert sorted(loan.item_id for loan in library.all(Loan)) == sorted(item.id for item in items)
    assert len(library.events("loan_checked_out")) == 12
