"""``./sen bench pages``: what a first visit to a page weighs.

A real Chromium with an empty cache opens each page of the program as ``./sen run`` serves it. What
its network layer received counts: answers as they came (gzip) with their headers, every resource
the page asked for.
"""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import click

from bench.books import book
from bench.measure import Results, scratch, scratch_database, tell
from bench.province import (
    PASSWORD,
    Library,
    Reader,
    found_province,
    hire,
    register_readers,
    stock,
)
from bench.server import Server, serving, wait_for_index
from circulation.checkout import check_out
from circulation.desk import perform
from circulation.patrons.models import Patron
from ils.accounts.actor import Actor
from ils.accounts.passwords import hash_password
from ils.core.db import reading, transaction
from ils.org.units import unit

RECORDS: Final = 5000
KB: Final = 1024
WORDS: Final = [
    *("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update"),
]


@dataclass
class Weight:
    """What one visit brought over the wire."""

    bytes: int = 0
    requests: list[str] = field(default_factory=list)
    seconds: float = 0.0


def run(records: int | None = None, as_json: bool = False) -> None:
    """Measure and print."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        raise click.ClickException("Chromium is not installed: pages cannot be weighed")
    count = max(records or RECORDS, 50)
    results = Results("pages", {"records": count})
    with scratch("pages") as folder, scratch_database(folder) as config:
        tell(f"making {count:,} records")
        library, *_ = found_province(3)
        stock([library], count)
        reader, *_ = register_readers(library, 20)
        hire(library, 1)
        _lend(library, reader)
        with serving(config) as server, _opened(chromium) as browser:
            wait_for_index(server.port)
            for name, path, who in _pages(library, reader):
                tell(f"weighing {path}")
                _note(results, name, _weigh(browser, server, path, who, reader))
    results.show(as_json=as_json)


def _pages(library: Library, reader: Reader) -> list[tuple[str, str, str]]:
    here = f"/{library.slug}"
    return [
        ("home of the province", "/", ""),
        ("home of a library", here + "/", ""),
        ("results, 20 of many", f"{here}/search?q=l%E1%BB%8Bch+s%E1%BB%AD", ""),
        ("one title", f"{here}/record/7", ""),
        ("sign-in of readers", f"{here}/account/sign-in", ""),
        ("account with loans", f"{here}/account", "reader"),
        ("desk, empty", "/staff/desk", "staff"),
        ("desk, a reader open", f"/staff/desk?patron={reader.id}", "staff"),
    ]


def _note(results: Results, name: str, weight: Weight) -> None:
    public = "desk" not in name
    key = name.replace(",", "").replace(" ", "_")
    kb, most = weight.bytes / KB, len(weight.requests)
    results.add(f"{key}_kb", name, kb, "KB on the wire", at_most=60 if public else None)
    results.add(f"{key}_requests", name, most, "requests", at_most=12 if public else None)
    results.add(f"{key}_ms", name, weight.seconds * 1000, "ms until loaded")


def _lend(library: Library, reader: Reader) -> None:
    """Give the reader a password and five loans."""
    with reading() as session:
        here = unit(session, library.branches[0])
    actor = Actor(
        name="đo",
        unit_id=here.id,
        unit_path=here.path,
        library_id=library.id,
        all_rights=True,
    )
    for n in range(5):
        code = book(n).barcode
        perform(check_out, actor, barcode=code, patron_id=reader.id, key=f"pages-{n}")
    with transaction() as session:
        patron = session.get_one(Patron, reader.id)
        patron.password_hash = hash_password(PASSWORD)
        patron.must_change_password = False


# The browser.


@contextmanager
def _opened(program: str) -> Iterator[Any]:
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise click.ClickException("playwright is missing: ./sen test brings it in") from error
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, headless=True, args=WORDS)
        try:
            yield browser
        finally:
            browser.close()


def _weigh(browser: Any, server: Server, path: str, who: str, reader: Reader) -> Weight:
    """Open a page as somebody's first one; only signing in, where needed, comes before it."""
    home = f"http://127.0.0.1:{server.port}"
    context = browser.new_context(locale="vi-VN", viewport={"width": 1280, "height": 900})
    try:
        page = context.new_page()
        if who:
            _sign_in(page, home, path, who, reader)
        network = context.new_cdp_session(page)
        network.send("Network.enable")
        network.send("Network.clearBrowserCache")
        weight, asked = Weight(), {}
        network.on("Network.requestWillBeSent", lambda e: asked.update({e["requestId"]: e}))

        def arrived(event: dict[str, Any]) -> None:
            url = asked.get(event["requestId"], {}).get("request", {}).get("url", "")
            if url.startswith("http"):
                weight.bytes += int(event["encodedDataLength"])
                weight.requests.append(url.removeprefix(home))

        network.on("Network.loadingFinished", arrived)
        began = time.perf_counter()
        answer = page.goto(home + path, wait_until="load")
        weight.seconds = time.perf_counter() - began
        page.wait_for_load_state("networkidle")
        if answer is None or answer.status != 200:
            raise RuntimeError(f"{path} answered {answer and answer.status}")
        return weight
    finally:
        context.close()


def _sign_in(page: Any, home: str, path: str, who: str, reader: Reader) -> None:
    if who == "staff":
        page.goto(f"{home}/staff/sign-in")
        page.fill("[name=username]", "quay1")
    else:
        page.goto(f"{home}{path}/sign-in")
        page.fill("[name=card]", reader.card)
    page.fill("[name=password]", PASSWORD)
    page.click("main form [type=submit]")
    page.wait_for_load_state("load")
