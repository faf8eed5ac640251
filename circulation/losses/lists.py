"""The lists a person works off: proposals, claims with their searches, cases of loss and damage,
copies that are missing or searched for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from cataloging.models import Item, Record
from circulation.losses.models import Claim, Loss, LossProposal
from circulation.models import ItemSearch, LedgerAllocation, LedgerEntry, Loan
from circulation.patrons.models import Patron, PatronCard
from ils.printing.listing import Column

CODE = func.coalesce(Item.accession_no, Item.barcode, "").label("code")
PHONE = func.coalesce(func.nullif(Patron.phone, ""), Patron.guardian_phone).label("phone")
CARD = and_(PatronCard.patron_id == Patron.id, PatronCard.state == "active")
SEARCHED = (
    exists()
    .where(
        ItemSearch.item_id == Item.id,
        ItemSearch.closed_at.is_(None),
        or_(Item.last_seen_at.is_(None), Item.last_seen_at <= ItemSearch.flagged_at),
    )
    .label("searched")
)


@dataclass(frozen=True)
class Asked:
    """What is asked of a list: the branches, a state, words of title, number or reader."""

    tab: str
    branches: tuple[int, ...]
    today: date
    state: str = ""
    words: str = ""
    sort: str = ""


_TITLE = Column("title", _l("Title"), width="2fr")
_CODE = Column("code", _l("Accession number"), "code", "22mm")
_PATRON = Column("patron", _l("Patron"), width="1.3fr")
_CARD = Column("card", _l("Card"), "code", "24mm")
_PHONE = Column("phone", _l("Telephone"), "code", "24mm")
COLUMNS: dict[str, Sequence[Column]] = {
    "proposals": (
        _TITLE,
        _CODE,
        _PATRON,
        _CARD,
        _PHONE,
        Column("due_on", _l("Due"), "date", "22mm"),
        Column("days", _l("Days late"), "num", "16mm"),
        Column("price", _l("Price"), "money", "22mm"),
    ),
    "claims": (
        _TITLE,
        _CODE,
        Column("call_number", _l("Call number"), "code", "26mm"),
        _PATRON,
        Column("claimed_on", _l("Claimed on"), "date", "22mm"),
        Column("searched_1", _l("First search"), "date", "22mm"),
        Column("second_from", _l("Second search from"), "date", "22mm"),
    ),
    "lost": (
        _TITLE,
        _CODE,
        _PATRON,
        _CARD,
        _PHONE,
        Column("happened_on", _l("Day"), "date", "22mm"),
        Column("asked", _l("Sum asked"), "money", "22mm", total=True),
        Column("open", _l("Still open"), "money", "22mm", total=True),
    ),
    "missing": (
        _TITLE,
        _CODE,
        Column("call_number", _l("Call number"), "code", "30mm"),
        Column("shelf", _l("Shelf"), width="24mm"),
        Column("seen_on", _l("Last seen"), "date", "24mm"),
    ),
}
COLUMNS["damaged"] = COLUMNS["lost"]
TITLES_VI = {
    "proposals": "Danh sách tài liệu quá hạn lâu đề nghị ghi mất",
    "claims": "Danh sách khiếu nại đã trả, chưa mượn cần tìm trên giá",
    "lost": "Danh sách tài liệu bạn đọc làm mất",
    "damaged": "Danh sách tài liệu bị hư hỏng",
    "missing": "Danh sách tài liệu không tìm thấy",
}
SORTS: dict[str, dict[str, Any]] = {
    "proposals": {"due_on": Loan.due_on, "title": Record.title_sort, "patron": Patron.name_key},
    "claims": {
        "claimed_on": Claim.claimed_on,
        "title": Record.title_sort,
        "call_number": Item.call_sort,
        "patron": Patron.name_key,
    },
    "lost": {
        "happened_on": Loss.happened_on,
        "title": Record.title_sort,
        "patron": Patron.name_key,
    },
    "missing": {
        "call_number": Item.call_sort,
        "title": Record.title_sort,
        "seen_on": Item.last_seen_at,
    },
}
SORTS["damaged"] = SORTS["lost"]
STATES: dict[str, tuple[str, ...]] = {
    "proposals": ("open", "postponed"),
    "claims": ("open", "resolved"),
    "lost": ("open", "settled", "found", "cancelled"),
    "damaged": ("open", "settled", "cancelled"),
}


def how_many(session: Session, asked: Asked) -> int:
    """Count the rows of a list."""
    query = _query(asked)
    return session.scalar(select(func.count()).select_from(query.subquery())) or 0


def rows_of(session: Session, asked: Asked, *, limit: int, offset: int = 0) -> list[dict[str, Any]]:
    """Return a page of a list as rows by column key, with the ids that links need."""
    query = _query(asked).order_by(*_order(asked)).limit(limit).offset(offset)
    rows = [dict(row._mapping) for row in session.execute(query)]
    if asked.tab == "proposals":
        for row in rows:
            row["days"] = (asked.today - row["due_on"]).days
    if asked.tab in ("lost", "damaged"):
        _say_money(session, rows)
    if asked.tab == "missing":
        for row in rows:
            row["seen_on"] = row["seen_at"].date() if row["seen_at"] else None
    return rows


def counts(session: Session, branches: tuple[int, ...], today: date) -> dict[str, int]:
    """Return how much waits in each list."""
    return {tab: how_many(session, Asked(tab, branches, today, state="open")) for tab in COLUMNS}


def _order(asked: Asked) -> list[Any]:
    known = SORTS[asked.tab]
    first = known.get(asked.sort.removeprefix("-"))
    by_default = next(iter(known.values()))
    if asked.tab in ("lost", "damaged") and first is None:
        return [Loss.happened_on.desc(), Loss.id.desc()]
    column = by_default if first is None else first
    ids = {"proposals": LossProposal.id, "claims": Claim.id, "missing": Item.id}
    last: Any = ids.get(asked.tab, Loss.id)
    return [column.desc() if asked.sort.startswith("-") else column, last]


def _query(asked: Asked) -> Any:
    query = _BASES[asked.tab](asked)
    if asked.words.strip():
        like = f"%{asked.words.strip().lower()}%"
        texts: list[Any] = [Record.title, Item.accession_no, Item.barcode]
        if asked.tab != "missing":
            texts.append(Patron.name)
        query = query.where(or_(*(func.lower(text).like(like) for text in texts)))
    return query


CALL = func.coalesce(func.nullif(Item.call_number, ""), Record.call_number).label("call_number")
_LOANED = (Record.title, CODE, CALL, Item.price, Record.id.label("record_id"))
_READER = (Patron.name.label("patron"), Patron.id.label("patron_id"), PHONE)


def _with_reader(query: Any) -> Any:
    return query.outerjoin(Patron, Patron.id == Loan.patron_id).outerjoin(PatronCard, CARD)


def _proposals(asked: Asked) -> Any:
    query = (
        select(
            LossProposal.id,
            LossProposal.loan_id,
            LossProposal.until,
            Loan.due_on,
            *_LOANED,
            *_READER,
            PatronCard.number.label("card"),
        )
        .join(Loan, Loan.id == LossProposal.loan_id)
        .join(Item, Item.id == Loan.item_id)
        .join(Record, Record.id == Item.record_id)
    )
    state = LossProposal.state == "proposed"
    if asked.state == "postponed":
        state = (LossProposal.state == "postponed") & (LossProposal.until > asked.today)
    return _with_reader(query).where(
        LossProposal.branch_id.in_(asked.branches), state, Loan.closed_at.is_(None)
    )


def _claims(asked: Asked) -> Any:
    query = (
        select(
            Claim.id,
            Claim.loan_id,
            Claim.kind,
            Claim.claimed_on,
            Claim.searched_1,
            Claim.second_from,
            Claim.searched_2,
            Claim.resolution,
            Item.branch_id,
            *_LOANED,
            *_READER,
        )
        .join(Loan, Loan.id == Claim.loan_id)
        .join(Item, Item.id == Loan.item_id)
        .join(Record, Record.id == Item.record_id)
    )
    over = Claim.resolved_at.is_not(None)
    return _with_reader(query).where(
        Claim.branch_id.in_(asked.branches), over if asked.state == "resolved" else ~over
    )


def _losses(asked: Asked) -> Any:
    query = (
        select(
            Loss.id,
            Loss.loan_id,
            Loss.happened_on,
            Loss.state,
            Loss.settled_how,
            Loss.found_money,
            Loss.reckoning,
            Loss.price_entry_id,
            Loss.processing_entry_id,
            *_LOANED,
            *_READER,
            PatronCard.number.label("card"),
        )
        .join(Item, Item.id == Loss.item_id)
        .join(Record, Record.id == Item.record_id)
        .outerjoin(Loan, Loan.id == Loss.loan_id)
    )
    state: ColumnElement[bool] = Loss.state == asked.state
    if asked.state not in STATES[asked.tab]:
        state = Loss.state.is_not(None)
    return _with_reader(query).where(
        Loss.branch_id.in_(asked.branches), Loss.kind == asked.tab, state
    )


def _missing(asked: Asked) -> Any:
    return (
        select(
            Item.id,
            Item.shelf,
            Item.lifecycle,
            Item.branch_id,
            Item.last_seen_at.label("seen_at"),
            SEARCHED,
            *_LOANED,
        )
        .join(Record, Record.id == Item.record_id)
        .where(
            Item.branch_id.in_(asked.branches),
            or_(Item.lifecycle == "missing", and_(Item.lifecycle == "active", SEARCHED)),
        )
    )


_BASES = {
    "proposals": _proposals,
    "claims": _claims,
    "lost": _losses,
    "damaged": _losses,
    "missing": _missing,
}


def _say_money(session: Session, rows: list[dict[str, Any]]) -> None:
    """Put what was asked and what is still open of it into rows of cases."""
    ids = [row[name] for row in rows for name in _ENTRIES if row[name] is not None]
    amounts = dict(
        session.execute(
            select(LedgerEntry.id, LedgerEntry.amount).where(LedgerEntry.id.in_(ids))
        ).all()
    )
    paid = dict(
        session.execute(
            select(LedgerAllocation.debit_id, func.sum(LedgerAllocation.amount))
            .where(LedgerAllocation.debit_id.in_(ids))
            .group_by(LedgerAllocation.debit_id)
        ).all()
    )
    for row in rows:
        mine = [row[name] for name in _ENTRIES if row[name] is not None]
        row["asked"] = sum(amounts.get(i, 0) for i in mine)
        row["open"] = 0
        if row["state"] == "open":
            row["open"] = sum(amounts.get(i, 0) - int(paid.get(i, 0)) for i in mine)


_ENTRIES = ("price_entry_id", "processing_entry_id")
