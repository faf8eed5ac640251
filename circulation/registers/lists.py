"""The lists: overdue, on loan, holds, most read, never lent; those of people are apart."""

from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import and_, case, exists, func, not_, or_, select
from sqlalchemy.orm import Session

from cataloging.models import Item, Record
from circulation.facts import IS_OPEN
from circulation.models import Hold, Loan
from circulation.money.running import running_fines
from circulation.patrons.models import Patron, PatronCard
from circulation.registers.asked import Asked, Query, RegisterList, Row
from circulation.registers.columns import (
    ACCESSION_COLUMN,
    ACTIVE_CARD,
    BRANCH_COLUMN,
    CARD_COLUMN,
    CODE,
    PATRON_COLUMN,
    PHONE,
    PHONE_COLUMN,
    SCHOOL,
    SCHOOL_COLUMN,
    TITLE_COLUMN,
    of_patrons,
)
from circulation.registers.patron_lists import BLOCKS, FIGURES, PATRONS, RUNNING_OUT
from ils.core.events import EventRow
from ils.printing.listing import Column
from ils.reporting.totals import not_undone

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
    return of_patrons(query, asked)


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
        TITLE_COLUMN,
        ACCESSION_COLUMN,
        PATRON_COLUMN,
        CARD_COLUMN,
        SCHOOL_COLUMN,
        PHONE_COLUMN,
        BRANCH_COLUMN,
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
        TITLE_COLUMN,
        ACCESSION_COLUMN,
        PATRON_COLUMN,
        CARD_COLUMN,
        SCHOOL_COLUMN,
        PHONE_COLUMN,
        BRANCH_COLUMN,
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
    return of_patrons(query, asked)


HOLDS = RegisterList(
    code="holds",
    title=_l("Holds"),
    title_vi="Danh sách yêu cầu đặt giữ",
    lead=_l("Who waits for what, and what lies ready; by the branch where it is collected."),
    columns=(
        Column("requested_at", _l("Requested"), "moment", "27mm"),
        TITLE_COLUMN,
        Column("state_words", _l("State"), width="1.1fr"),
        Column("shelf_until", _l("Collect until"), "date", "20mm"),
        ACCESSION_COLUMN,
        PATRON_COLUMN,
        CARD_COLUMN,
        PHONE_COLUMN,
        BRANCH_COLUMN,
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
        ACCESSION_COLUMN,
        TITLE_COLUMN,
        Column("author", _l("Author"), width="1.2fr"),
        Column("call_number", _l("Call number"), "code", "32mm"),
        Column("accessioned_on", _l("In stock since"), "date", "20mm"),
        Column("price", _l("Price"), "money", "20mm", total=True),
        BRANCH_COLUMN,
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
    for one in (
        OVERDUE,
        ON_LOAN,
        HOLDS,
        PATRONS,
        RUNNING_OUT,
        FIGURES,
        BLOCKS,
        MOST_READ,
        NEVER_LENT,
    )
}
