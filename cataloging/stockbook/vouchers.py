"""Vouchers: begun, filled with titles, closed as one act, opened again while nothing hangs on it.

Closing makes the records, the copies with their accession numbers, and the line of the summary
register. What is wrong after that is put right by new entries, never by changing the old ones.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from cataloging.change_sets import new_change_set, obstacles, undo_change_set
from cataloging.editor.boxes import write
from cataloging.items import HIGHEST_PRICE, MOST_COPIES, CopyFacts, add_items
from cataloging.marc.numbers import isbn13
from cataloging.models import Collection, Item, ItemType, Record, RecordIdentifier, Register
from cataloging.permissions import EDIT_ITEM, EDIT_RECORD
from cataloging.records import create_record, record_for
from cataloging.search.lookup import records_of_number
from cataloging.stockbook.counting import counts_of
from cataloging.stockbook.models import KINDS, StockEntry, Voucher, VoucherLine
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.audit import audit
from ils.core.errors import Invalid, NotFound, Refused
from ils.org.models import OrgUnit
from ils.org.units import library_of, unit
from ils.text.filing import filing_key

SOURCE_OF_KIND = {
    "invoice": "purchase",
    "delivery_note": "purchase",
    "gift": "gift",
    "allotment": "allotted",
    "opening": "",
}
MOST_MATCHES = 12
MOST_LINES = 1000
Boxes = Mapping[str, str]


@dataclass(frozen=True)
class VoucherFacts:
    """The head of a voucher as it is typed; the last four are where its titles go."""

    kind: str
    branch_id: int
    number: str = ""
    dated_on: date | None = None
    entered_on: date | None = None
    source: str = ""
    address: str = ""
    funding: str = ""
    total: int | None = None
    note: str = ""
    collection_id: int | None = None
    register_id: int | None = None
    item_type: str = "book"
    summary_no: int | None = None  # the number in the old book, for an opening balance


@dataclass(frozen=True)
class LineFacts:
    """What is typed of one title; a price left out is taken from the other."""

    copies: int = 1
    cover_price: int | None = None
    paid_price: int | None = None
    numbers: Sequence[str] = ()


def voucher_for(session: Session, actor: Actor, voucher_id: int, *, lock: bool = False) -> Voucher:
    """Return a voucher of a library the actor receives for. Raises ``NotFound``, ``Forbidden``."""
    query = select(Voucher).where(Voucher.id == voucher_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = session.scalar(query)
    if found is None:
        raise NotFound("voucher_unknown", voucher_id=voucher_id)
    actor.require(EDIT_ITEM, at=unit(session, found.branch_id))
    return found


def _draft(session: Session, actor: Actor, voucher_id: int) -> Voucher:
    found = voucher_for(session, actor, voucher_id, lock=True)
    if found.state != "draft":
        raise Refused("voucher_closed", voucher_id=voucher_id)
    return found


def open_voucher(
    session: Session, actor: Actor, facts: VoucherFacts, *, corrects_id: int | None = None
) -> Voucher:
    """Begin a voucher; ``corrects_id`` names a closed one that this puts right."""
    library = _check_head(session, actor, facts)
    if corrects_id is not None:
        wrong = voucher_for(session, actor, corrects_id)
        if wrong.library_id != library.id or wrong.state != "closed":
            raise Invalid("voucher_unknown", field="number", value=corrects_id)
    made = Voucher(
        library_id=library.id, made_by=actor.staff_id, corrects_id=corrects_id, **_columns(facts)
    )
    session.add(made)
    session.flush()
    audit(session, actor, "voucher_begun", "voucher", made.id, number=made.number)
    return made


def change_voucher(session: Session, actor: Actor, voucher_id: int, facts: VoucherFacts) -> Voucher:
    """Change the head of a draft."""
    found = _draft(session, actor, voucher_id)
    library = _check_head(session, actor, facts, but=found.id)
    if library.id != found.library_id:
        raise Invalid("branch_of_other_library", field="branch_id", value=facts.branch_id)
    kept = found.summary_no if found.closed_at is not None else None
    for name, value in _columns(facts).items():
        setattr(found, name, value)
    found.summary_no = kept or found.summary_no
    session.flush()
    return found


def _columns(facts: VoucherFacts) -> dict[str, Any]:
    return asdict(facts) | {"entered_on": facts.entered_on or clock.today()}


def _check_head(
    session: Session, actor: Actor, facts: VoucherFacts, but: int | None = None
) -> OrgUnit:
    branch = unit(session, facts.branch_id)
    actor.require(EDIT_ITEM, at=branch)
    library = library_of(session, branch.id)
    if facts.kind not in KINDS:
        raise Invalid("voucher_kind_unknown", field="kind", value=facts.kind)
    for name, day in (("dated_on", facts.dated_on), ("entered_on", facts.entered_on)):
        if day is not None and not date(1900, 1, 1) <= day <= clock.today():
            raise Invalid("accession_date_impossible", field=name, value=day.isoformat())
    if facts.summary_no is not None:
        if facts.kind != "opening":
            raise Invalid("summary_number_runs_on", field="summary_no", value=facts.summary_no)
        taken = select(Voucher.id).where(
            Voucher.library_id == library.id, Voucher.summary_no == facts.summary_no
        )
        if facts.summary_no < 1 or session.scalar(taken.where(Voucher.id != (but or 0))):
            raise Invalid("summary_number_taken", field="summary_no", number=facts.summary_no)
    _check_place(session, library.id, facts.collection_id, facts.register_id, facts.item_type)
    return library


def _check_place(
    session: Session,
    library_id: int,
    collection_id: int | None,
    register_id: int | None,
    item_type: str,
) -> None:
    if session.get(ItemType, item_type) is None:
        raise Invalid("item_type_unknown", field="item_type", value=item_type)
    collection = session.get(Collection, collection_id) if collection_id else None
    if collection_id and (collection is None or collection.library_id != library_id):
        raise Invalid("collection_unknown", field="collection_id", value=collection_id)
    register = session.get(Register, register_id) if register_id else None
    if register_id and (register is None or register.library_id != library_id):
        raise Invalid("register_of_other_library", field="register_id", value=register_id)


# --- titles ----------------------------------------------------------------------------------


def find_titles(session: Session, typed: str) -> list[Record]:
    """Return the records a scan or a word means: an ISBN, a copy's number, or the begin of a title.

    Read from the database, not the index: what was entered a minute ago counts.
    """
    typed = typed.strip()
    isbn = isbn13(typed)
    if not typed:
        return []
    if isbn:
        ids: Sequence[int] = session.scalars(
            select(RecordIdentifier.record_id).where(
                RecordIdentifier.scheme == "isbn", RecordIdentifier.value == isbn
            )
        ).all()
    else:
        ids = records_of_number(session, typed, hidden=True) if any(map(str.isdigit, typed)) else ()
    living = select(Record).where(Record.deleted_at.is_(None)).order_by(Record.id)
    if ids or isbn:
        return list(session.scalars(living.where(Record.id.in_(ids)).limit(MOST_MATCHES)))
    key = filing_key(typed)[:100]
    begins = (Record.title_sort >= key) & (Record.title_sort < key + "\uffff")
    return list(session.scalars(living.where(begins).limit(MOST_MATCHES)))


def add_title(
    session: Session,
    actor: Actor,
    voucher_id: int,
    facts: LineFacts,
    *,
    record_id: int | None = None,
    fresh: Boxes | None = None,
) -> VoucherLine:
    """Put a title on a draft: a record, or the boxes of a short new one.

    A title that is there already gets more copies, so that a pile can be counted by scanning.
    """
    voucher = _draft(session, actor, voucher_id)
    boxes = {name: value.strip() for name, value in (fresh or {}).items() if value.strip()}
    if record_id is not None:
        record_for(session, record_id)
    elif not boxes.get("title"):
        raise Invalid("title_missing", field="title")
    lines = lines_of(session, voucher.id)
    there = _line_of(lines, record_id, boxes)
    if there is not None:
        return change_title(session, actor, there.id, _more(there, facts))
    _check_line(voucher, facts)
    if len(lines) >= MOST_LINES:
        raise Refused("voucher_full", most=MOST_LINES)
    line = VoucherLine(
        voucher_id=voucher.id,
        record_id=record_id,
        fresh=boxes if record_id is None else {},
        copies=facts.copies,
        branch_id=voucher.branch_id,
        collection_id=voucher.collection_id,
        register_id=voucher.register_id,
        item_type=voucher.item_type,
        numbers=list(facts.numbers),
        **_prices(facts),
    )
    session.add(line)
    session.flush()
    return line


def new_title_of(
    lines: Sequence[tuple[VoucherLine, Record | None]], typed: str
) -> VoucherLine | None:
    """Return the line of a title that is not in the catalogue yet and bears the ISBN scanned."""
    isbn = isbn13(typed)
    own = (line for line, record in lines if record is None)
    return next((o for o in own if isbn and isbn13(str(o.fresh.get("isbn", ""))) == isbn), None)


def _line_of(
    lines: Sequence[tuple[VoucherLine, Record | None]], record_id: int | None, boxes: Boxes
) -> VoucherLine | None:
    if record_id is None:
        return new_title_of(lines, boxes.get("isbn", ""))
    return next((line for line, _record in lines if line.record_id == record_id), None)


def _more(there: VoucherLine, facts: LineFacts) -> LineFacts:
    return LineFacts(
        there.copies + facts.copies,
        facts.cover_price if facts.cover_price is not None else there.cover_price,
        facts.paid_price if facts.paid_price is not None else there.paid_price,
        [*there.numbers, *facts.numbers],
    )


def _prices(facts: LineFacts) -> dict[str, int | None]:
    cover, paid = facts.cover_price, facts.paid_price
    return {
        "cover_price": cover if cover is not None else paid,
        "paid_price": paid if paid is not None else cover,
    }


def _check_line(voucher: Voucher, facts: LineFacts) -> None:
    if not 0 <= facts.copies <= MOST_COPIES:
        raise Invalid("too_many_copies", field="copies", most=MOST_COPIES)
    for name in ("cover_price", "paid_price"):
        price = getattr(facts, name)
        if price is not None and not 0 <= price <= HIGHEST_PRICE:
            raise Invalid("price_impossible", field=name, value=price)
    if facts.numbers and voucher.kind != "opening" and voucher.closed_at is None:
        raise Invalid("old_numbers_for_opening", field="numbers")


def line_for(session: Session, actor: Actor, line_id: int) -> tuple[Voucher, VoucherLine]:
    """Return a line with its draft, locked."""
    line = session.get(VoucherLine, line_id)
    if line is None:
        raise NotFound("voucher_line_unknown", line_id=line_id)
    return _draft(session, actor, line.voucher_id), line


def change_title(
    session: Session,
    actor: Actor,
    line_id: int,
    facts: LineFacts,
    *,
    place: tuple[int | None, int | None, str] | None = None,
) -> VoucherLine:
    """Change copies and prices of a line, and with ``place`` its collection, register and kind."""
    voucher, line = line_for(session, actor, line_id)
    _check_line(voucher, facts)
    line.copies, line.numbers = facts.copies, list(facts.numbers)
    for name, price in _prices(facts).items():
        setattr(line, name, price)
    if place is not None:
        _check_place(session, voucher.library_id, *place)
        line.collection_id, line.register_id, line.item_type = place
    session.flush()
    return line


def remove_title(session: Session, actor: Actor, line_id: int) -> int:
    """Take a line off a draft; return the voucher's id."""
    voucher, line = line_for(session, actor, line_id)
    session.delete(line)
    session.flush()
    return voucher.id


