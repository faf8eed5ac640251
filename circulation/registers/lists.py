"""The lists: overdue, on loan, holds, the register of patrons, most read, never lent."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import String, and_, case, cast, exists, false, func, not_, or_, select
from sqlalchemy.orm import Session

from cataloging.models import Item, Record
from circulation.facts import IS_OPEN
from circulation.models import Hold, LedgerEntry, Loan
from circulation.money.running import running_fines
from circulation.patrons.models import BlockNote, Patron, PatronCard, PatronCategory
from circulation.registers.asked import Asked, Query, RegisterList, Row
from circulation.registers.words import BLOCKED_ACTS
from ils.accounts.models import Staff
from ils.core import clock
from ils.core.events import EventRow
from ils.printing.listing import Column
from ils.reporting.totals import not_undone

CODE = func.coalesce(Item.accession_no, Item.barcode, "").label("accession_no")
PHONE = func.coalesce(func.nullif(Patron.phone, ""), Patron.guardian_phone).label("phone")
SCHOOL = func.trim(Patron.school_class + " " + Patron.school).label("school")
ACTIVE_CARD = and_(PatronCard.patron_id == Patron.id, PatronCard.state == "active")

_TITLE = Column("title", _l("Title"), width="2.2fr")
_ACCESSION = Column("accession_no", _l("Accession number"), "code", "19mm")
_PATRON = Column("patron", _l("Patron"), width="1.4fr")
_CARD = Column("card", _l("Card"), "code", "22mm")
_PHONE = Column("phone", _l("Telephone"), "code", "22mm")
_SCHOOL = Column("school", _l("School, class"), width="1fr")
_BRANCH = Column("branch", _l("Branch"), width="1fr")


# --- on loan --------------------------------------------------------------------------------


def _loans(asked: Asked) -> Query:
    query = (
        select(
            Loan.id,
            Loan.patron_id,
            Loan.branch_id,
            Loan.started_on,
            Loan.due_on,
            Loan.kind,
            Loan.record_id,
            Record.title,
            CODE,
            Patron.name.label("patron"),
            PatronCard.number.label("card"),
            PHONE,
            SCHOOL,
        )
        .join(Item, Item.id == Loan.item_id)
        .join(Record, Record.id == Loan.record_id)
        .outerjoin(Patron, Patron.id == Loan.patron_id)
        .outerjoin(PatronCard, ACTIVE_CARD)
        .where(Loan.closed_at.is_(None), Loan.branch_id.in_(asked.branches))
    )
    if asked.first:
        query = query.where(Loan.due_on >= asked.first)
    if asked.last:
        query = query.where(Loan.due_on <= asked.last)
    if asked.item_type:
        query = query.where(Item.item_type == asked.item_type)
    return _of_patrons(query, asked)


def _of_patrons(query: Query, asked: Asked) -> Query:
    if asked.category:
        query = query.where(Patron.category == asked.category)
    if asked.school_class:
        query = query.where(func.lower(Patron.school_class) == asked.school_class.lower())
    return query


def _overdue(asked: Asked) -> Query:
    query = _loans(asked).where(Loan.due_on < asked.today)
    if asked.at_least > 1:
        last = asked.today.toordinal() - asked.at_least
        query = query.where(Loan.due_on <= type(asked.today).fromordinal(max(1, last)))
    return query


def _lateness(session: Session, asked: Asked, rows: list[Row]) -> None:
    """Add the days past due and the fine running today."""
    running = running_fines(session, asked.branches, asked.today) if rows else []
    fines = {one.loan_id: one.amount for one in running}
    for row in rows:
        row["days"] = max(0, (asked.today - row["due_on"]).days)
        row["fine"] = fines.get(row["id"], 0)


OVERDUE = RegisterList(
    code="overdue",
    title=_l("Overdue"),
    title_vi="Danh sách tài liệu quá hạn chưa trả",
    lead=_l("Open loans past their due date, the longest overdue first."),
    columns=(
        Column("due_on", _l("Due"), "date", "20mm"),
        Column("days", _l("Days"), "num", "12mm"),
        Column("fine", _l("Fine today"), "money", "16mm", total=True),
        _TITLE,
        _ACCESSION,
        _PATRON,
        _CARD,
        _SCHOOL,
        _PHONE,
        _BRANCH,
    ),
    query=_overdue,
    sorts={
        "due_on": [Loan.due_on],
        "title": [Record.title_sort],
        "patron": [Patron.name_key],
        "school": [Patron.school, Patron.school_class],
        "accession_no": [Item.accession_key],
    },
    by_default=(Loan.due_on, Loan.id),
    filters=("branch", "at_least", "category", "school_class", "item_type"),
    complete=_lateness,
)

ON_LOAN = RegisterList(
    code="on_loan",
    title=_l("On loan"),
    title_vi="Danh sách tài liệu đang cho mượn",
    lead=_l("Everything in patrons' hands today; the days asked for are due days."),
    columns=(
        Column("started_on", _l("Lent on"), "date", "20mm"),
        Column("due_on", _l("Due"), "date", "20mm"),
        _TITLE,
        _ACCESSION,
        _PATRON,
        _CARD,
        _SCHOOL,
        _PHONE,
        _BRANCH,
    ),
    query=_loans,
    sorts={
        "started_on": [Loan.started_on],
        "due_on": [Loan.due_on],
        "title": [Record.title_sort],
        "patron": [Patron.name_key],
        "school": [Patron.school, Patron.school_class],
        "accession_no": [Item.accession_key],
    },
    by_default=(Loan.due_on, Loan.id),
    filters=("branch", "days", "category", "school_class", "item_type"),
)


# --- holds ----------------------------------------------------------------------------------


def _holds(asked: Asked) -> Query:
    query = (
        select(
            Hold.id,
            Hold.patron_id,
            Hold.record_id,
            Hold.pickup_branch_id.label("branch_id"),
            Hold.requested_at,
            Hold.state,
            Hold.shelf_until,
            Record.title,
            CODE,
            Patron.name.label("patron"),
            PatronCard.number.label("card"),
            PHONE,
        )
        .join(Record, Record.id == Hold.record_id)
        .outerjoin(Item, Item.id == Hold.item_id)
        .outerjoin(Patron, Patron.id == Hold.patron_id)
        .outerjoin(PatronCard, ACTIVE_CARD)
        .where(
            or_(IS_OPEN, and_(Hold.state == "expired_shelf", Hold.cleared_at.is_(None))),
            Hold.pickup_branch_id.in_(asked.branches),
        )
    )
    if asked.state:
        query = query.where(Hold.state == asked.state)
    return _of_patrons(query, asked)


HOLDS = RegisterList(
    code="holds",
    title=_l("Holds"),
    title_vi="Danh sách yêu cầu đặt giữ",
    lead=_l("Who waits for what, and what lies ready; by the branch where it is collected."),
    columns=(
        Column("requested_at", _l("Requested"), "moment", "27mm"),
        _TITLE,
        Column("state_words", _l("State"), width="1.1fr"),
        Column("shelf_until", _l("Collect until"), "date", "20mm"),
        _ACCESSION,
        _PATRON,
        _CARD,
        _PHONE,
        _BRANCH,
    ),
    query=_holds,
    sorts={
        "requested_at": [Hold.requested_at],
        "title": [Record.title_sort],
        "patron": [Patron.name_key],
        "shelf_until": [Hold.shelf_until],
    },
    by_default=(Hold.requested_at, Hold.id),
    filters=("branch", "state", "category"),
)

# --- patrons --------------------------------------------------------------------------------


def _patrons(asked: Asked) -> Query:
    """The register of a library: numbers run in the order of registration and never change."""
    number = func.row_number().over(order_by=(Patron.registered_on, Patron.id)).label("number")
    numbered = (
        select(Patron.id.label("numbered_id"), number)
        .where(Patron.library_id == asked.library_id)
        .subquery()
    )
    query = (
        select(
            numbered.c.number,
            Patron.id.label("patron_id"),
            Patron.registered_on,
            Patron.name.label("patron"),
            Patron.born_on,
            Patron.born_year,
            Patron.sex,
            Patron.occupation,
            Patron.address,
            Patron.commune,
            PatronCategory.name.label("category"),
            SCHOOL,
            PatronCard.number.label("card"),
            PatronCard.expires_on,
            Patron.branch_id,
        )
        .join(numbered, numbered.c.numbered_id == Patron.id)
        .join(PatronCategory, PatronCategory.code == Patron.category)
        .outerjoin(PatronCard, ACTIVE_CARD)
        .where(Patron.branch_id.in_(asked.branches), Patron.deleted_at.is_(None))
    )
    if asked.first:
        query = query.where(Patron.registered_on >= asked.first)
    if asked.last:
        query = query.where(Patron.registered_on <= asked.last)
    return _of_patrons(query, asked)


_SEXES = {"m": "Nam", "f": "Nữ"}


def _patron_words(session: Session, _asked: Asked, rows: list[Row]) -> None:
    deposits = _deposits(session, (row["patron_id"] for row in rows))
    for row in rows:
        row["born"] = row["born_on"].year if row["born_on"] else row["born_year"]
        row["sex_words"] = _SEXES.get(row["sex"] or "", "")
        row["work"] = row["school"] or row["occupation"] or row["category"]
        row["home"] = ", ".join(part for part in (row["address"], row["commune"]) if part)
        row["deposit"] = deposits.get(row["patron_id"]) or None
        row["signature"] = ""


def _deposits(session: Session, patrons: Iterable[int]) -> dict[int, int]:
    ids = list(patrons)
    held = case((LedgerEntry.kind == "deposit_in", LedgerEntry.amount), else_=-LedgerEntry.amount)
    query = (
        select(LedgerEntry.patron_id, func.sum(held))
        .where(LedgerEntry.patron_id.in_(ids), LedgerEntry.direction == "liability")
        .group_by(LedgerEntry.patron_id)
    )
    return {row[0]: int(row[1]) for row in session.execute(query)}


PATRONS = RegisterList(
    code="patrons",
    title=_l("Register of patrons"),
    title_vi="Sổ đăng ký bạn đọc",
    lead=_l("In the order of registration, with the columns of the printed book."),
    columns=(
        Column("number", _l("No."), "num", "12mm"),
        Column("registered_on", _l("Registered"), "date", "20mm"),
        Column("patron", _l("Patron"), width="1.5fr"),
        Column("born", _l("Born"), "code", "12mm"),
        Column("sex_words", _l("Sex"), width="10mm"),
        Column("work", _l("School, work"), width="1.2fr"),
        Column("home", _l("Address"), width="1.5fr"),
        Column("card", _l("Card"), "code", "22mm"),
        Column("expires_on", _l("Valid until"), "date", "20mm"),
        Column("deposit", _l("Deposit"), "money", "18mm", total=True),
        Column("signature", _l("Signature"), width="18mm"),
    ),
    query=_patrons,
    sorts={
        "registered_on": [Patron.registered_on],
        "patron": [Patron.name_key],
        "card": [PatronCard.number],
        "expires_on": [PatronCard.expires_on],
    },
    by_default=(Patron.registered_on, Patron.id),
    filters=("branch", "days", "category", "school_class"),
    complete=_patron_words,
)

# --- cards that run out ----------------------------------------------------------------------


def _running_out(asked: Asked) -> Query:
    query = (
        select(
            Patron.id.label("patron_id"),
            Patron.branch_id,
            Patron.name.label("patron"),
            PatronCategory.name.label("category"),
            SCHOOL,
            PHONE,
            PatronCard.number.label("card"),
            PatronCard.issued_on,
            PatronCard.expires_on,
        )
        .join(PatronCard, ACTIVE_CARD)
        .join(PatronCategory, PatronCategory.code == Patron.category)
        .where(Patron.branch_id.in_(asked.branches), Patron.deleted_at.is_(None))
        .where(PatronCard.expires_on >= (asked.first or asked.today - timedelta(days=30)))
        .where(PatronCard.expires_on <= (asked.last or asked.today + timedelta(days=60)))
    )
    return _of_patrons(query, asked)


RUNNING_OUT = RegisterList(
    code="cards",
    title=_l("Cards running out"),
    title_vi="Danh sách thẻ sắp hết hạn, vừa hết hạn",
    lead=_l(
        "By the last day of the card: from 30 days ago to 60 days ahead, unless days are given."
    ),
    columns=(
        Column("expires_on", _l("Valid until"), "date", "20mm"),
        _PATRON,
        _CARD,
        Column("category", _l("Kind of patron"), width="1fr"),
        _SCHOOL,
        _PHONE,
        Column("issued_on", _l("Issued"), "date", "20mm"),
        _BRANCH,
    ),
    query=_running_out,
    sorts={
        "expires_on": [PatronCard.expires_on],
        "patron": [Patron.name_key],
        "school": [Patron.school, Patron.school_class],
        "category": [PatronCategory.order],
    },
    by_default=(PatronCard.expires_on, Patron.name_key, Patron.id),
    filters=("branch", "days", "category", "school_class"),
)

# --- blocks ---------------------------------------------------------------------------------


def _blocks(asked: Asked) -> Query:
    query = (
        select(
            BlockNote.id,
            Patron.id.label("patron_id"),
            Patron.branch_id,
            Patron.name.label("patron"),
            PatronCard.number.label("card"),
            BlockNote.text,
            BlockNote.acts,
            BlockNote.from_on,
            BlockNote.to_on,
            BlockNote.lifted_at,
            BlockNote.lifted_why,
            Staff.name.label("author"),
        )
        .join(Patron, Patron.id == BlockNote.patron_id)
        .outerjoin(PatronCard, ACTIVE_CARD)
        .outerjoin(Staff, Staff.id == BlockNote.author_id)
        .where(Patron.branch_id.in_(asked.branches), Patron.deleted_at.is_(None))
        .where(cast(BlockNote.acts, String) != "[]")  # an empty list is a note
    )
    over = or_(BlockNote.lifted_at.is_not(None), BlockNote.to_on < asked.today)
    if asked.state == "block_over":
        query = query.where(over)
    elif asked.state == "block_to_come":
        query = query.where(not_(_nothing_as_false(over)), BlockNote.from_on > asked.today)
    elif asked.state != "block_any":
        query = query.where(not_(_nothing_as_false(over)), BlockNote.from_on <= asked.today)
    return _of_patrons(query, asked)


def _nothing_as_false(condition: Any) -> Any:
    return func.coalesce(condition, false())


def _block_words(_session: Session, _asked: Asked, rows: list[Row]) -> None:
    for row in rows:
        row["stops"] = ", ".join(str(BLOCKED_ACTS.get(act, act)) for act in row["acts"])
        row["author"] = row["author"] or str(_l("a machine or the program"))
        row["end"] = row["to_on"] or (row["lifted_at"] and clock.local_day(row["lifted_at"]))


BLOCKS = RegisterList(
    code="blocks",
    title=_l("Blocks"),
    title_vi="Danh sách bạn đọc bị khóa",
    lead=_l("Who was blocked by a person, by whom, since when and for what."),
    columns=(
        _PATRON,
        _CARD,
        Column("text", _l("Reason"), width="2fr"),
        Column("stops", _l("What is stopped"), width="1.2fr"),
        Column("from_on", _l("From"), "date", "20mm"),
        Column("end", _l("To"), "date", "20mm"),
        Column("author", _l("Written by"), width="1fr"),
        Column("lifted_why", _l("Why lifted"), width="1fr"),
        _BRANCH,
    ),
    query=_blocks,
    sorts={
        "patron": [Patron.name_key],
        "from_on": [BlockNote.from_on],
        "author": [Staff.name],
    },
    by_default=(BlockNote.from_on.desc(), BlockNote.id),
    filters=("branch", "block_state", "category", "school_class"),
    complete=_block_words,
)

# --- most read, never lent -------------------------------------------------------------------

HOME, ROOM, TABLE = "loan_checked_out", "reading_room_loan_made", "in_house_use_counted"


def _counted(*kinds: str) -> Any:
    return func.sum(case((EventRow.kind.in_(kinds), EventRow.quantity), else_=0))


USES = _counted(HOME, ROOM, TABLE)


def _most_read(asked: Asked) -> Query:
    first = asked.first or asked.today.replace(month=1, day=1)
    query = (
        select(
            EventRow.record_id,
            Record.title,
            Record.author,
            Record.call_number,
            USES.label("uses"),
            _counted(HOME).label("loans"),
            _counted(ROOM, TABLE).label("in_house"),
        )
        .join(Record, Record.id == EventRow.record_id)
        .where(
            EventRow.kind.in_((HOME, ROOM, TABLE)),
            EventRow.effective_on.between(first, asked.last or asked.today),
            EventRow.unit_id.in_(asked.branches),
            not_undone(),
        )
        .group_by(
            EventRow.record_id, Record.title, Record.title_sort, Record.author, Record.call_number
        )
    )
    if asked.item_type:
        query = query.where(EventRow.item_type == asked.item_type)
    if asked.category:
        query = query.where(EventRow.category == asked.category)
    return query


MOST_READ = RegisterList(
    code="most_read",
    title=_l("Most read"),
    title_vi="Danh sách tài liệu được đọc nhiều",
    lead=_l(
        "Loans, reading-room loans and in-house uses by title; this year unless days are given."
    ),
    columns=(
        Column("title", _l("Title"), width="2.5fr"),
        Column("author", _l("Author"), width="1.3fr"),
        Column("call_number", _l("Call number"), "code", "32mm"),
        Column("loans", _l("Taken home"), "num", "20mm", total=True),
        Column("in_house", _l("Used here"), "num", "20mm", total=True),
        Column("uses", _l("Uses"), "num", "20mm", total=True),
    ),
    query=_most_read,
    sorts={"title": [Record.title_sort], "uses": [USES]},
    by_default=(USES.desc(), Record.title_sort, EventRow.record_id),
    filters=("branch", "days", "item_type", "category"),
)


def _never_lent(asked: Asked) -> Query:
    lent = exists().where(Loan.item_id == Item.id)
    if asked.first:
        lent = lent.where(Loan.started_on >= asked.first)
    query = (
        select(
            Item.id,
            Item.record_id,
            Item.branch_id,
            Record.title,
            Record.author,
            func.coalesce(func.nullif(Item.call_number, ""), Record.call_number).label(
                "call_number"
            ),
            CODE,
            Item.accessioned_on,
            Item.price,
        )
        .join(Record, Record.id == Item.record_id)
        .where(
            Item.branch_id.in_(asked.branches),
            Item.lifecycle == "active",
            Item.use == "loan",
            not_(lent),
        )
    )
    if asked.last:
        query = query.where(Item.accessioned_on <= asked.last)
    if asked.item_type:
        query = query.where(Item.item_type == asked.item_type)
    return query


NEVER_LENT = RegisterList(
    code="never_lent",
    title=_l("Never lent"),
    title_vi="Danh sách tài liệu chưa có lượt mượn",
    lead=_l(
        "Copies nobody has taken home: ever, or since the first day given; of those in stock by the last."
    ),
    columns=(
        _ACCESSION,
        _TITLE,
        Column("author", _l("Author"), width="1.2fr"),
        Column("call_number", _l("Call number"), "code", "32mm"),
        Column("accessioned_on", _l("In stock since"), "date", "20mm"),
        Column("price", _l("Price"), "money", "20mm", total=True),
        _BRANCH,
    ),
    query=_never_lent,
    sorts={
        "title": [Record.title_sort],
        "accession_no": [Item.accession_key],
        "accessioned_on": [Item.accessioned_on],
        "call_number": [Item.shelf, Item.call_sort],
    },
    by_default=(Item.shelf, Item.call_sort, Item.accession_key, Item.id),
    filters=("branch", "days", "item_type"),
)

LISTS = {
    one.code: one
    for one in (OVERDUE, ON_LOAN, HOLDS, PATRONS, RUNNING_OUT, BLOCKS, MOST_READ, NEVER_LENT)
}
