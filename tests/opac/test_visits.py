"""Counting searches and visits: people only, never who, and cheaply."""

from typing import Any

import pytest
from sqlalchemy import select

from ils.core import db
from ils.core.events import EventRow
from opac import visits
from tests.conftest import count_queries
from tests.opac.conftest import NOBODY


@pytest.fixture(autouse=True)
def _nothing_gathered() -> None:
    visits._counts.clear()


def counted(kind: str) -> list[EventRow]:
    visits.flush()
    with db.reading() as session:
        return list(session.scalars(select(EventRow).where(EventRow.kind == kind)))


def test_a_browser_seen_again_within_half_an_hour_is_one_visit(
    client: Any, province: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1_800_000_000.0]
    monkeypatch.setattr(visits.time, "time", lambda: now[0])
    for minutes in (0, 10, 25, 50):
        now[0] = 1_800_000_000 + minutes * 60
        client.get("/", headers=NOBODY)
    now[0] += 31 * 60
    client.get(f"/{province.library.slug}/", headers=NOBODY)
    rows = counted("site_visited")
    assert sum(row.quantity for row in rows) == 2
    assert {row.library_id for row in rows} == {None, province.library.id}
    assert all(row.patron_ref is None and row.actor_id is None for row in rows)


def test_searches_are_counted_with_those_that_found_nothing(
    client: Any, province: Any, title: Any
) -> None:
    client.get("/search?q=dat+rung", headers=NOBODY)
    client.get("/search?q=dat+rung&page=2", headers=NOBODY)
    client.get("/search?q=dat+rung&language=vie", headers=NOBODY)
    client.get("/search", headers=NOBODY)
    client.get("/search?q=zzzz", headers=NOBODY)
    found = {row.facts["zero"]: row.quantity for row in counted("opac_searched")}
    assert found == {False: 1, True: 1}


def test_many_searches_become_one_event(client: Any, province: Any, title: Any) -> None:
    for _ in range(5):
        client.get("/search?q=dat+rung", headers=NOBODY)
    assert [row.quantity for row in counted("opac_searched")] == [5]


@pytest.mark.parametrize(
    "agent",
    ["", "Googlebot/2.1", "python-requests/2.3", "facebookexternalhit/1.1", "curl/8", "Bytespider"],
)
def test_robots_are_not_counted(client: Any, province: Any, agent: str) -> None:
    client.get("/search?q=x", headers={"User-Agent": agent})
    assert counted("opac_searched") == []
    assert counted("site_visited") == []


def test_a_telephone_of_the_brand_cubot_is_no_robot(client: Any, province: Any) -> None:
    client.get("/search?q=x", headers={"User-Agent": "Mozilla/5.0 (Linux; Android 9; CUBOT X19)"})
    assert len(counted("opac_searched")) == 1


def test_counting_writes_nothing_while_a_page_is_made(
    client: Any, province: Any, title: Any, sqlite_db: Any
) -> None:
    with count_queries(sqlite_db) as sent:
        client.get("/search?q=dat+rung", headers=NOBODY)
    assert not [s for s in sent if s.lstrip().upper().startswith(("INSERT", "UPDATE"))]