def lines_of(session: Session, voucher_id: int) -> list[tuple[VoucherLine, Record | None]]:
    """Return the lines of a voucher with their records, in the order they were typed."""
    query = (
        select(VoucherLine, Record)
        .outerjoin(Record, Record.id == VoucherLine.record_id)
        .where(VoucherLine.voucher_id == voucher_id)
        .order_by(VoucherLine.id)
    )
    return [(line, record) for line, record in session.execute(query)]


def sum_of(lines: Sequence[tuple[VoucherLine, Any]]) -> int:
    """Return what the copies of a voucher cost together, in đồng."""
    return sum(line.copies * (line.paid_price or 0) for line, _record in lines)


# --- closing and opening again -----------------------------------------------------------------


def close_voucher(
    session: Session, actor: Actor, voucher_id: int, *, in_spite: bool = False
) -> list[Item]:
    """Make records, copies, numbers and the line of the summary register, all or nothing.

    A sum that differs from the paper's must be confirmed with ``in_spite``.
    """
    voucher = _draft(session, actor, voucher_id)
    lines = [(line, record) for line, record in lines_of(session, voucher_id) if line.copies]
    if not lines:
        raise Refused("voucher_empty", voucher_id=voucher_id)
    if voucher.kind != "opening" and not (voucher.number and voucher.dated_on):
        raise Invalid("voucher_unnumbered", field="number")
    difference = sum_of(lines) - (voucher.total if voucher.total is not None else sum_of(lines))
    if difference and not in_spite:
        raise Refused("voucher_sum_differs", difference=f"{difference:+,}".replace(",", "."))
    made_in = new_change_set(session, actor, "voucher", voucher.number)
    items = []
    for line, record in lines:
        if record is None:
            line.record_id = _new_record(session, actor, voucher, line, made_in).id
        items += _make_copies(session, actor, voucher, line, made_in)
    if voucher.summary_no is None:
        voucher.summary_no = next_number(session, voucher.library_id)
    session.add_all(StockEntry(item_id=item.id, voucher_id=voucher.id) for item in items)
    voucher.state, voucher.change_set_id = "closed", made_in.id
    voucher.closed_at, voucher.closed_by = clock.now(), actor.staff_id
    session.flush()
    voucher.counts = counts_of(session, [item.id for item in items])
    audit(session, actor, "voucher_closed", "voucher", voucher.id, number=voucher.summary_no)
    session.flush()
    return items


