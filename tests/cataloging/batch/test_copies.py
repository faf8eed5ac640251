"""Many copies changed at once: seen first, law of moving kept, resumed, undone as one."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select

from cataloging.batch.acts import copies, deleting, runs, withdrawing
from cataloging.batch.acts.choosing import Source, copies_from
from cataloging.batch.acts.models import ActLine, ActRun
from cataloging.batch.rules.copies import Change, CopyToChange, Goal, faults, judge
from cataloging.change_sets import obstacles, undo_change_set
from cataloging.items import CopyFacts, add_items, change_item, facts_of
from cataloging.life import history_of
from cataloging.models import Collection, Item, RecordVersion
from cataloging.stockbook.books.pages import print_final
from circulation import desk, lending
from circulation.checkout import check_out
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.config import config
from ils.core.db import reading, transaction
from ils.core.errors import Invalid, Refused
from ils.core.events import EventRow
from ils.core.jobs import Job, run_next_job
from tests.cataloging.batch.test_running import ROOT
from tests.factories import (
    Province,
    card_of,
    create_actor,
    create_collection,
    create_item,
    create_patron,
    create_province,
    create_record,
    create_register,
)

BOXES: dict[str, Any] = {
    "branch_id": 1,
    "collection_id": None,
    "item_type": "book",
    "use": "loan",
    "lifecycle": "active",
    "price": 45_000,
    "shelf": "",
    "call_number": "895.9 NG",
    "condition": "",
    "note": "",
}


def copy(vetoes: tuple[str, ...] = (), *, may_edit: bool = True, **boxes: Any) -> CopyToChange:
    return CopyToChange(BOXES | boxes, owner_id=1, may_edit=may_edit, vetoes=vetoes)


@pytest.mark.parametrize(
    ("change", "before", "after"),
    [
        (Change("shelf", "set", "K3"), "", "K3"),
        (Change("note", "clear"), "rách", ""),
        (Change("price", "clear"), 45_000, None),
        (Change("call_number", "replace", "V ", "895.9 "), "895.9 NG", "V NG"),
        (Change("call_number", "before", "TN/"), "895.9", "TN/895.9"),
        (Change("note", "after", "; có đĩa"), "mới", "mới; có đĩa"),
        (Change("shelf", "after", "\u0323"), "Ke\u0302", "K\u1ec7"),
    ],
)
def test_a_box_is_set_emptied_or_its_text_changed(change: Change, before: Any, after: Any) -> None:
    assert change.made_of(before) == after


@pytest.mark.parametrize(
    ("change", "box"),
    [
        (Change("branch_id", "clear"), "branch_id"),
        (Change("price", "set", None), "price"),
        (Change("price", "set", -1), "price"),
        (Change("lifecycle", "set", "withdrawn"), "lifecycle"),
        (Change("barcode", "set", "X"), "barcode"),
        (Change("shelf", "set", ""), "shelf"),
        (Change("shelf", "replace", "x"), "shelf"),
        (Change("condition", "set", "x" * 41), "condition"),
    ],
)
def test_what_cannot_be_is_told_by_its_box(change: Change, box: str) -> None:
    assert [one[0] for one in faults([change], highest_price=1_000_000)] == [box]


@pytest.mark.parametrize(
    ("found", "changes", "goal", "reasons"),
    [
        (copy(lifecycle="withdrawn"), [Change("note", "set", "x")], Goal(), ("withdrawn",)),
        (copy(may_edit=False), [Change("note", "set", "x")], Goal(), ("no_right",)),
        (copy(), [Change("branch_id", "set", 9)], Goal(2), ("other_library",)),
        (copy(), [Change("branch_id", "set", 9)], Goal(1, False), ("no_right_there",)),
        (copy(("on_loan",)), [Change("branch_id", "set", 9)], Goal(1), ("on_loan",)),
        (copy(("at_point",)), [Change("lifecycle", "set", "repair")], Goal(), ("at_point",)),
        (copy(lifecycle="lost"), [Change("lifecycle", "set", "active")], Goal(), ("state_of_its_own",)),
        (copy(), [Change("collection_id", "set", 5)], Goal(None, True, 2), ("other_collection",)),
        (copy(note="x" * 1999), [Change("note", "after", "yy")], Goal(), ("too_long",)),
    ],
)  # fmt: skip
def test_the_law_of_moving_and_of_states_is_kept(
    found: CopyToChange, changes: list[Change], goal: Goal, reasons: tuple[str, ...]
) -> None:
    judged = judge(found, changes, goal)
    assert (judged.outcome, judged.reasons) == ("against", reasons)


def test_a_copy_on_loan_may_get_another_price_and_a_final_page_is_a_remark() -> None:
    cheap = [Change("price", "set", 30_000)]
    assert judge(copy(("on_loan",)), cheap, Goal()).outcome == "will"
    printed = judge(replace(copy(), on_final_page=True), cheap, Goal())
    assert (printed.outcome, printed.reasons) == ("will", ("final_page",))
    assert judge(copy(), [Change("price", "set", 45_000)], Goal()).outcome == "same"


@dataclass
class Shelf:
    """A library with four copies, the second of them on loan."""

    province: Province
    actor: Actor
    items: list[int]
    numbers: list[str]
    collection_id: int


@pytest.fixture
def shelf(both: Engine) -> Shelf:
    assert both
    lending.register()  # which says what copies are doing
    with transaction() as session:
        place = create_province(session)
        actor = create_actor(session, "head", place.branch, place.library)
        register = create_register(session, place.library, "VN")
        kho = create_collection(session, place.library, "DOC")
        record = create_record(session)
        facts = CopyFacts(place.branch.id, price=45_000, call_number="895.9 NG")
        made = add_items(session, actor, record.id, facts, register_id=register.id, copies=4)
        patron = create_patron(session, place.branch)
        card = card_of(session, patron)
        found = Shelf(
            place, actor, [i.id for i in made], [i.accession_no or "" for i in made], kho.id
        )
    lent = desk.perform(check_out, actor, barcode=found.numbers[1], card=card, key="l1")
    assert lent.ok
    return found


def looked_at(shelf: Shelf, *changes: Change, numbers: str = "") -> int:
    with transaction() as session:
        source = Source("numbers", numbers=numbers or "\n".join(shelf.numbers))
        found = copies_from(session, shelf.actor, source)
        plan = copies.plan_of(session, shelf.actor, changes)
        return runs.make_run(session, shelf.actor, "change", found.name, plan, found.ids).id


def carry_out(shelf: Shelf, run_id: int) -> int:
    with transaction() as session:
        runs.begin(session, shelf.actor, run_id)
    while run_next_job():
        pass
    with reading() as session:
        return session.get_one(ActRun, run_id).change_set_id or 0


def outcomes(run_id: int) -> list[str]:
    with reading() as session:
        query = select(ActLine).where(ActLine.run_id == run_id).order_by(ActLine.subject_id)
        return [" ".join([one.outcome, *one.reasons.split()]) for one in session.scalars(query)]


def boxes(*names: str) -> list[tuple[Any, ...]]:
    with reading() as session:
        columns = [getattr(Item, name) for name in names]
        return [tuple(row) for row in session.execute(select(*columns).order_by(Item.id))]


def test_numbers_are_read_as_they_are_typed_and_unknown_ones_told(shelf: Shelf) -> None:
    with reading() as session:
        source = Source("numbers", numbers="vn1, VN.0002\nVN 3\nX.99")
        found = copies_from(session, shelf.actor, source)
        assert (list(found.ids), found.unknown) == (shelf.items[:3], ["X.99"])


def test_copies_change_and_are_undone_as_one(shelf: Shelf) -> None:
    move = Change("branch_id", "set", shelf.province.other_branch.id)
    run_id = looked_at(shelf, move, Change("call_number", "set", "100 A"))
    assert outcomes(run_id) == ["will", "against on_loan", "will", "will"]
    before = boxes("branch_id", "located_id", "call_number", "call_sort")
    change_set_id = carry_out(shelf, run_id)
    there, here = shelf.province.other_branch.id, shelf.province.branch.id
    assert outcomes(run_id) == ["done", "against on_loan", "done", "done"]
    assert boxes("branch_id", "located_id", "call_number") == [
        (there, there, "100 A"),
        (here, here, "895.9 NG"),
        (there, there, "100 A"),
        (there, there, "100 A"),
    ]
    with reading() as session:
        life = [m for m in history_of(session, shelf.items[0]) if m.what == "item_changed"]
        assert set(life[0].facts["changes"]) == {"branch_id", "call_number"}
        assert obstacles(session, change_set_id) == []
    with transaction() as session:
        assert undo_change_set(session, shelf.actor, change_set_id).items_restored == 3
    assert boxes("branch_id", "located_id", "call_number", "call_sort") == before
    with transaction() as session, pytest.raises(Refused, match="batch_undone"):
        runs.begin(session, shelf.actor, run_id)


def test_what_others_changed_meanwhile_is_told_and_not_overwritten(shelf: Shelf) -> None:
    run_id = looked_at(shelf, Change("price", "set", 30_000), Change("note", "after", " (A)"))

    def edit(n: int, **more: Any) -> None:
        with transaction() as session:
            item = session.get_one(Item, shelf.items[n])
            facts = replace(facts_of(item), **more)
            change_item(session, shelf.actor, item.id, facts, expected_version=item.version)

    edit(0, note="rách bìa")
    edit(1, shelf="K9")
    change_set_id = carry_out(shelf, run_id)
    assert outcomes(run_id) == ["stale", "done", "done", "done"]
    assert boxes("price", "note", "shelf")[:2] == [(45_000, "rách bìa", ""), (30_000, "(A)", "K9")]

    with transaction() as session:
        runs.look_again(session, shelf.actor, run_id)
    while run_next_job():
        pass
    carry_out(shelf, run_id)
    assert boxes("note")[0] == ("rách bìa (A)",)

    edit(2, price=99_000)
    edit(3, condition="mới")
    with reading() as session:
        found = obstacles(session, change_set_id)
        assert [(one.code, one.item_id) for one in found] == [("copy_changed", shelf.items[2])]
    with transaction() as session, pytest.raises(Refused, match="undo_blocked"):
        undo_change_set(session, shelf.actor, change_set_id)
    with transaction() as session:
        undo_change_set(session, shelf.actor, change_set_id, partial=True)
    assert boxes("price", "note", "condition") == [
        (45_000, "rách bìa", ""),
        (45_000, "", ""),
        (99_000, "(A)", ""),
        (45_000, "", "mới"),
    ]


def test_a_move_is_not_undone_under_the_feet_of_a_reader(shelf: Shelf) -> None:
    move = Change("branch_id", "set", shelf.province.other_branch.id)
    change_set_id = carry_out(shelf, looked_at(shelf, move, numbers=shelf.numbers[0]))
    with transaction() as session:
        card = card_of(session, create_patron(session, shelf.province.branch, "Trần Văn Hai"))
    lent = desk.perform(check_out, shelf.actor, barcode=shelf.numbers[0], card=card, key="l2")
    assert lent.ok
    with transaction() as session:
        assert [one.code for one in obstacles(session, change_set_id)] == ["copy_busy"]
        done = undo_change_set(session, shelf.actor, change_set_id, partial=True)
        assert (done.items_restored, len(done.left)) == (0, 1)
    assert boxes("branch_id")[0] == (shelf.province.other_branch.id,)


def test_a_price_on_a_final_page_is_told_before(shelf: Shelf) -> None:
    with transaction() as session:
        register_id = session.get_one(Item, shelf.items[0]).register_id
        code = f"accession-{register_id}"
        print_final(session, shelf.actor, shelf.province.library.id, code, with_rest=True)
    run_id = looked_at(shelf, Change("price", "set", 30_000))
    assert set(outcomes(run_id)) == {"will final_page"}
    carry_out(shelf, run_id)
    assert {row[0] for row in boxes("price")} == {30_000}


def test_another_librarys_copies_and_what_there_is_not_are_refused(shelf: Shelf) -> None:
    place = shelf.province
    with transaction() as session:
        foreign = create_item(session, place.foreign_branch)
        other = create_collection(session, place.foreign_library, "XA")
        run = runs.make_run(
            session,
            shelf.actor,
            "change",
            "x",
            copies.plan_of(session, shelf.actor, [Change("collection_id", "set", other.id)]),
            [foreign.id, shelf.items[0]],
        )
        run_id = run.id
        with pytest.raises(Invalid):
            copies.plan_of(session, shelf.actor, [Change("item_type", "set", "nothing")])
        with pytest.raises(Invalid):
            copies.plan_of(session, shelf.actor, [])
    assert sorted(outcomes(run_id)) == ["against no_right", "against other_collection"]


KILLED = """
import os, signal
from pathlib import Path
from ils.core import db
from ils.core.config import Config, use
from ils.core.jobs import run_next_job
use(Config(data_dir=Path(os.environ["DATA"]), database_url=os.environ["URL"], secret_key="x"))
db.connect()
from ils.app import create_app
from ils.core.config import config
create_app(config())
db.disconnect()
import dataclasses
import cataloging.batch.acts.runs as runs
for act, kind in runs.KINDS.items():
    runs.KINDS[act] = dataclasses.replace(kind, at_once=2)
