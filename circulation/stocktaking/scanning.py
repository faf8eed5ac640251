"""Scans of a stock-taking: from a page, a phone that was without a line, a data collector's file.

Many people scan at once, and a scan may come twice: its key makes it one, and a copy seen by two is
a copy seen.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from cataloging.models import Item, Record
from cataloging.numbers import barcode_key
from circulation.facts import Found, find_scanned
from circulation.rules.shelf_order import out_of_order
from circulation.stocktaking.models import StockTake, StockTakeItem, StockTakeScan
from circulation.stocktaking.takes import add_met, branch_of_scanner, take_for
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.errors import Invalid, Refused

MOST_AT_ONCE = 2000
LONGEST_FILE = 4_000_000
FOUND, AGAIN, ELSEWHERE, UNKNOWN, WITHDRAWN = "found", "again", "elsewhere", "unknown", "withdrawn"
CARD = "card"  # a reader's card scanned by mistake: told, and not written down


@dataclass(frozen=True)
class Scan:
    """A scan as it comes in. ``at`` is the scanner's own clock, None for now."""

    key: str
    code: str
    at: datetime | None = None
    place: str = ""
    damaged: bool = False


@dataclass(frozen=True)
class Heard:
    """What a scan came to."""

    key: str
    code: str
    outcome: str
    title: str = ""
    call_number: str = ""
    accession_no: str = ""


def record_scans(
    session: Session, actor: Actor, take_id: int, scans: Sequence[Scan], *, scanner: str = ""
) -> list[Heard]:
    """Write scans down and say what each came to. Sent again, they change nothing.

    Raises ``Refused`` when the count has not begun or is over; nothing is written then.
    """
    take = take_for(session, actor, take_id)
    if take.state != "counting":
        raise Refused("stock_take_state", state=take.state)
    if len(scans) > MOST_AT_ONCE:
        raise Invalid("too_many_scans", most=MOST_AT_ONCE)
    at = branch_of_scanner(session, actor, take)
    known = _known(session, take.id, [one.key[:80] for one in scans])
    heard = []
    for one in scans:
        row = known.get(one.key[:80])
        if row is None:
            found = find_scanned(session, one.code, take.library_id)
            if found.card_id is not None and found.item_id is None:
                heard.append(Heard(one.key, barcode_key(one.code), CARD))
                continue
            row = _write(session, actor, take, one, found, at, scanner)
            known[one.key[:80]] = row
        heard.append(_heard(session, row))
    return heard


def _known(session: Session, take_id: int, keys: Sequence[str]) -> dict[str, StockTakeScan]:
    found: dict[str, StockTakeScan] = {}
    for n in range(0, len(keys), 500):
        rows = session.scalars(
            select(StockTakeScan).where(
                StockTakeScan.take_id == take_id, StockTakeScan.key.in_(keys[n : n + 500])
            )
        )
        found |= {row.key: row for row in rows}
    return found


def _write(
    session: Session,
    actor: Actor,
    take: StockTake,
    one: Scan,
    found: Found,
    at: int,
    scanner: str,
) -> StockTakeScan:
    now = clock.now()
    outcome = UNKNOWN
    if found.item_id is not None:
        outcome = _see(session, take, found.item_id, one, at, now)
    row = StockTakeScan(
        take_id=take.id,
        key=one.key[:80],
        code=barcode_key(one.code)[:60],
        item_id=found.item_id,
        outcome=outcome,
        place=one.place.strip()[:60],
        scanner=scanner[:40],
        branch_id=at,
        scanned_at=_believable(one.at, take, now),
        staff_id=actor.staff_id,
    )
    session.add(row)
    session.flush()
    return row


def _see(session: Session, take: StockTake, item_id: int, one: Scan, at: int, now: datetime) -> str:
    row = session.scalar(
        select(StockTakeItem).where(
            StockTakeItem.take_id == take.id, StockTakeItem.item_id == item_id
        )
    ) or add_met(session, take.id, item_id)
    seen = session.execute(  # whoever is first has seen it; a second one changes nothing
        update(StockTakeItem)
        .where(StockTakeItem.id == row.id, StockTakeItem.seen_at.is_(None))
        .values(seen_at=now, seen_branch_id=at)
    )
    if one.damaged and not row.damaged:
        session.execute(
            update(StockTakeItem).where(StockTakeItem.id == row.id).values(damaged=True)
        )
    session.expire(row)
    if not seen.rowcount:  # type: ignore[attr-defined]
        return AGAIN
    if row.lifecycle == "withdrawn":
        return WITHDRAWN
    return FOUND if row.in_scope and row.branch_id == at else ELSEWHERE


def _believable(at: datetime | None, take: StockTake, now: datetime) -> datetime:
    """Return a scanner's time where it can be right: after the freezing, not in the future."""
    if at is None or take.frozen_at is None:
        return now
    return at if take.frozen_at <= at <= now + timedelta(minutes=5) else now