def next_number(session: Session, library_id: int) -> int:
    """Return the next running number of a library, whose row is locked against a second closing."""
    session.execute(select(OrgUnit.id).where(OrgUnit.id == library_id).with_for_update())
    last = session.scalar(
        select(func.max(Voucher.summary_no)).where(Voucher.library_id == library_id)
    )
    return (last or 0) + 1


def _new_record(
    session: Session, actor: Actor, voucher: Voucher, line: VoucherLine, made_in: Any
) -> Record:
    values = {name: str(value) for name, value in line.fresh.items()}
    isbn = isbn13(values.get("isbn", ""))
    if isbn and (there := find_titles(session, isbn)):
        return there[0]  # another line, or somebody meanwhile, made it
    if line.cover_price:
        values["price"] = f"{line.cover_price}đ"
    return create_record(
        session,
        actor,
        write(None, values),
        why=voucher.number,
        change_set=made_in,
        owner_id=voucher.library_id,
        numbered=True,
    )


def _make_copies(
    session: Session, actor: Actor, voucher: Voucher, line: VoucherLine, made_in: Any
) -> list[Item]:
    facts = CopyFacts(
        line.branch_id,
        item_type=line.item_type,
        collection_id=line.collection_id,
        price=line.cover_price if line.paid_price is None else line.paid_price,
        source=SOURCE_OF_KIND[voucher.kind],
        voucher=voucher.number[:60],
    )
    old = [str(number) for number in line.numbers][: line.copies]
    made: list[Item] = []
    for numbers, copies in ((old, len(old)), ([], line.copies - len(old))):
        if copies:
            made += add_items(
                session,
                actor,
                line.record_id or 0,
                facts,
                copies=copies,
                register_id=line.register_id,
                numbers=numbers,
                accessioned_on=voucher.entered_on,
                opening_balance=voucher.kind == "opening",
                change_set=made_in,
            )
    if line.register_id:
        line.numbers = [item.accession_no for item in made]
    return made


