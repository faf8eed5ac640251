"""A stock-taking from its plan to its minutes, with lending going on."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from cataloging.models import Item, Record
from circulation.ledger import account
from circulation.losses.claims import make_claim
from circulation.losses.lost import declare_lost
from circulation.losses.models import Claim
from circulation.models import Loan, Transit
from circulation.stocktaking.changes import apply_groups, undo_groups
from circulation.stocktaking.models import StockTake, StockTakeItem, StockTakeScan
from circulation.stocktaking.papers import groups_xlsx, minutes_pdf
from circulation.stocktaking.results import progress_of, rows_of_group
from circulation.stocktaking.scanning import (
    Scan,
    out_of_place,
    read_collector,
    record_scans,
    take_back_scan,
)
from circulation.stocktaking.takes import (
    Plan,
    Scope,
    cancel_stock_take,
    close_stock_take,
    freeze,
    plan_stock_take,
    reopen,
    takes_of,
)
from ils.core import clock
from ils.core.errors import Forbidden, Invalid, NotFound, Refused
from ils.core.jobs import run_next_job
from tests import factories
from tests.circulation.conftest import Library


def planned(library: Library, **scope: Any) -> int:
    with library.writing() as session:
        plan = Plan("Kiểm kê 2026", Scope((library.place.branch.id,), **scope), "12/QĐ-TV")
        return plan_stock_take(session, library.head, plan).id


def begun(library: Library, **scope: Any) -> int:
    take_id = planned(library, **scope)
    with library.writing() as session:
        freeze(session, library.head, take_id)
    library.later(minutes=1)
    return take_id


def scan(library: Library, take_id: int, *codes: str, **more: Any) -> list[str]:
    scanner = more.pop("scanner", "A")
    with library.writing() as session:
        scans = [
            Scan(f"{scanner}{library.now.timestamp()}-{n}", code, **more)
            for n, code in enumerate(codes)
        ]
        heard = record_scans(session, library.clerk, take_id, scans, scanner=scanner)
    library.later(minutes=1)
    return [one.outcome for one in heard]


def closed(library: Library, take_id: int) -> dict[str, int]:
    with library.writing() as session:
        found = close_stock_take(session, library.head, take_id)
    return {group: n for group, n in found.items() if n}


def run_jobs(library: Library) -> None:
    with clock.at(library.now):
        while run_next_job():
            pass


def lifecycle(library: Library, item: Item) -> str:
    return str(library.get(Item, item.id).lifecycle)


def test_every_copy_is_accounted_for_and_lending_goes_on(library: Library) -> None:
    shelf, gone, worn, out, back, lent = (library.item() for _ in range(6))
    away = library.item(at=library.place.other_branch)
    reader = library.patron()
    library.lend(out, reader)
    library.lend(back, reader)
    take_id = begun(library)
    assert scan(library, take_id, shelf.barcode, shelf.barcode) == ["found", "again"]
    assert scan(library, take_id, worn.barcode, damaged=True) == ["found"]
    assert scan(library, take_id, away.barcode, "KHONGCO-1") == ["elsewhere", "unknown"]
    library.take_back(back)  # somebody brings a book while the shelves are counted
    library.lend(lent, reader)  # and somebody takes one that was not scanned yet
    assert closed(library, take_id) == {
        "present": 2,
        "damaged": 1,
        "misplaced": 1,
        "on_loan": 2,
        "missing": 1,
    }
    rows = {row.item_id: row.result for row in library.all(StockTakeItem)}
    assert rows[gone.id] == "missing"
    assert rows[back.id] == "present"
    assert rows[lent.id] == "on_loan"


def test_results_are_recorded_group_by_group_and_taken_back(library: Library) -> None:
    gone, worn, lost, out = (library.item() for _ in range(4))
    away = library.item(at=library.place.other_branch)
    library.lend(out, library.patron())
    with library.writing() as session:
        session.get_one(Item, lost.id).lifecycle = "missing"
    take_id = begun(library)
    scan(library, take_id, worn.barcode, damaged=True)
    scan(library, take_id, lost.barcode, out.barcode, away.barcode)
    closed(library, take_id)
    library.later(minutes=1)
    with library.writing() as session:
        groups = ["missing", "damaged", "found_again", "lent_but_here", "misplaced"]
        apply_groups(session, library.head, take_id, groups)
    run_jobs(library)
    assert [lifecycle(library, one) for one in (gone, worn, lost)] == [
        "missing",
        "damaged",
        "active",
    ]
    assert [loan.closed_how for loan in library.all(Loan)] == ["returned"]
    assert [t.item_id for t in library.all(Transit)] == [away.id]
    assert len(library.events("item_missing")) == 1
    with library.writing() as session, pytest.raises(Refused, match="stock_take_applied"):
        reopen(session, library.head, take_id)
    with library.writing() as session:
        undo_groups(session, library.head, take_id)
    run_jobs(library)
    assert [lifecycle(library, one) for one in (gone, worn, lost)] == [
        "active",
        "active",
        "missing",
    ]


def test_finding_a_lost_copy_is_not_taken_back_since_its_case_ended_by_it(lite: Library) -> None:
    lost, missing = lite.item(), lite.item()
    with lite.writing() as session:
        session.get_one(Item, lost.id).lifecycle = "lost_settled"
        session.get_one(Item, missing.id).lifecycle = "missing"
    take_id = begun(lite)
    scan(lite, take_id, lost.barcode or "", missing.barcode or "")
    closed(lite, take_id)
    with lite.writing() as session:
        apply_groups(session, lite.head, take_id, ["found_again"])
    run_jobs(lite)
    assert [lifecycle(lite, one) for one in (lost, missing)] == ["active", "active"]
    with lite.writing() as session:
        undo_groups(session, lite.head, take_id)
    run_jobs(lite)
    assert [lifecycle(lite, one) for one in (lost, missing)] == ["active", "missing"]


def test_a_copy_somebody_dealt_with_meanwhile_is_left_alone(lite: Library) -> None:
    gone, other = lite.item(), lite.item()
    take_id = begun(lite)
    scan(lite, take_id, other.barcode)
    closed(lite, take_id)
    lite.lend(gone, lite.patron())  # it was there after all
    with lite.writing() as session:
        apply_groups(session, lite.head, take_id, ["missing"])
    run_jobs(lite)
    assert lifecycle(lite, gone) == "active"


def test_scans_sent_again_and_by_two_people_count_once(library: Library) -> None:
    item = library.item()
    take_id = begun(library)
    sent = [Scan("phone-1", item.barcode or "", library.now - timedelta(seconds=30))]
    for _ in range(2):
        with library.writing() as session:
            heard = record_scans(session, library.clerk, take_id, sent, scanner="phone")
        assert [one.outcome for one in heard] == ["found"]
    assert scan(library, take_id, item.barcode or "", scanner="B") == ["again"]
    with library.reading() as session:
        far = progress_of(session, session.get_one(StockTake, take_id))
    assert (far.seen, far.scans, far.scanners) == (1, 2, [("B", 1), ("phone", 1)])
    with library.writing() as session:
        assert take_back_scan(session, library.clerk, take_id, "phone-1")
        assert not take_back_scan(session, library.clerk, take_id, "phone-1")
    assert library.all(StockTakeItem)[0].seen_at is not None  # B saw it too


def test_the_shelf_is_told_where_it_is_out_of_order(lite: Library) -> None:
    items = []
    for number in ("100 A", "200 B", "300 C", "400 D"):
        item = lite.item()
        with lite.writing() as session:
            row = session.get_one(Item, item.id)
            row.call_number, row.call_sort = number, number
        items.append(item)
    take_id = begun(lite)
    for n in (0, 3, 1, 2):
        scan(lite, take_id, items[n].barcode or "", place="Giá 1")
    with lite.reading() as session:
        (astray,) = out_of_place(session, session.get_one(StockTake, take_id))
        assert astray.item.id == items[3].id
        assert astray.after is not None
        assert astray.after.id == items[2].id


def test_a_part_of_the_stock_can_be_counted(lite: Library) -> None:
    inside, outside = lite.item(), lite.item()
    with lite.writing() as session:
        session.get_one(Item, inside.id).call_number = "895.9 NG"
        session.get_one(Item, outside.id).call_number = "100 TR"
    take_id = begun(lite, shelf="895")
    assert scan(lite, take_id, inside.barcode or "", outside.barcode or "") == [
        "found",
        "elsewhere",
    ]
    assert closed(lite, take_id) == {"present": 1, "misplaced": 1}


def test_a_copy_without_a_call_number_of_its_own_stands_by_its_title_s(library: Library) -> None:
    inside, outside = (library.record(title) for title in ("Thơ", "Triết học"))
    with library.writing() as session:
        session.get_one(Record, inside.id).call_number = "895.9 TH"
        session.get_one(Record, outside.id).call_number = "100 TR"
    copies = [library.item(record) for record in (inside, outside)]
    take_id = begun(library, shelf="895")
    assert closed(library, take_id) == {"missing": 1}
    with library.reading() as session:
        take = session.get_one(StockTake, take_id)
        (row,) = rows_of_group(session, take, "missing", limit=10)
    assert (row["item_id"], row["call_number"]) == (copies[0].id, "895.9 TH")


def test_a_reader_s_card_is_told_and_never_counted_as_surplus(lite: Library) -> None:
    lite.item()
    card = lite.card(lite.patron())
    take_id = begun(lite)
    assert scan(lite, take_id, card) == ["card"]
    assert lite.all(StockTakeScan) == []


def test_the_order_of_steps_is_kept(lite: Library) -> None:
    item = lite.item()
    take_id = planned(lite)
    with pytest.raises(Refused, match="stock_take_state"):
        scan(lite, take_id, item.barcode or "")
    with lite.writing() as session, pytest.raises(Refused):
        close_stock_take(session, lite.head, take_id)
    with lite.writing() as session:
        freeze(session, lite.head, take_id)
    closed(lite, take_id)
    with lite.writing() as session:
        reopen(session, lite.head, take_id)
    with lite.writing() as session:
        cancel_stock_take(session, lite.head, take_id)
    with lite.reading() as session:
        states = [take.state for take in takes_of(session, lite.place.library.id)]
    assert states == ["canceled"]


def test_who_may_not_plans_nothing_and_nobody_counts_elsewhere(lite: Library) -> None:
    take_id = planned(lite)
    plan = Plan("x", Scope((lite.place.branch.id,)))
    with lite.writing() as session, pytest.raises(Forbidden):
        plan_stock_take(session, lite.clerk, plan)
    foreign = Plan("x", Scope((lite.place.foreign_branch.id,)))
    with lite.writing() as session, pytest.raises(Invalid):
        plan_stock_take(session, lite.head, foreign)
    with lite.writing() as session:
        far = factories.create_actor(session, "head", lite.place.foreign_branch)
    with lite.writing() as session, pytest.raises(NotFound):
        freeze(session, far, take_id)


def test_a_data_collectors_file_is_read(lite: Library) -> None:
    text = 'VN.00001,21/11/2026 08:15:00,1\n"VN 2";Giá 3\n\nVN3\t2026-11-21 08:16:00\tGiá 4\n'
    found = read_collector(text.encode("utf-8-sig"), "a.txt")
    assert [(one.code, one.place) for one in found] == [
        ("VN.00001", ""),
        ("VN 2", "Giá 3"),
        ("VN3", "Giá 4"),
    ]
    assert found[0].at is not None
    assert found[0].key != found[1].key
    assert [one.key for one in read_collector(text.encode("utf-8-sig"), "b.txt")] == [
        one.key for one in found
    ]
    with pytest.raises(Invalid, match="collector_unreadable"):
        read_collector(b"\x00\x01\x02PK", "a.xlsx")


def test_the_minutes_and_the_spreadsheet_are_made(lite: Library) -> None:
    lite.item()
    seen = lite.item()
    take_id = begun(lite)
    scan(lite, take_id, seen.barcode or "", "LA-001")
    closed(lite, take_id)
    with lite.reading() as session:
        take = session.scalars(select(StockTake).where(StockTake.id == take_id)).one()
        assert minutes_pdf(session, take).startswith(b"%PDF")
        assert groups_xlsx(session, take).startswith(b"PK")


def test_case_35_claimed_or_lost_and_found_on_the_shelf_the_reader_owes_nothing(
    library: Library,
) -> None:
    claimed, lost, patron = library.item(), library.item(), library.patron()
    for item in (claimed, lost):
        library.lend(item, patron)
    library.on(library.today + timedelta(days=17))
    loan = next(one for one in library.all(Loan) if one.item_id == claimed.id)
    library.do(make_claim, loan_id=loan.id, kind="returned")
    library.do(declare_lost, item_id=lost.id)
    take_id = begun(library)
    scan(library, take_id, claimed.barcode, lost.barcode)
    closed(library, take_id)
    library.later(minutes=1)
    with library.writing() as session:
        apply_groups(session, library.head, take_id, ["found_again", "lent_but_here"])
    run_jobs(library)
    assert [one.closed_how for one in library.all(Loan)] == ["returned", "returned"]
    assert [one.resolution for one in library.all(Claim)] == ["on_shelf"]
    assert lifecycle(library, lost) == "active"
    with library.reading() as session:
        assert account(session, patron.id, library.now).owed == 0
