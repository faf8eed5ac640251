"""Pages of a register: what waits for the next one, printing as final, and whether a page is whole.

A page printed as final is frozen with its content and a hash that also covers the page before. What
a line says is compared with what it said last; where they differ, a correction in red waits for
the next page, with who made the change and when. Its figures are the differences, so that the
totals carried forward stay true.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cataloging.models import Item, RecordVersion
from cataloging.permissions import EDIT_ITEM
from cataloging.stockbook.books.models import RegisterPage
from cataloging.stockbook.books.shelf import Book, Line, book_for
from cataloging.stockbook.weeding.work import library_at_work
from ils.accounts.actor import Actor
from ils.accounts.models import Staff
from ils.core import clock
from ils.core.audit import AuditEntry, audit
from ils.core.errors import Refused
from ils.org.models import OrgUnit
from ils.org.office import office_of
from ils.org.units import unit
from ils.printing.listing import FIGURES as NUMBERS
from ils.printing.listing import written

LAYOUT = 2
MOST_PAGES = 50  # frozen or printed at once
LETTERS = 36  # of the small red type, in a line of the narrow columns
ACTS_ON_ITEMS = ("item_changed", "item_withdrawn", "item_withdrawal_undone")
AT_ONCE = 500


@dataclass(frozen=True)
class Was:
    """What a frozen line said last of one thing, and where it stands."""

    state: dict[str, Any]
    page: int
    line: int
    struck: bool
    at: datetime


def pages_of(
    session: Session, book: Book, first: int = 1, last: int | None = None
) -> Sequence[RegisterPage]:
    """Return the frozen pages of a book, in order."""
    query = select(RegisterPage).where(
        RegisterPage.library_id == book.library_id, RegisterPage.book == book.code
    )
    query = query.where(RegisterPage.page_no >= first)
    if last is not None:
        query = query.where(RegisterPage.page_no <= last)
    return session.scalars(query.order_by(RegisterPage.page_no)).all()


def frozen_counts(session: Session, library_id: int) -> dict[str, tuple[int, int]]:
    """Return, by book, how many pages are frozen and how many entries stand on them."""
    rows = session.execute(
        select(RegisterPage.book, func.count(), func.sum(RegisterPage.entries))
        .where(RegisterPage.library_id == library_id)
        .group_by(RegisterPage.book)
    )
    return {book: (pages, int(entries)) for book, pages, entries in rows}


def items_printed(session: Session, register_id: int) -> set[int]:
    """Return the copies that stand on a final page of an accession register."""
    pages = select(RegisterPage.lines).where(RegisterPage.book == f"accession-{register_id}")
    return {
        int(line["key"].removeprefix("item-"))
        for lines in session.scalars(pages)
        for line in lines
        if line["key"].startswith("item-")
    }


def waiting(
    session: Session, book: Book, pages: Sequence[RegisterPage], actor: Actor
) -> list[dict[str, Any]]:
    """Return the lines that stand on no page yet: new entries first, then corrections."""
    was = _said_last(pages)
    present = book.lines(session)
    entries = [
        {"key": line.key, "kind": "entry", "shown": line.values, "state": line.values, "about": ""}
        for line in present
        if line.key not in was or was[line.key].struck
    ]
    changed = [
        (line, was[line.key])
        for line in present
        if line.key in was
        and not was[line.key].struck
        and _different(book, line.values, was[line.key].state)
    ]
    here = {line.key for line in present}
    gone = [(key, one) for key, one in was.items() if key not in here and not one.struck]
    whose = _who_changed(session, {line.key: one.at for line, one in changed})
    otherwise = (actor.name, clock.now())
    corrections = [
        _correction(book, line, one, whose.get(line.key, otherwise)) for line, one in changed
    ]
    return entries + corrections + [_struck(book, key, one, otherwise) for key, one in gone]


def _said_last(pages: Sequence[RegisterPage]) -> dict[str, Was]:
    found: dict[str, Was] = {}
    for page in pages:
        for number, line in enumerate(page.lines, 1):
            found[line["key"]] = Was(
                line["state"], page.page_no, number, line["kind"] == "struck", page.printed_at
            )
    return found


def _different(book: Book, now: dict[str, Any], then: dict[str, Any]) -> list[str]:
    keys = (column.key for column in book.columns if column.key not in book.silent)
    return [key for key in keys if (now.get(key) or None) != (then.get(key) or None)]


def _correction(book: Book, line: Line, was: Was, whose: tuple[str, datetime]) -> dict[str, Any]:
    changed = _different(book, line.values, was.state)
    kinds = {column.key: column for column in book.columns}
    shown = dict(line.values)
    for key in book.totals if book.summed else []:
        shown[key] = (line.values.get(key) or 0) - (was.state.get(key) or 0) or None
    told = "; ".join(
        f"{kinds[key].label}: {_cell(book, key, was.state) or '–'} → "
        f"{_cell(book, key, line.values) or '–'}"
        for key in changed
        if book.code.startswith("accession") and key != "out"
    )
    what = "Xuất" if changed == ["out"] and line.values.get("out") else "Sửa"
    about = _about(what, was, told, whose)
    return {
        "key": line.key,
        "kind": "correction",
        "shown": shown,
        "state": line.values,
        "about": about,
    }


def _struck(book: Book, key: str, was: Was, whose: tuple[str, datetime]) -> dict[str, Any]:
    shown = dict(was.state)
    for total in book.totals if book.summed else []:
        shown[total] = -(was.state.get(total) or 0) or None
    about = _about("Hủy", was, "", whose)
    return {"key": key, "kind": "struck", "shown": shown, "state": was.state, "about": about}


def _about(what: str, was: Was, told: str, whose: tuple[str, datetime]) -> str:
    where = f"{what} dòng {was.line} tr. {was.page}"
    return f"{where}{': ' + told if told else ''} ({whose[0]}, {written(whose[1])})"


def _cell(book: Book, key: str, values: dict[str, Any]) -> str:
    kind = next(column.kind for column in book.columns if column.key == key)
    return written(values.get(key), kind)


def _who_changed(session: Session, since: dict[str, datetime]) -> dict[str, tuple[str, datetime]]:
    """Return who changed a copy or its record last since a moment, for lines of copies."""
    ids = [int(key.removeprefix("item-")) for key in since if key.startswith("item-")]
    last: dict[Any, tuple[datetime, int | None]] = {}
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        acts = select(AuditEntry.subject_id, AuditEntry.at, AuditEntry.actor_id).where(
            AuditEntry.subject == "item",
            AuditEntry.subject_id.in_(some),
            AuditEntry.action.in_(ACTS_ON_ITEMS),
        )
        saves = (
            select(Item.id, RecordVersion.at, RecordVersion.actor_id)
            .join(RecordVersion, RecordVersion.record_id == Item.record_id)
            .where(Item.id.in_(some))
        )
        for query in (acts, saves):
            for item_id, at, actor_id in session.execute(query):
                if at > since[f"item-{item_id}"] and (item_id not in last or at > last[item_id][0]):
                    last[item_id] = (at, actor_id)
    staff = select(Staff.id, Staff.name).where(Staff.id.in_({one for _at, one in last.values()}))
    names: dict[Any, str] = dict(session.execute(staff).all())
    return {
        f"item-{item_id}": (names.get(who, "máy tính"), at) for item_id, (at, who) in last.items()
    }


@dataclass
class Drawn:
    """A page as it is drawn: frozen, or as it would be if printed now."""

    page_no: int
    lines: list[dict[str, Any]]
    carried: dict[str, int]
    totals: dict[str, int]
    full: bool = True


def draw(book: Book, lines: Sequence[dict[str, Any]], last: RegisterPage | None) -> list[Drawn]:
    """Set waiting lines on pages that follow the last frozen one, with what is carried forward."""
    number = last.page_no + 1 if last is not None else 1
    carried = _added(last.carried, last.totals) if last is not None else {}
    drawn: list[Drawn] = []
    room, rest = 0, list(lines)
    while rest:
        some: list[dict[str, Any]] = []
        room = book.room
        while rest and room >= height_of(rest[0]):
            room -= height_of(rest[0])
            some.append(rest.pop(0))
        totals = {
            key: sum(line["shown"].get(key) or 0 for line in some)
            for key in (book.totals if book.summed else ())
        }
        drawn.append(Drawn(number, some, dict(carried), totals, full=bool(rest) or room == 0))
        carried = _added(carried, totals)
        number += 1
    return drawn


def height_of(line: dict[str, Any]) -> int:
    """Return how many lines' room a line takes: a correction has to be explained in a column."""
    if line["kind"] == "entry":
        return 1
    longest = max(len(line["about"]), len(str(line["shown"].get("out") or "")) * 4 // 3)
    wrapped = longest // LETTERS + 1
    return 2 if wrapped <= 3 else 3 if wrapped <= 4 else 4 if wrapped <= 6 else 6


def _added(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    return {key: one.get(key, 0) + other.get(key, 0) for key in {*one, *other}}


def print_final(
    session: Session, actor: Actor, library_id: int, code: str, *, with_rest: bool = False
) -> list[RegisterPage]:
    """Freeze the full pages of a book; ``with_rest`` also the last one that is not full.

    Raises ``Refused`` when there is nothing to freeze, and while a decision is being carried out.
    """
    actor.require(EDIT_ITEM, at=unit(session, library_id))
    book = book_for(session, library_id, code)
    session.execute(select(OrgUnit.id).where(OrgUnit.id == library_id).with_for_update())
    if library_at_work(session, library_id):
        raise Refused("book_on_the_move")
    pages = pages_of(session, book)
    last = pages[-1] if pages else None
    drawn = draw(book, waiting(session, book, pages, actor), last)
    ready = [page for page in drawn if page.full or with_rest][:MOST_PAGES]
    if not ready:
        raise Refused("book_nothing_to_print")
    heading = {
        "office": office_of(session, library_id).to_json(),
        "about": book.about,
        "by": actor.name,
    }
    made: list[RegisterPage] = []
    before = last.sha256 if last is not None else ""
    for page in ready:
        row = RegisterPage(
            library_id=library_id,
            book=code,
            page_no=page.page_no,
            layout=LAYOUT,
            heading=heading,
            lines=page.lines,
            entries=sum(line["kind"] == "entry" for line in page.lines),
            carried=page.carried,
            totals=page.totals,
            printed_at=clock.now(),
            printed_by=actor.staff_id,
        )
        row.sha256 = before = hash_of(row, before)
        made.append(row)
    session.add_all(made)
    session.flush()
    audit(
        session,
        actor,
        "register_printed",
        "register_page",
        made[0].id,
        book=code,
        first=made[0].page_no,
        last=made[-1].page_no,
    )
    session.flush()
    return made


def hash_of(page: RegisterPage, before: str) -> str:
    """Return the hash of a page's content, bound to the page before it."""
    content = [page.library_id, page.book, page.page_no, page.layout, page.heading, page.lines]
    whole = [before, *content, page.carried, page.totals]
    return hashlib.sha256(orjson.dumps(whole, option=orjson.OPT_SORT_KEYS)).hexdigest()


def damaged(pages: Sequence[RegisterPage], before: str = "") -> list[int]:
    """Return the numbers of pages whose content is no longer what was printed."""
    wrong = []
    for page in pages:
        if hash_of(page, before) != page.sha256:
            wrong.append(page.page_no)
        before = page.sha256
    return wrong


def cells(book: Book, line: dict[str, Any]) -> list[str]:
    """Write the cells of a line; what is said of a correction stands in the column of notes."""
    row = []
    for column in book.columns:
        value = line["shown"].get(column.key)
        text = "" if column.kind in NUMBERS and not value else written(value, column.kind)
        if line["kind"] != "entry" and column.total and value and value > 0 and book.summed:
            text = f"+{text}"
        if column.key == book.note and line["about"]:
            text = f"{text}. {line['about']}" if text else line["about"]
        row.append(text)
    return row