def reopen_voucher(session: Session, actor: Actor, voucher_id: int) -> Voucher:
    """Take a closing back whole: its copies and new records go, its number stays its own.

    Raises ``Refused`` once a copy was used or a record changed.
    """
    actor.require(EDIT_RECORD)
    voucher = voucher_for(session, actor, voucher_id, lock=True)
    if voucher.state != "closed" or voucher.change_set_id is None:
        raise Refused("voucher_not_closed", voucher_id=voucher_id)
    if found := obstacles(session, voucher.change_set_id):
        raise Refused("voucher_used", count=len(found))
    for line, _record in lines_of(session, voucher.id):
        if line.fresh:
            line.record_id = None
    session.flush()
    undo_change_set(session, replace(actor, all_rights=True), voucher.change_set_id)
    session.execute(delete(StockEntry).where(StockEntry.voucher_id == voucher.id))
    voucher.state, voucher.change_set_id, voucher.counts = "draft", None, {}
    audit(session, actor, "voucher_reopened", "voucher", voucher.id, number=voucher.summary_no)
    session.flush()
    return voucher


def strike_voucher(session: Session, actor: Actor, voucher_id: int) -> Voucher | None:
    """Give a draft up. One that never had a number goes; a numbered one stays, struck out."""
    voucher = _draft(session, actor, voucher_id)
    audit(session, actor, "voucher_struck", "voucher", voucher.id, number=voucher.number)
    if voucher.summary_no is None or voucher.closed_at is None:
        session.delete(voucher)
        session.flush()
        return None
    voucher.state = "struck"
    session.flush()
    return voucher


def items_of_voucher(session: Session, voucher_id: int) -> list[Item]:
    """Return the copies that came in with a voucher, in the order of their numbers."""
    query = (
        select(Item)
        .join(StockEntry, StockEntry.item_id == Item.id)
        .where(StockEntry.voucher_id == voucher_id)
        .order_by(Item.register_id, Item.serial, Item.id)
    )
    return list(session.scalars(query))
