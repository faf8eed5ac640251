"""Real servers and a real browser for tests: gunicorn and the worker as ``./sen run`` starts them."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import axe_core_python
import pytest
from sqlalchemy import Engine

from bench.postgres import free_port
from ils.core.serve import ROOT, answers, gunicorn_command
from tests.setup import find

CHROMIUM_WORDS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--disable-extensions",
    "--js-flags=--no-opt --no-maglev",  # pages live for a second: their scripts are not worth it
]
WIDE = {"width": 1280, "height": 900}
PHONE = {"width": 360, "height": 740}


@dataclass
class Server:
    """The program as processes of their own, on one data folder."""

    data_dir: Path
    port: int
    database_url: str = ""
    workers: int = 1
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where it answers, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    def start(self, *, worker: bool = True) -> None:
        """Start the web server, and the worker unless told otherwise; wait until it answers."""
        self._spawn("web", gunicorn_command("127.0.0.1", self.port, self.workers, 4))
        if worker:
            self._spawn("worker", [sys.executable, "-m", "ils.cli", "worker"])
        deadline = time.monotonic() + 60
        while not (answers("127.0.0.1", self.port) and self._healthy()):
            if self.processes["web"].poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the server did not start:\n{self.log()}")
            time.sleep(0.05)

    def _healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def _spawn(self, name: str, command: list[str]) -> None:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("SEN_")}
        environment |= {"SEN_DATA_DIR": str(self.data_dir), "PYTHONPATH": str(ROOT)}
        if self.database_url:
            environment["SEN_DATABASE_URL"] = self.database_url
        with (self.data_dir / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def log(self) -> str:
        """Return the last of what both processes said."""
        files = [self.data_dir / f"{name}.log" for name in ("web", "worker")]
        return "\n".join(f.read_text("utf-8", "replace")[-3000:] for f in files if f.exists())

    def kill(self) -> None:
        """End everything at once, as a power cut does."""
        for process in self.processes.values():
            _signal_group(process, signal.SIGKILL)
        for process in self.processes.values():
            process.wait(timeout=10)
        self.processes.clear()

    def stop(self) -> None:
        """End everything cleanly."""
        for process in self.processes.values():
            _signal_group(process, signal.SIGTERM)
        for process in self.processes.values():
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                _signal_group(process, signal.SIGKILL)
                process.wait(timeout=10)
        self.processes.clear()


def _signal_group(process: subprocess.Popen[bytes], number: int) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return


@pytest.fixture
def live_server(sqlite_db: Engine, province: Any, tmp_path: Path) -> Iterator[Server]:
    """The program served for real on this test's own SQLite database, with a small province.

    The test may write beside it (``with transaction() as session: create_item(…)``).
    """
    server = Server(tmp_path, free_port())
    server.start()
    yield server
    server.stop()


@pytest.fixture
def postgres_server(postgres_db: Engine, tmp_path: Path) -> Iterator[Server]:
    """The program served for real on this test's own PostgreSQL database, with a small province."""
    from ils.core import db
    from tests.factories import create_province

    with db.transaction() as opened:
        create_province(opened)
    url = postgres_db.url.render_as_string(hide_password=False)
    server = Server(tmp_path, free_port(), database_url=url)
    server.start()
    yield server
    server.stop()


# -- the browser -------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A headless Chromium, one for the session."""
    from playwright.sync_api import sync_playwright

    program = find("chromium")
    if program is None:
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=program, headless=True, args=CHROMIUM_WORDS
        )
        yield opened
        opened.close()


@dataclass
class Complaints:
    """What the pages of one test complained of: console errors, scripts, foreign hosts."""

    said: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def expect(self, words: str) -> None:
        """Let pass complaints that hold these words (a page that is refused on purpose)."""
        self.expected.append(words)

    def unexpected(self) -> list[str]:
        """Return what nobody expected."""
        return [s for s in self.said if not any(words in s for words in self.expected)]


@pytest.fixture
def complaints() -> Complaints:
    """Collects what the pages complain of; the test fails at its end when there was anything."""
    return Complaints()


@pytest.fixture
def new_page(browser: Any, complaints: Complaints) -> Iterator[Callable[..., Any]]:
    """Open pages of separate visitors: ``new_page(PHONE)``, ``new_page(javascript=False)``."""
    contexts = []

    def opened(viewport: dict[str, int] | None = None, *, javascript: bool = True) -> Any:
        context = browser.new_context(
            viewport=viewport or WIDE,
            locale="vi-VN",
            timezone_id="Asia/Ho_Chi_Minh",
            java_script_enabled=javascript,
            reduced_motion="reduce",
        )
        contexts.append(context)
        context.set_default_timeout(15_000)
        page = context.new_page()
        page.on("console", lambda message: _note_console(complaints, message))
        page.on("pageerror", lambda error: complaints.said.append(f"script: {error}"))
        page.on("request", lambda request: _note_foreign(complaints, request))
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not complaints.unexpected(), complaints.unexpected()


