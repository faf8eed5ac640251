"""A parcel of books as a list of ISBNs: checked, asked for in the background, taken and undone as one."""

import io
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import Engine, select

from cataloging.change_sets import undo_change_set
from cataloging.marc.model import data_field
from cataloging.models import Record
from cataloging.record_rows import drift
from cataloging.records import delete_record
from cataloging.targets.answers import Place
from cataloging.targets.lists import runs, taking
from cataloging.targets.lists.asking import Asker
from cataloging.targets.lists.lines import read_line, read_rows, read_text
from cataloging.targets.models import IsbnLine, IsbnList, Target, TargetAnswer, TargetSearch
from cataloging.targets.searches import LIST_KEPT, sweep_searches
from cataloging.targets.settings import declare_settings
from ils.accounts.actor import Actor, system_actor
from ils.core import clock
from ils.core.config import config
from ils.core.db import reading, transaction
from ils.core.errors import Refused
from ils.core.jobs import Job, run_next_job
from ils.printing.spreadsheet import xlsx
from tests.cataloging.targets.conftest import isbn
from tests.factories import Province, create_actor, create_province, create_record

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ("text", "number", "reason"),
    [
        ("978-0-13-110362-7", "9780131103627", ""),
        ("ISBN 0-13-110362-8 (bìa cứng)", "9780131103627", ""),
        ("978\u2013013\u2013110362\u20137", "9780131103627", ""),
        ("Mắt biếc; 9780131103627; 35.000", "9780131103627", ""),
        ("9780131103628", "", "check_digit"),
        ("978013110362", "", "length"),
        ("8935244812345", "", "goods"),
        ("9,78013E+12", "", "rounded"),
        ("Mắt biếc, 2019", "", "no_number"),
    ],
)
def test_a_line_is_an_isbn_or_says_why_not(text: str, number: str, reason: str) -> None:
    [line] = read_line(1, text)
    assert (line.isbn, line.reason) == (number, reason)


def test_a_list_is_folded_and_keeps_the_numbers_of_its_lines() -> None:
    lines = read_text(f"9780131103627\n\n0131103628\n{isbn(7)} 9780131103627 9780131103620")
    assert [(one.number, one.isbn, one.reason) for one in lines] == [
        (1, "9780131103627", ""),
        (3, "9780131103627", "double"),
        (4, isbn(7), ""),
        (4, "9780131103627", "double"),
        (4, "", "check_digit"),
    ]
    rows = read_rows([(1, "Nhan đề\tISBN"), (2, "Mắt biếc\t9780131103627\t35000")])
    assert [(one.number, one.isbn) for one in rows] == [(2, "9780131103627")]


def test_a_target_is_asked_at_its_own_pace() -> None:
    asker = Asker(1, Place("sru", "http://x"), per_minute=30)
    assert asker.pause == 0, "the first question waits for nothing"
    asker.asked_at = time.monotonic()
    assert 1.9 < asker.pause <= 2
    asker.per_minute = 0
    assert asker.pause == 0


@pytest.fixture
def actor(both: Engine) -> Actor:
    assert both
    declare_settings()
    with transaction() as session:
        return create_actor(session, "cataloguer", create_province(session).library)


def add(actor: Actor, *targets: tuple[str, str], **more: Any) -> list[int]:
    facts = {"version": "1.2", "seconds": 2, "inside": True, "active": True, "per_minute": 0}
    facts["indexes"] = {"isbn": "bath.isbn"}
    with transaction() as session:
        rows = [
            Target(unit_id=actor.library_id, name=name, address=url, order=n, **{**facts, **more})
            for n, (name, url) in enumerate(targets)
        ]
        session.add_all(rows)
        session.flush()
        return [row.id for row in rows]


def begin(actor: Actor, numbers: list[str], target_ids: list[int]) -> int:
    with transaction() as session:
        return runs.begin_list(session, actor, read_text("\n".join(numbers)), target_ids).id


def work() -> None:
    while run_next_job():
        pass
    with reading() as session:
        failed = session.scalars(select(Job.message).where(Job.status == "failed")).all()
        assert failed == []


def states(list_id: int) -> list[tuple[str, str]]:
    with reading() as session:
        query = select(IsbnLine.state, IsbnLine.reason).where(IsbnLine.list_id == list_id)
        return [(state, reason) for state, reason in session.execute(query.order_by(IsbnLine.id))]


def titles() -> list[str]:
    with reading() as session:
        query = select(Record.title).where(Record.deleted_at.is_(None))
        return list(session.scalars(query.order_by(Record.id)))