written, left = runs._write, [2]
def write(*args, **more):
    left[0] -= 1
    if not left[0]:  # all of the second part is done but for its lines, and nothing is kept yet
        os.kill(os.getpid(), signal.SIGKILL)
    written(*args, **more)
runs._write = write
for _job in range(3):
    child = os.fork()
    if not child:
        db.connect()
        run_next_job()
        os._exit(0)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
"""


def test_runs_killed_in_the_middle_go_on_and_do_each_once(shelf: Shelf) -> None:
    """Copies changed, copies withdrawn, records deleted: one worker each, killed with its second
    part half done."""
    with transaction() as session:
        branch, going = shelf.province.branch, {"lifecycle": "withdrawal_proposed"}
        records = [create_record(session, f"Nhầm {n}").id for n in range(4)]
        told = create_record(session, "Còn bản")
        states: list[dict[str, Any]] = [{}, {}, {}, {}, going]
        old = [create_item(session, branch, told, **more).id for more in states]
        records.append(told.id)
        plan = withdrawing.plan_of("mistake", "BB 7", None)
        made = [
            runs.make_run(session, shelf.actor, act, "Lượt", plan, ids).id
            for act, ids in ((withdrawing.ACT, old), (deleting.ACT, records))
        ]
    ids = [looked_at(shelf, Change("note", "after", "+")), *made]
    with transaction() as session:
        for run_id in ids:
            runs.begin(session, shelf.actor, run_id)
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith("SEN_")},
        "PYTHONPATH": str(ROOT),
        "DATA": str(config().data_dir),
        "URL": config().database_url or "",
    }
    subprocess.run([sys.executable, "-c", KILLED], env=environment, check=True)
    against = [[], ["against on_a_list"], ["against has_copies"]]
    for run_id, stays in zip(ids, against, strict=True):
        assert outcomes(run_id) == ["done", "done", "will", "will", *stays]
    with transaction() as session:
        for job in session.scalars(select(Job).where(Job.status == "running")):
            job.heartbeat_at = clock.now() - timedelta(minutes=5)
    while run_next_job():
        pass
    for run_id, stays in zip(ids, against, strict=True):
        assert outcomes(run_id) == ["done"] * 4 + stays
    assert boxes("note")[:4] == [("+",)] * 4
    with reading() as session:
        gone = select(Item.lifecycle, Item.withdrawal_decision).where(Item.id.in_(old[:4]))
        assert session.execute(gone).all() == [("withdrawn", "BB 7")] * 4
        once = select(EventRow.item_id).where(EventRow.kind == "item_withdrawn")
        assert sorted(session.scalars(once)) == old[:4]
        deleted = select(RecordVersion.record_id).where(RecordVersion.change == "deleted")
        assert sorted(session.scalars(deleted)) == records[:4]


def test_many_are_looked_at_by_the_worker(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "SMALL", 2)
    monkeypatch.setattr(runs, "LOOKED_AT_ONCE", 3)
    run_id = looked_at(shelf, Change("use", "set", "reading_room"))
    assert outcomes(run_id) == ["waiting"] * 4
    with transaction() as session, pytest.raises(Refused, match="batch_at_work"):
        runs.begin(session, shelf.actor, run_id)
    run_next_job()
    assert outcomes(run_id) == ["will"] * 4


def test_the_librarian_scans_sees_changes_and_takes_back(
    staff_client: Callable[..., Any], province: Province
) -> None:
    with transaction() as session:
        kho = create_collection(session, province.library, "TN")
        items = [create_item(session, province.branch) for _ in range(2)]
        numbers = [item.barcode or "" for item in items]
        record_id, kho_id = items[0].record_id, kho.id
    staff = staff_client("cataloguer")
    sent = {"numbers": "\n".join([*numbers, "ZZ9"]), "collection_id": str(kho_id)}
    refused = staff.post("/staff/batch/acts/change", data=sent | {"price": "30.000"})
    assert refused.status_code == 422
    assert "Giá: xin chọn cách sửa" in refused.text
    assert numbers[0] in refused.text, "nothing typed is lost"
    both = staff.post("/staff/batch/acts/change", data=sent | {"q": "dế mèn"})
    assert "chỉ chọn một cách" in both.text
    sent |= {"how-price": "set", "price": "30.000"}
    answer = staff.post("/staff/batch/acts/change", data=sent)
    page = staff.get(answer.location).text
    assert "ZZ9" in page
    assert "<del>50.000 đ</del>" in page
    assert "<ins>TN · Kho TN</ins>" in page
    assert "Sửa 2 bản" in page
    staff.post(answer.location + "/act", data={"act": "do"})
    while run_next_job():
        pass
    page = staff.get(answer.location).text
    assert "Xong (2)" in page
    with reading() as session:
        assert set(session.execute(select(Item.price, Item.collection_id))) == {(30_000, kho_id)}
        assert session.scalars(select(Collection.code)).all() == ["TN"]
        set_id = session.scalars(select(ActRun.change_set_id)).one()
    there = f"/staff/catalog/changes/{set_id}"
    assert "TN · Kho TN" in staff.get(there).text
    staff.post(f"{there}/undo")
    assert "Đã hoàn tác" in staff.get(answer.location).text
    with reading() as session:
        assert set(session.execute(select(Item.price, Item.collection_id))) == {(50_000, None)}
    basket = staff.post(answer.location + "/act", data={"act": "basket", "outcome": "done"})
    assert numbers[0] in staff.get(basket.location).text
    again = staff.get(f"/staff/batch/acts/change?run={answer.location.rsplit('/', 1)[1]}").text
    assert 'value="30000"' in again
    assert staff_client("cataloguer").get(answer.location).status_code == 404
    assert record_id