@pytest.fixture
def page(new_page: Callable[..., Any]) -> Any:
    """A page at desk width; a console error or a call to a foreign host fails the test."""
    return new_page()


def _note_console(complaints: Complaints, message: Any) -> None:
    if message.type == "error":
        complaints.said.append(f"{message.type}: {message.text} ({message.location.get('url')})")


def _note_foreign(complaints: Complaints, request: Any) -> None:
    if not request.url.startswith(("http://127.0.0.1", "data:", "blob:", "about:")):
        complaints.said.append(f"foreign host: {request.url}")


AXE = Path(axe_core_python.__file__).with_name("axe.min.js")
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]


@cache
def _axe_script() -> str:
    """axe-core, whose rule on contrast, four fifths of its time, looks at what is marked only."""
    rule = "{rules: [{id: 'color-contrast', selector: '[data-contrast]'}]}"
    return f"{AXE.read_text('utf-8')};axe.configure({rule});"


# Marks each text whose look none of ``known`` has, and returns the looks marked. A look is all its
# contrast is told from: letters, and what lies below and around them up to the page.
_MARK_TEXTS = """([but, known]) => {
  const seen = new Set(known.split("\\n")), looks = new Map(), fresh = [];
  for (const marked of document.querySelectorAll("[data-contrast]"))
    marked.removeAttribute("data-contrast");
  for (const element of document.querySelectorAll("body, body *")) {
    const style = getComputedStyle(element), name = element.getAttribute("class");
    const painted = [style.backgroundColor, style.backgroundImage, style.opacity, style.position,
      style.float, style.transform, style.filter, style.mixBlendMode, style.clipPath].join();
    let look = looks.get(element.parentElement) ?? "";
    if (painted !== "rgba(0, 0, 0, 0),none,1,static,none,none,none,normal,none")
      look += `/${name}:${painted}`;
    looks.set(element, look);
    const told = element.matches("input, select, textarea")
      || [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
    if (!told || !element.checkVisibility({visibilityProperty: true})) continue;
    if (but && element.closest(but)) continue;
    const owner = element.closest("label")?.control ?? element;
    look += [element.localName, name, style.color, style.fontSize, style.fontWeight,
      style.textShadow, style.textIndent, owner.matches(":disabled"),
      Boolean(element.closest("[aria-disabled=true]"))].join();
    if (seen.has(look)) continue;
    seen.add(look);
    fresh.push(look);
    element.setAttribute("data-contrast", "");
  }
  return fresh.join("\\n");
}"""


def axe(page: Any, but: str = "", known: set[str] | None = None) -> list[str]:
    """Return the violations of WCAG 2.1 A and AA that axe-core finds on a page, as lines.

    ``but`` selects what is left out, for parts that were looked at on another page. ``known`` are
    the looks of texts whose contrast was measured on other pages; those of this page come to it.
    """
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(_axe_script())
    known = set() if known is None else known
    known.update(page.evaluate(_MARK_TEXTS, [but, "\n".join(known)]).split("\n"))
    found = page.evaluate(
        """([tags, but]) => axe.run(
            but ? {include: [['html']], exclude: [[but]]} : document,
            {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']})""",
        [WCAG, but],
    )
    return [
        f"{v['id']} ({v['impact']}): {v['help']} — {node['target']} {node['html'][:160]}"
        for v in found["violations"]
        for node in v["nodes"]
    ]


def overflow(page: Any) -> int:
    """Return by how many pixels a page is wider than its window (0 is right)."""
    return int(
        page.evaluate(
            "() => Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth)"
        )
    )


def press(page: Any, keys: str) -> None:
    """Press keys once the page hears them: what is seen already may still wait for its scripts.

    Chromium drops the keys of a page of which it has drawn nothing yet. A figure waits as a person
    does: in a page's first moment it could be the end of a scan.
    """
    page.wait_for_load_state()
    page.wait_for_function("() => performance.getEntriesByType('paint').length > 0")
    if keys.isdigit():
        page.wait_for_function("() => performance.now() > 200")
    page.keyboard.press(keys)


def sign_in_staff(page: Any, server: Server, username: str, password: str) -> None:
    """Sign a member of staff in by the page."""
    page.goto(f"{server.url}/staff/sign-in")
    page.fill("[name=username]", username)
    page.fill("[name=password]", password)
    page.click("main form [type=submit]")
    page.wait_for_url(lambda url: "/sign-in" not in url)