def test_a_list_is_asked_taken_at_once_undone_as_one_and_taken_anew(actor: Actor, sru: Any) -> None:
    with transaction() as session:
        number = data_field("020", " ", " ", ("a", isbn(2)))
        create_record(session, "Có rồi", fields=[number])
    ids = add(actor, ("Tỉnh", f"{sru.url}/shelf"), ("Bạn", f"{sru.url}/shelf"))
    numbers = [isbn(1), isbn(2), isbn(1), "9786040000010", isbn(3), isbn(100), isbn(200), isbn(300)]
    before = len(sru.asked)
    list_id = begin(actor, numbers, ids)
    work()
    assert states(list_id) == [
        ("one", ""),
        ("ours", ""),
        ("double", "double"),
        ("wrong", "check_digit"),
        ("one", ""),
        ("several", "several"),
        ("none", ""),
        ("several", "other_number"),
    ]
    assert len(sru.asked) - before == 10, "five numbers at two targets"
    with transaction() as session:
        taking.begin_taking(session, actor, list_id)
    work()
    assert titles() == ["Có rồi", "Sách số 1, lần 1", "Sách số 3, lần 1"]
    with reading() as session:
        made_in = session.get_one(IsbnList, list_id).change_set_id or 0
        assert list(drift(session)) == []
    with transaction() as session:
        assert undo_change_set(session, system_actor(), made_in).records_removed == 2
    assert titles() == ["Có rồi"]
    with transaction() as session:
        taking.begin_taking(session, actor, list_id)
    work()
    assert titles() == ["Có rồi", "Sách số 1, lần 1", "Sách số 3, lần 1"]
    with transaction() as session, pytest.raises(Refused):
        taking.begin_taking(session, actor, list_id)


def test_what_came_into_the_catalogue_meanwhile_is_not_taken_twice(actor: Actor, sru: Any) -> None:
    list_id = begin(actor, [isbn(1), isbn(3)], add(actor, ("Tỉnh", f"{sru.url}/shelf")))
    work()
    with transaction() as session:
        create_record(
            session, "Của đồng nghiệp", fields=[data_field("020", " ", " ", ("a", isbn(3)))]
        )
        taking.begin_taking(session, actor, list_id)
    work()
    assert [state for state, _reason in states(list_id)] == ["taken", "ours"]
    assert titles() == ["Của đồng nghiệp", "Sách số 1, lần 1"]


def test_a_dead_target_is_given_up_and_holds_nothing_up(actor: Actor, sru: Any) -> None:
    ids = add(
        actor,
        ("Tỉnh", f"{sru.url}/shelf"),
        ("Chết", "http://127.0.0.1:1024/"),
        ("Đóng", f"{sru.url}/closed"),
    )
    list_id = begin(actor, [isbn(n) for n in (1, 2, 3, 4, 5, 200)], ids)
    work()
    assert states(list_id) == [("one", "")] * 5 + [("none", "not_all")]
    with reading() as session:
        lost = session.get_one(IsbnList, list_id).lost
        asked = session.execute(select(TargetAnswer.target_id, TargetAnswer.problem)).all()
    assert {int(one): past["in_a_row"] for one, past in lost.items()} == {ids[1]: 3, ids[2]: 1}
    problems = [problem for one, problem in asked if one == ids[1]]
    assert problems == ["refused"] * 3 + ["given_up"] * 3
    with transaction() as session:
        session.get_one(Target, ids[1]).address = f"{sru.url}/shelf"
        session.delete(session.get_one(Target, ids[2]))
        runs.ask_again(session, actor, list_id)
    work()
    assert states(list_id)[-1] == ("none", "")
    with transaction() as session, pytest.raises(Refused):
        runs.ask_again(session, actor, list_id)


def test_a_list_nobody_answered_waits_to_be_asked_again(actor: Actor) -> None:
    ids = add(actor, ("Chết", "http://127.0.0.1:1024/"))
    list_id = begin(actor, [isbn(n) for n in range(6)], ids)
    work()
    assert {state for state, _reason in states(list_id)} == {"unasked"}


KILLED = """
import os, signal
from pathlib import Path
from ils.core import db
from ils.core.config import Config, use
from ils.core.jobs import run_next_job
use(Config(data_dir=Path(os.environ["DATA"]), database_url=os.environ["URL"], secret_key="x"))
db.connect()
from cataloging.targets.settings import declare_settings
declare_settings()
from cataloging.targets.lists import asking, taking
left = [2]
def breathe():
    left[0] -= 1
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
for one in (asking, taking):
    one.AT_ONCE, one.breathe = 3, breathe
run_next_job()
"""