def _heard(session: Session, row: StockTakeScan) -> Heard:
    if row.item_id is None:
        return Heard(row.key, row.code, row.outcome)
    item = session.get_one(Item, row.item_id)
    record = session.get_one(Record, item.record_id)
    call_number = item.call_number or record.call_number
    return Heard(row.key, row.code, row.outcome, record.title, call_number, item.accession_no or "")


def take_back_scan(session: Session, actor: Actor, take_id: int, key: str) -> bool:
    """Take a scan back that was a mistake; the copy counts as not seen if no other scan saw it."""
    take = take_for(session, actor, take_id)
    if take.state != "counting":
        raise Refused("stock_take_state", state=take.state)
    row = session.scalar(
        select(StockTakeScan).where(StockTakeScan.key == key, StockTakeScan.take_id == take.id)
    )
    if row is None:
        return False
    item_id = row.item_id
    session.delete(row)
    session.flush()
    if item_id is not None:
        others = select(StockTakeScan.id).where(
            StockTakeScan.take_id == take.id, StockTakeScan.item_id == item_id
        )
        if session.scalar(others.limit(1)) is None:
            session.execute(
                update(StockTakeItem)
                .where(StockTakeItem.take_id == take.id, StockTakeItem.item_id == item_id)
                .values(seen_at=None, seen_branch_id=None, damaged=False)
            )
    return True


# --- a data collector's file -----------------------------------------------------------------

_MOMENTS = ("%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S")


def read_collector(content: bytes, name: str) -> list[Scan]:
    """Read the file of a data collector: a code a line, perhaps a time and a place behind it.

    Separators are tabs, semicolons or commas. Keys come from the file's content and the line, so
    the same file given twice counts once. Raises ``Invalid`` for what is no such file.
    """
    if len(content) > LONGEST_FILE or b"\0" in content[:4096].replace(b"\xff\xfe", b""):
        raise Invalid("collector_unreadable", field="file", name=name)
    text = content.decode("utf-8-sig", "replace")
    scans, file = [], _fingerprint(content)
    for number, line in enumerate(text.splitlines(), 1):
        parts = [part.strip().strip('"') for part in re.split(r"[\t;,]", line)]
        if not parts[0]:
            continue
        moment = next((m for m in map(_moment, parts[1:]) if m is not None), None)
        words = [p for p in parts[1:] if p and _moment(p) is None and not _is_figure(p)]
        key = f"file-{file}-{number}"
        scans.append(Scan(key, parts[0], moment, words[0] if words else ""))
    return scans


def _fingerprint(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:20]


def _moment(text: str) -> datetime | None:
    for form in _MOMENTS:
        try:
            return datetime.strptime(text, form).replace(tzinfo=clock.ZONE)
        except ValueError:
            continue
    return None


def _is_figure(text: str) -> bool:
    return text.isdecimal() and len(text) < 5  # a quantity column


# --- shelf order -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Strayed:
    """A copy out of order: met between two others, with the one it should follow."""

    scan: StockTakeScan
    item: Item
    title: str
    call_number: str
    after: Item | None
    after_call_number: str = ""


_Met = tuple[StockTakeScan, Item, str, str]  # with title and call number


def out_of_place(session: Session, take: StockTake) -> list[Strayed]:
    """Return the copies that stood out of order, by the way each scanner went along the shelves."""
    rows = session.execute(
        select(StockTakeScan, Item, Record.title, Record.call_number)
        .join(Item, Item.id == StockTakeScan.item_id)
        .join(Record, Record.id == Item.record_id)
        .where(StockTakeScan.take_id == take.id, StockTakeScan.outcome == FOUND)
        .order_by(
            StockTakeScan.scanner,
            StockTakeScan.place,
            StockTakeScan.scanned_at,
            StockTakeScan.id,
        )
    ).all()
    ways: dict[tuple[str, str], list[_Met]] = {}
    for scan, item, title, of_title in rows:
        if item.call_sort:
            met = (scan, item, title, item.call_number or of_title)
            ways.setdefault((scan.scanner, scan.place), []).append(met)
    found: list[Strayed] = []
    for way in ways.values():
        found += _strayed(way)
    return found


def _strayed(way: Sequence[_Met]) -> Iterable[Strayed]:
    keys = [_stands(item) for _scan, item, _title, _call_number in way]
    astray = set(out_of_order(keys))
    right = sorted((key, n) for n, key in enumerate(keys) if n not in astray)
    for n in sorted(astray):
        scan, item, title, call_number = way[n]
        before = [place for key, place in right if key <= keys[n]]
        after, after_call = (way[before[-1]][1], way[before[-1]][3]) if before else (None, "")
        yield Strayed(scan, item, title, call_number, after, after_call)


def _stands(item: Item) -> tuple[str, str, str]:
    return (item.shelf, item.call_sort, item.accession_key or "")
