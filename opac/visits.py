"""Counting searches and visits without slowing a page.

Counts gather in memory and are written a few seconds later by a timer, as one event per site,
kind and day. Robots are left out. A crash loses at most the last seconds of counts.
"""

import atexit
import logging
import re
import threading
import time
from collections import Counter
from datetime import UTC, date, datetime
from datetime import time as wall_time

from flask import request, session

from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.config import config
from ils.core.db import transaction
from ils.core.events import publish_event
from opac.events import OpacSearched, SiteVisited

log = logging.getLogger("sen.opac")

SECONDS = 5.0
HALF_HOUR = 1800
ROBOTS = re.compile(
    r"(?<!cu)bot|crawl|spider|slurp|search|fetch|monitor|preview|facebookexternal|curl|wget|python|"
    r"httpx|go-http|java/|headless|lighthouse|archiver|scan",
    re.IGNORECASE,
)

_Key = tuple[str, int, int | None, bool, date]
_counts: Counter[_Key] = Counter()
_lock = threading.Lock()
_timer: list[threading.Timer] = []


def is_robot() -> bool:
    """Tell whether the request comes from a program that names itself, or names nothing."""
    agent = request.headers.get("User-Agent", "")
    return not agent or ROBOTS.search(agent) is not None


def count_visit(unit_id: int, library_id: int | None) -> None:
    """Count a visit unless this browser was seen within half an hour."""
    if is_robot():
        return
    now = int(time.time())
    last = session.get("seen", 0)
    if now - last >= HALF_HOUR:
        _add(("site_visited", unit_id, library_id, False, clock.today()))
    if now - last >= HALF_HOUR or now - last > HALF_HOUR // 6:
        session["seen"] = now


def count_search(unit_id: int, library_id: int | None, *, zero: bool) -> None:
    """Count a search made by a person."""
    if not is_robot():
        _add(("opac_searched", unit_id, library_id, zero, clock.today()))


def _add(key: _Key) -> None:
    with _lock:
        _counts[key] += 1
        if not _timer and not config().testing:
            timer = threading.Timer(SECONDS, flush)
            timer.daemon = True
            _timer.append(timer)
            timer.start()


def flush() -> None:
    """Write the gathered counts to the event log."""
    with _lock:
        gathered = dict(_counts)
        _counts.clear()
        _timer.clear()
    if not gathered:
        return
    public = Actor(name="public", channel="opac")
    try:
        with transaction() as db:
            for (kind, unit_id, library_id, zero, day), quantity in gathered.items():
                happened = OpacSearched(zero=zero) if kind == "opac_searched" else SiteVisited()
                publish_event(
                    db,
                    public,
                    happened,
                    unit_id=unit_id,
                    library_id=library_id,
                    effective_at=_moment_on(day),
                    effective_on=day,
                    quantity=quantity,
                    place="opac",
                )
    except Exception:  # a timer thread has nobody above it; counts are tried again
        log.exception("public counts could not be written")
        with _lock:
            _counts.update(gathered)


def _moment_on(day: date) -> datetime:
    """Return now, or the end of the day a count belongs to when midnight has passed."""
    if day == clock.today():
        return clock.now()
    return datetime.combine(day, wall_time(23, 59), clock.ZONE).astimezone(UTC)


atexit.register(flush)