def kill_in_the_middle() -> None:
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith("SEN_")},
        "PYTHONPATH": str(ROOT),
        "DATA": str(config().data_dir),
        "URL": config().database_url or "",
    }
    done = subprocess.run([sys.executable, "-c", KILLED], env=environment, check=False)
    assert done.returncode == -signal.SIGKILL
    with transaction() as session:
        for job in session.scalars(select(Job).where(Job.status == "running")):
            job.heartbeat_at = clock.now() - timedelta(minutes=5)


def test_work_killed_goes_on_where_it_was(actor: Actor, sru: Any) -> None:
    list_id = begin(actor, [isbn(n) for n in range(10)], add(actor, ("T", f"{sru.url}/shelf")))
    before = len(sru.asked)
    kill_in_the_middle()
    assert [state for state, _reason in states(list_id)] == ["one"] * 6 + ["waiting"] * 4
    work()
    assert states(list_id) == [("one", "")] * 10
    assert len(sru.asked) - before == 10, "nothing is asked twice"
    with transaction() as session:
        taking.begin_taking(session, actor, list_id)
    kill_in_the_middle()
    assert len(titles()) == 6
    work()
    assert titles() == [f"Sách số {n}, lần 1" for n in range(10)]


def test_lists_are_forgotten_after_two_months_with_what_was_found(actor: Actor, sru: Any) -> None:
    list_id = begin(actor, [isbn(1)], add(actor, ("Tỉnh", f"{sru.url}/shelf")))
    work()
    for age, left in ((timedelta(days=30), 1), (LIST_KEPT + timedelta(days=1), 0)):
        with transaction() as session:
            session.get_one(IsbnList, list_id).made_at = clock.now() - age
            for one in session.scalars(select(TargetSearch)):
                one.made_at = clock.now() - age
        sweep_searches()
        with reading() as session:
            assert len(session.scalars(select(TargetSearch)).all()) == left


