"""Lists of people: the register of patrons, cards that run out, blocks, figures by kind."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import String, and_, case, cast, false, func, not_, or_, select
from sqlalchemy.orm import Session

from circulation.models import LedgerEntry
from circulation.patrons.cards import add_months
from circulation.patrons.models import BlockNote, Patron, PatronCard, PatronCategory
from circulation.registers.asked import Asked, Query, RegisterList, Row
from circulation.registers.columns import (
    ACTIVE_CARD,
    BRANCH_COLUMN,
    CARD_COLUMN,
    PATRON_COLUMN,
    PHONE,
    PHONE_COLUMN,
    SCHOOL,
    SCHOOL_COLUMN,
    of_patrons,
)
from circulation.registers.words import BLOCKED_ACTS
from ils.accounts.models import Staff
from ils.core import clock
from ils.printing.listing import Column

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
    return of_patrons(query, asked)


_SEXES = {"m": "Nam", "f": "Nữ"}


def _patron_words(session: Session, _asked: Asked, rows: list[Row]) -> None:
    deposits = _deposits(session, (row["patron_id"] for row in rows))
    for row in rows:
        row["born"] = row["born_on"].year if row["born_on"] else row["born_year"]
        row["sex_words"] = _SEXES.get(row["sex"] or "", "")
        row["work"] = row["school"] or row["occupation"] or row["category"]
        row["home"] = _home(row["address"], row["commune"])
        row["deposit"] = deposits.get(row["patron_id"]) or None
        row["signature"] = ""


def _home(address: str, commune: str) -> str:
    """Return an address with its commune, once: many people write both into one line."""
    if commune.casefold() in address.casefold():
        return address
    return ", ".join(part for part in (address, commune) if part)


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
    return of_patrons(query, asked)


RUNNING_OUT = RegisterList(
    code="cards",
    title=_l("Cards running out"),
    title_vi="Danh sách thẻ sắp hết hạn, vừa hết hạn",
    lead=_l(
        "By the last day of the card: from 30 days ago to 60 days ahead, unless days are given."
    ),
    columns=(
        Column("expires_on", _l("Valid until"), "date", "20mm"),
        PATRON_COLUMN,
        CARD_COLUMN,
        Column("category", _l("Kind of patron"), width="1fr"),
        SCHOOL_COLUMN,
        PHONE_COLUMN,
        Column("issued_on", _l("Issued"), "date", "20mm"),
        BRANCH_COLUMN,
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
    return of_patrons(query, asked)


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
        PATRON_COLUMN,
        CARD_COLUMN,
        Column("text", _l("Reason"), width="2fr"),
        Column("stops", _l("What is stopped"), width="1.2fr"),
        Column("from_on", _l("From"), "date", "20mm"),
        Column("end", _l("To"), "date", "20mm"),
        Column("author", _l("Written by"), width="1fr"),
        Column("lifted_why", _l("Why lifted"), width="1fr"),
        BRANCH_COLUMN,
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

# --- figures ---------------------------------------------------------------------------------


def _figures(asked: Asked) -> Query:
    """Count patrons by kind: cards as of today, ages in whole years."""
    soon = asked.today + timedelta(days=30)
    valid, over = PatronCard.expires_on >= asked.today, PatronCard.expires_on < asked.today
    young, old = _younger(asked.today, 16), _younger(asked.today, 60)
    known = or_(Patron.born_on.is_not(None), Patron.born_year.is_not(None))
    return (
        select(
            PatronCategory.name.label("category"),
            func.count(Patron.id).label("patrons"),
            _sum(valid).label("valid"),
            _sum(and_(valid, PatronCard.expires_on <= soon)).label("soon"),
            _sum(over).label("over"),
            _sum(PatronCard.id.is_(None)).label("without"),
            _sum(young).label("young"),
            _sum(and_(known, not_(young), old)).label("grown"),
            _sum(and_(known, not_(old))).label("old"),
            _sum(not_(known)).label("unknown"),
        )
        .select_from(Patron)
        .join(PatronCategory, PatronCategory.code == Patron.category)
        .outerjoin(PatronCard, ACTIVE_CARD)
        .where(Patron.branch_id.in_(asked.branches), Patron.deleted_at.is_(None))
        .group_by(PatronCategory.code, PatronCategory.name, PatronCategory.order)
    )


def _younger(today: date, age: int) -> Any:
    """SQL: true for who is younger than an age, by the year where only that is known."""
    born_after = add_months(today, -12 * age)
    by_year = and_(Patron.born_on.is_(None), Patron.born_year > born_after.year)
    return func.coalesce(or_(Patron.born_on > born_after, by_year), false())


def _sum(condition: Any) -> Any:
    return func.sum(case((condition, 1), else_=0))


def _figure(key: str, label: Any) -> Column:
    return Column(key, label, "num", "17mm", total=True)


FIGURES = RegisterList(
    code="patron_figures",
    title=_l("Patrons in figures"),
    title_vi="Số liệu bạn đọc theo đối tượng, tuổi và hạn thẻ",
    lead=_l("How many of each kind there are today, how their cards stand and how old they are."),
    columns=(
        Column("category", _l("Kind of patron"), width="2fr"),
        _figure("patrons", _l("Patrons")),
        _figure("valid", _l("Valid card")),
        _figure("soon", _l("of these ending within 30 days")),
        _figure("over", _l("Card run out")),
        _figure("without", _l("No card")),
        _figure("young", _l("Under 16")),
        _figure("grown", _l("16 to 59")),
        _figure("old", _l("60 and older")),
        _figure("unknown", _l("Age unknown")),
    ),
    query=_figures,
    sorts={"category": [PatronCategory.order], "patrons": [func.count(Patron.id)]},
    by_default=(PatronCategory.order, PatronCategory.code),
)
