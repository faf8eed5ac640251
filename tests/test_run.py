"""``./sen run`` itself: a fresh clone, an empty library, a backup taken while the desk lends."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from bench.laws import check_all
from bench.postgres import free_port
from bench.server import Visitor
from cataloging.models import Item
from circulation.models import Loan, PolicyRow
from ils.core import db
from ils.core.config import Config, use
from ils.core.migrate import upgrade_database
from ils.core.serve import ROOT
from tests.factories import (
    PASSWORD,
    create_item,
    create_patron,
    create_province,
    create_staff_account,
)
from tests.live import PHONE, Server, axe, overflow

pytestmark = pytest.mark.slow

READY = "Ctrl-C ends it."
FIRST_START = 400  # seconds: the sample takes one or two minutes on a quiet machine
BOOKS = 400


def environment() -> dict[str, str]:
    """Return an environment without our settings, with the packages that are installed here."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("SEN_", "PYTHON"))}
    return kept | {"SEN_VENV": sys.prefix}


class Running:
    """``./sen run`` in a folder, as somebody at a terminal sees it."""

    def __init__(self, folder: Path, said_in: Path, *words: str) -> None:
        self.port = free_port()
        self.said_in = said_in
        with self.said_in.open("wb") as out:
            self.process = subprocess.Popen(
                [str(folder / "sen"), "run", "--port", str(self.port), *words],
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def said(self) -> str:
        """Return what stands on the terminal."""
        return self.said_in.read_text("utf-8")

    def wait(self, seconds: float) -> str:
        """Wait until it is ready; return what it said."""
        deadline = time.monotonic() + seconds
        while READY not in self.said():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.1)
        return self.said()

    def interrupt(self) -> int:
        """Press Ctrl-C; return the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=40)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Start ``./sen run`` in a folder: ``start(folder, "--empty")``."""
    started: list[Running] = []

    def begin(folder: Path, *words: str) -> Running:
        said_in = tmp_path / f"said-{len(started)}.log"
        started.append(Running(folder, said_in, *words))
        return started[-1]

    yield begin
    for running in started:
        running.interrupt()


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A fresh clone of what is committed."""
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.fail("this copy of the project has no history to clone")
    folder = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True, timeout=60)
    return folder


def answer(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=30) as got:
        assert got.status == 200
        return got.read().decode()


def test_a_fresh_clone_serves_the_sample_province(
    clone: Path, start: Callable[..., Running]
) -> None:
    first = start(clone)
    said = first.wait(FIRST_START)
    assert f"{first.url}/" in said
    assert json.loads(answer(f"{first.url}/healthz"))
    assert 'lang="vi"' in answer(f"{first.url}/")
    # The accounts it prints are those that sign in.
    part = said.partition("Sample accounts")[2].partition("Sample patrons")
    staff = re.findall(r"^\s+(\S+)\s+(\S+)\s+\S.*, .*$", part[0], re.M)
    readers = re.findall(r"^\s+(\S+)\s+(\S+)\s+\S.*, .*$", part[2], re.M)
    assert len(staff) > 4
    assert len(readers) > 1
    for username, password in staff[:2]:
        visitor = Visitor(first.port)
        visitor.get("/staff/sign-in")
        visitor.post("/staff/sign-in", {"username": username, "password": password})
        assert "/staff/sign-in" not in visitor.get("/staff/")  # it leads to one's own work
        visitor.close()
    reader = Visitor(first.port)
    reader.get("/account/sign-in")
    reader.post("/account/sign-in", {"card": readers[0][0], "password": readers[0][1]})
    assert readers[0][0] in reader.get("/account")
    reader.close()
    assert first.interrupt() == 0
    # Everything it made lies in one folder that git does not see; the second start makes nothing.
    git = ["git", "-C", str(clone), "status", "--porcelain"]
    changed = subprocess.run(git, capture_output=True, text=True, check=True).stdout
    assert changed == ""
    second = start(clone)
    said = second.wait(60)
    assert "making the sample" not in said
    assert "Sample accounts" in said
    assert json.loads(answer(f"{second.url}/api/v1/search?q=truyen"))["total"] > 0
    assert second.interrupt() == 0


@pytest.mark.browser
def test_an_empty_start_asks_for_the_library_and_its_administrator(
    tmp_path: Path, new_page: Callable[..., Any], start: Callable[..., Running]
) -> None:
    running = start(ROOT, "--empty", "--data", str(tmp_path / "var"))
    said = running.wait(90)
    assert "Sample" not in said
    page = new_page(PHONE)
    page.goto(f"{running.url}/")
    page.wait_for_url("**/first-run")
    assert axe(page) == []
    assert overflow(page) == 0
    page.fill("[name=name]", "Thư viện huyện Yên Thế")
    page.fill("[name=province]", "Bắc Giang")
    page.fill("[name=branch]", "Phòng mượn")
    page.fill("[name=username]", "quantri")
    page.fill("[name=password]", "hoa-sen-trong-ao")
    page.fill("[name=again]", "hoa-sen-trong-ao")
    page.click("main form [type=submit]")
    page.wait_for_url("**/staff/sign-in*")
    page.fill("[name=username]", "quantri")
    page.fill("[name=password]", "hoa-sen-trong-ao")
    page.click("main form [type=submit]")
    page.wait_for_url(lambda url: "/sign-in" not in url)
    page.goto(f"{running.url}/staff/desk")
    page.locator("[data-scan]").first.wait_for()
    page.goto(f"{running.url}/")
    page.locator("text=Thư viện huyện Yên Thế").first.wait_for()
    assert page.request.get(f"{running.url}/first-run").status == 404  # asked once only


def sen(*words: str) -> str:
    """Run the command and return what it said; it must succeed."""
    done = subprocess.run(
        [str(ROOT / "sen"), *words],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


class Desk(threading.Thread):
    """A desk that lends one book after another until it is told to stop."""

    def __init__(self, visitor: Visitor, patron: int, barcodes: list[str]) -> None:
        super().__init__(daemon=True)
        self.visitor, self.patron, self.barcodes = visitor, patron, barcodes
        self.lent: list[str] = []
        self.enough = threading.Event()

    def run(self) -> None:
        for n, barcode in zip(count(), self.barcodes, strict=False):
            if self.enough.is_set():
                return
            facts = {"scan": barcode, "patron": str(self.patron), "key": f"desk-{n}"}
            said = json.loads(self.visitor.post("/staff/desk/scan", facts, fetch=True))
            if said["tone"] == "green":
                self.lent.append(barcode)

    def wait_for(self, many: int) -> None:
        """Wait until this many books have gone out."""
        deadline = time.monotonic() + 60
        while len(self.lent) < many:
            assert self.is_alive(), "the desk has ended"
            assert time.monotonic() < deadline
            time.sleep(0.02)


def lent_now() -> dict[str, int]:
    """Return how often each book that is out is out."""
    with db.reading() as session:
        check_all(session)
        query = select(Item.barcode, func.count()).join(Loan, Loan.item_id == Item.id)
        return {str(code): many for code, many in session.execute(query.group_by(Item.barcode))}


def test_a_backup_taken_while_the_desk_lends_brings_back_every_loan_before_it(
    tmp_path: Path,
) -> None:
    use(Config(data_dir=tmp_path, database_url="", secret_key="test", testing=True))
    upgrade_database()
    with db.transaction() as session:
        province = create_province(session)
        session.scalars(select(PolicyRow)).one().values = {"limit_total": None}
        username = create_staff_account(session, "clerk", province.branch)
        patron = create_patron(session, province.branch)
        items = [create_item(session, province.branch) for _ in range(BOOKS)]
    server = Server(tmp_path, free_port())
    server.start()
    try:
        visitor = Visitor(server.port)
        visitor.sign_in(username, PASSWORD)
        desk = Desk(visitor, patron.id, [str(item.barcode) for item in items])
        desk.start()
        desk.wait_for(10)
        before = list(desk.lent)
        said = sen("backup", str(tmp_path / "sen.backup"), "--data", str(tmp_path))
        desk.wait_for(len(desk.lent) + 3)  # it was not stopped by the backup
        desk.enough.set()
        desk.join(timeout=60)
    finally:
        server.stop()
    assert "rows" in said
    assert lent_now() == dict.fromkeys(desk.lent, 1)
    db.disconnect()
    sen("restore", str(tmp_path / "sen.backup"), "--data", str(tmp_path))
    use(Config(data_dir=tmp_path, database_url="", secret_key="test", testing=True))
    db.connect()
    back = lent_now()
    assert set(before) <= back.keys()
    assert back == dict.fromkeys(desk.lent[: len(back)], 1)  # a moment of the day, whole
    assert len(back) < len(desk.lent)
    # And the day goes on: the same sign-in, the next book.
    server.start()
    try:
        facts = {"scan": desk.lent[-1], "patron": str(patron.id), "key": "after"}
        again = json.loads(visitor.post("/staff/desk/scan", facts, fetch=True))
        assert again["tone"] == "green"
    finally:
        server.stop()
    assert lent_now()[desk.lent[-1]] == 1
    db.disconnect()