class TestPages:
    """The cataloger's way through a list."""

    @pytest.fixture
    def begun(self, staff_client: Any, province: Province, sru: Any) -> tuple[Any, str]:
        with transaction() as session:
            actor = create_actor(session, "cataloguer", province.library)
        ids = add(actor, ("Tỉnh", f"{sru.url}/shelf"), ("Bạn", f"{sru.url}/shelf"))
        browser = staff_client("cataloguer")
        numbers = "\n".join([isbn(1), isbn(100), isbn(200), isbn(201), "9786040000010"])
        sent = {"isbns": numbers, "targets": [str(one) for one in ids], "name": "Kiện tháng 11"}
        begun = browser.post("/staff/targets/lists", data=sent)
        assert begun.status_code == 302
        assert "waiting" not in browser.get(begun.location + "/progress").text
        assert browser.get(begun.location + "/progress").json["busy"]
        work()
        return browser, begun.location

    def test_it_is_chosen_described_and_taken(self, begun: tuple[Any, str]) -> None:
        browser, path = begun
        page = browser.get(path).text
        assert "Tìm thấy (1)" in page
        assert "Lấy về 1 biểu ghi" in page
        wrong = browser.get(f"{path}?state=wrong").text
        assert "Sai chữ số kiểm tra" in wrong
        with reading() as session:
            of_isbn = {row.isbn: row.id for row in session.scalars(select(IsbnLine))}
        line = f"/staff/targets/lists/lines/{of_isbn[isbn(100)]}"
        beside = browser.get(line).text
        assert "Sách số 100, lần 1" in beside
        assert "Sách số 100, lần 2" in beside
        second = beside.split('name="act" value="')[2].split('"')[0]
        assert browser.post(line, data={"act": second}).status_code == 302
        short = f"/staff/targets/lists/lines/{of_isbn[isbn(200)]}"
        refused = browser.post(short, data={"act": "short", "authors": "Tô Hoài"})
        assert refused.status_code == 422
        assert "Tô Hoài" in refused.text, "nothing typed is lost"
        sent = {"act": "short", "title": "Dế Mèn", "authors": "Tô Hoài", "year": "1941"}
        on = browser.post(short, data=sent)
        assert on.location.endswith(f"/lines/{of_isbn[isbn(201)]}"), "the next that nobody has"
        editor = browser.post(on.location, data={"act": "editor", "title": "Vang bóng"}).location
        assert "Vang bóng" in browser.get(editor).text
        browser.post(path + "/act", data={"act": "take"})
        work()
        assert titles() == ["Dế Mèn", "Sách số 1, lần 1", "Sách số 100, lần 2"]
        with reading() as session:
            short_one = session.scalars(select(Record).where(Record.title == "Dế Mèn")).one()
            assert short_one.isbn == isbn(200)
            assert short_one.marc["leader"][17] == "5"
        assert "Đã lấy về (3)" in browser.get(path).text
        draft = editor.partition("draft=")[2]
        text = f"LDR 00000nam#a2200000#a#4500\n020 ## $a {isbn(201)}\n245 10 $a Vang bóng"
        save = {"view": "text", "act": "save", "sure": "1", "text": text, "draft": draft}
        saved = browser.post(editor, data=save)
        assert saved.status_code == 302, saved.text
        assert "Đã lấy về (4)" in browser.get(path).text, "the editor settles its line"
        with transaction() as session:
            record = session.scalars(select(Record).where(Record.title == "Vang bóng")).one()
            delete_record(session, system_actor(), record.id)
        assert "Không nơi nào có (1)" in browser.get(path).text, "gone again, the line is open"
        with transaction() as session:
            number = data_field("020", " ", " ", ("a", isbn(201)))
            create_record(session, "Của đồng nghiệp", fields=[number])
        assert "Thư viện đã có (1)" in browser.get(path).text, "come by another way"
        assert "Kiện tháng 11" in browser.get("/staff/targets/lists").text

    def test_it_is_handed_out_as_a_spreadsheet(self, begun: tuple[Any, str]) -> None:
        browser, path = begun
        book = openpyxl.load_workbook(io.BytesIO(browser.get(f"{path}/lines.xlsx?state=none").data))
        cells = [cell.value for row in book.active.iter_rows() for cell in row if cell.value]
        assert isbn(200) in cells
        assert isbn(1) not in cells

    def test_a_spreadsheet_is_a_list_too(
        self, staff_client: Any, province: Province, sru: Any
    ) -> None:
        with transaction() as session:
            actor = create_actor(session, "cataloguer", province.library)
        ids = add(actor, ("T", f"{sru.url}/shelf"))
        browser = staff_client("cataloguer")
        rows = [["Một", int(isbn(1))], ["Hai", isbn(2)], ["Ba", "9786040000010"]]
        file = (io.BytesIO(xlsx([("Sách", ["Nhan đề", "ISBN"], rows)])), "sach.xlsx")
        sent = {"file": file, "targets": [str(ids[0])]}
        begun = browser.post("/staff/targets/lists", data=sent, content_type="multipart/form-data")
        work()
        list_id = int(begun.location.rsplit("/", 1)[1])
        assert [state for state, _reason in states(list_id)] == ["one", "one", "wrong"]

    def test_what_is_missing_is_said_and_nothing_typed_is_lost(
        self, staff_client: Any, province: Province
    ) -> None:
        browser = staff_client("cataloguer")
        assert browser.post("/staff/targets/lists", data={}).status_code == 422
        refused = browser.post("/staff/targets/lists", data={"isbns": isbn(1)})
        assert refused.status_code == 422
        assert "ít nhất một nguồn" in refused.text
        assert "data-takes-scans" in refused.text, "a scanner's Enter is not the desk's here"
        assert isbn(1) in refused.text
        binary = {"file": (io.BytesIO(b"\xff\xfe\x00\xff\x93"), "x.bin")}
        refused = browser.post(
            "/staff/targets/lists", data=binary, content_type="multipart/form-data"
        )
        assert refused.status_code == 422

    def test_another_person_sees_nothing_of_it(
        self, begun: tuple[Any, str], staff_client: Any
    ) -> None:
        _browser, path = begun
        other = staff_client("cataloguer")
        assert other.get(path).status_code == 404
        assert other.post(path + "/act", data={"act": "forget"}).status_code == 404
        with reading() as session:
            line_id = session.scalars(select(IsbnLine.id)).first()
        assert other.get(f"/staff/targets/lists/lines/{line_id}").status_code == 404

    def test_it_is_forgotten_with_what_was_found(self, begun: tuple[Any, str]) -> None:
        browser, path = begun
        browser.post(path + "/act", data={"act": "forget"})
        with reading() as session:
            for table in (IsbnList, IsbnLine, TargetSearch, TargetAnswer):
                assert not session.scalars(select(table)).all()
