"""Central purchases: titles gathered, split to libraries by a table, sent as draft vouchers.

Each library counts what it got and closes its own voucher: its copies, numbers and line of the
summary register come from that, with the difference to what was announced.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from cataloging.change_sets import new_change_set
from cataloging.editor.boxes import write
from cataloging.items import HIGHEST_PRICE, MOST_COPIES
from cataloging.models import Record
from cataloging.permissions import SPLIT_PURCHASE
from cataloging.records import create_record, record_for
from cataloging.stock import first_register
from cataloging.stockbook.central.models import (
    CentralPurchase,
    CentralShare,
    CentralTitle,
    CentralVoucher,
)
from cataloging.stockbook.models import Voucher, VoucherLine
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.audit import audit
from ils.core.errors import Invalid, NotFound, Refused
from ils.org.models import OrgUnit
from ils.org.units import branches_of, libraries, province

MOST_TITLES = 300


@dataclass(frozen=True)
class PurchaseFacts:
    """The head of a purchase."""

    number: str
    dated_on: date | None
    source: str = ""
    funding: str = ""
    note: str = ""


def require_split(session: Session, actor: Actor) -> None:
    """Raise ``Forbidden`` unless the actor may split purchases of the province."""
    actor.require(SPLIT_PURCHASE, at=province(session))


def purchase_for(
    session: Session, actor: Actor, purchase_id: int, *, draft: bool = False
) -> CentralPurchase:
    """Return a purchase; with ``draft`` locked, and only while it is not sent."""
    require_split(session, actor)
    query = select(CentralPurchase).where(CentralPurchase.id == purchase_id)
    if draft:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = session.scalar(query)
    if found is None:
        raise NotFound("purchase_unknown", purchase_id=purchase_id)
    if draft and found.state != "draft":
        raise Refused("purchase_sent", purchase_id=purchase_id)
    return found


def begin_purchase(session: Session, actor: Actor, facts: PurchaseFacts) -> CentralPurchase:
    """Begin a purchase."""
    require_split(session, actor)
    made = CentralPurchase(made_by=actor.staff_id, **_columns(facts))
    session.add(made)
    session.flush()
    audit(session, actor, "purchase_begun", "central_purchase", made.id, number=made.number)
    return made


def change_purchase(
    session: Session, actor: Actor, purchase_id: int, facts: PurchaseFacts
) -> CentralPurchase:
    """Change the head of a purchase that is not sent."""
    found = purchase_for(session, actor, purchase_id, draft=True)
    for name, value in _columns(facts).items():
        setattr(found, name, value)
    session.flush()
    return found


def _columns(facts: PurchaseFacts) -> dict[str, Any]:
    if not facts.number.strip():
        raise Invalid("purchase_unnumbered", field="number")
    if facts.dated_on is None or not date(1990, 1, 1) <= facts.dated_on <= clock.today():
        raise Invalid("purchase_day_impossible", field="dated_on")
    return {
        "number": facts.number.strip()[:60],
        "dated_on": facts.dated_on,
        "source": facts.source.strip()[:200],
        "funding": facts.funding.strip()[:120],
        "note": facts.note.strip(),
    }


def add_title(
    session: Session,
    actor: Actor,
    purchase_id: int,
    *,
    record_id: int | None = None,
    fresh: Mapping[str, str] | None = None,
    price: int | None = None,
    copies: int = 0,
) -> CentralTitle:
    """Put a title on a purchase, with so many copies for every library to begin with."""
    purchase_for(session, actor, purchase_id, draft=True)
    boxes = {name: value.strip() for name, value in (fresh or {}).items() if value.strip()}
    if record_id is not None:
        record_for(session, record_id)
    elif not boxes.get("title"):
        raise Invalid("title_missing", field="title")
    _check(price, [copies])
    own = CentralTitle.purchase_id == purchase_id
    if record_id is not None:
        there = session.scalar(select(CentralTitle).where(own, CentralTitle.record_id == record_id))
        if there is not None:
            return there
    if (session.scalar(select(func.count()).where(own)) or 0) >= MOST_TITLES:
        raise Refused("voucher_full", most=MOST_TITLES)
    made = CentralTitle(
        purchase_id=purchase_id,
        record_id=record_id,
        fresh=boxes if record_id is None else {},
        price=price,
    )
    session.add(made)
    session.flush()
    if copies:
        _split(session, made.id, {library.id: copies for library in libraries(session)})
    return made


def _check(price: int | None, copies: Sequence[int]) -> None:
    if price is not None and not 0 <= price <= HIGHEST_PRICE:
        raise Invalid("price_impossible", field="price", value=price)
    if any(not 0 <= count <= MOST_COPIES for count in copies):
        raise Invalid("too_many_copies", field="copies", most=MOST_COPIES)


def save_table(
    session: Session,
    actor: Actor,
    purchase_id: int,
    table: Mapping[int, tuple[int | None, Mapping[int, int]]],
) -> None:
    """Save prices and copies, by title and library; a title left out stays as it is."""
    found = purchase_for(session, actor, purchase_id, draft=True)
    known = {library.id for library in libraries(session)}
    for title in session.scalars(
        select(CentralTitle).where(CentralTitle.purchase_id == found.id)
    ).all():
        if title.id in table:
            price, shares = table[title.id]
            _check(price, list(shares.values()))
            title.price = price
            _split(session, title.id, {i: n for i, n in shares.items() if i in known})
    session.flush()


def _split(session: Session, title_id: int, shares: Mapping[int, int]) -> None:
    session.execute(delete(CentralShare).where(CentralShare.title_id == title_id))
    session.add_all(
        CentralShare(title_id=title_id, library_id=library_id, copies=copies)
        for library_id, copies in sorted(shares.items())
        if copies
    )
    session.flush()


def remove_title(session: Session, actor: Actor, purchase_id: int, title_id: int) -> None:
    """Take a title off a purchase that is not sent."""
    found = purchase_for(session, actor, purchase_id, draft=True)
    title = session.get(CentralTitle, title_id)
    if title is not None and title.purchase_id == found.id:
        session.delete(title)
        session.flush()


def delete_purchase(session: Session, actor: Actor, purchase_id: int) -> None:
    """Give a purchase up that is not sent."""
    found = purchase_for(session, actor, purchase_id, draft=True)
    audit(session, actor, "purchase_given_up", "central_purchase", found.id, number=found.number)
    session.delete(found)
    session.flush()


def send_purchase(session: Session, actor: Actor, purchase_id: int) -> int:
    """Send every library that gets something its draft voucher; return how many.

    Raises ``Refused`` when nothing is split, or a library has no branch to receive at.
    """
    found = purchase_for(session, actor, purchase_id, draft=True)
    rows = _rows(session, found.id)
    given = {library_id for row in rows for library_id in row.shares}
    if not given:
        raise Refused("purchase_not_split")
    for row in rows:
        if row.title.record_id is None and row.shares:
            row.title.record_id = _new_record(session, actor, found, row.title).id
    session.flush()
    for library in (one for one in libraries(session) if one.id in given):
        _send_to(session, found, library, rows)
    found.state, found.sent_at, found.sent_by = "sent", clock.now(), actor.staff_id
    audit(session, actor, "purchase_sent", "central_purchase", found.id, number=found.number)
    session.flush()
    return len(given)


def _new_record(
    session: Session, actor: Actor, found: CentralPurchase, title: CentralTitle
) -> Record:
    values = {name: str(value) for name, value in title.fresh.items()}
    if title.price:
        values["price"] = f"{title.price}đ"
    everywhere = replace(actor, all_rights=True)  # one record for all, made by who may split
    return create_record(
        session,
        everywhere,
        write(None, values),
        why=found.number,
        change_set=new_change_set(session, actor, "voucher", found.number),
        numbered=True,
    )


def _send_to(
    session: Session, found: CentralPurchase, library: OrgUnit, rows: Sequence["Row"]
) -> None:
    branches = branches_of(session, library.id)
    if not branches:
        raise Refused("purchase_no_branch", library_id=library.id)
    mine = [row for row in rows if library.id in row.shares]
    voucher = Voucher(
        library_id=library.id,
        kind="allotment",
        number=found.number,
        dated_on=found.dated_on,
        entered_on=clock.today(),
        source=found.source,
        funding=found.funding,
        note=found.note,
        total=sum(row.shares[library.id] * (row.title.price or 0) for row in mine),
        branch_id=branches[0].id,
        register_id=first_register(session, library.id) or None,
    )
    session.add(voucher)
    session.flush()
    session.add_all(
        VoucherLine(
            voucher_id=voucher.id,
            record_id=row.title.record_id,
            copies=row.shares[library.id],
            expected=row.shares[library.id],
            cover_price=row.title.price,
            paid_price=row.title.price,
            branch_id=voucher.branch_id,
            register_id=voucher.register_id,
            item_type=voucher.item_type or "book",
        )
        for row in mine
    )
    session.add(CentralVoucher(purchase_id=found.id, library_id=library.id, voucher_id=voucher.id))
    session.flush()


def call_back(session: Session, actor: Actor, purchase_id: int) -> None:
    """Take a sending back while no library has closed its voucher: their drafts go."""
    found = purchase_for(session, actor, purchase_id)
    if found.state != "sent":
        raise Refused("purchase_not_sent")
    query = (
        select(Voucher)
        .join(CentralVoucher, CentralVoucher.voucher_id == Voucher.id)
        .where(CentralVoucher.purchase_id == found.id)
        .with_for_update()
    )
    vouchers = session.scalars(query).all()
    if any(voucher.state != "draft" or voucher.closed_at for voucher in vouchers):
        raise Refused("purchase_confirmed")
    for voucher in vouchers:
        session.delete(voucher)
    found.state, found.sent_at, found.sent_by = "draft", None, None
    audit(session, actor, "purchase_called_back", "central_purchase", found.id)
    session.flush()


# --- how it stands -------------------------------------------------------------------------------


@dataclass
class Row:
    """A title of a purchase: copies announced and, where confirmed, received, by library."""

    title: CentralTitle
    record: Record | None
    shares: dict[int, int] = field(default_factory=dict)
    received: dict[int, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Return the title."""
        return self.record.title if self.record else str(self.title.fresh.get("title", ""))

    @property
    def copies(self) -> int:
        """Return how many copies are announced in all."""
        return sum(self.shares.values())


@dataclass(frozen=True)
class Reply:
    """What a library did with its voucher; ``voucher`` is None where it gave it up."""

    library: OrgUnit
    voucher: Voucher | None
    announced: int
    received: int | None


def _rows(session: Session, purchase_id: int) -> list[Row]:
    query = (
        select(CentralTitle, Record)
        .outerjoin(Record, Record.id == CentralTitle.record_id)
        .where(CentralTitle.purchase_id == purchase_id)
        .order_by(CentralTitle.id)
    )
    rows = {title.id: Row(title, record) for title, record in session.execute(query)}
    shares = select(CentralShare).where(CentralShare.title_id.in_(rows))
    for share in session.scalars(shares):
        rows[share.title_id].shares[share.library_id] = share.copies
    return list(rows.values())


def standing(session: Session, purchase: CentralPurchase) -> tuple[list[Row], list[Reply]]:
    """Return the table of a purchase and what each library replied."""
    rows = _rows(session, purchase.id)
    by_record = {row.title.record_id: row for row in rows if row.title.record_id}
    query = (
        select(CentralVoucher.library_id, Voucher)
        .join(Voucher, Voucher.id == CentralVoucher.voucher_id)
        .where(CentralVoucher.purchase_id == purchase.id)
    )
    vouchers = dict(session.execute(query).all())
    got: dict[int, int] = {}
    for library_id, voucher in vouchers.items():
        if voucher.state != "closed":
            continue
        got[library_id] = 0
        lines = select(VoucherLine).where(VoucherLine.voucher_id == voucher.id)
        for line in session.scalars(lines):
            got[library_id] += line.copies
            if line.record_id in by_record:
                by_record[line.record_id].received[library_id] = line.copies
    replies = []
    for library in libraries(session):
        announced = sum(row.shares.get(library.id, 0) for row in rows)
        if announced or library.id in vouchers:
            replies.append(Reply(library, vouchers.get(library.id), announced, got.get(library.id)))
    return rows, replies


def purchases_of(
    session: Session, actor: Actor, *, limit: int, offset: int
) -> tuple[list[tuple[CentralPurchase, int]], int]:
    """Return purchases, newest first, with how many copies each has; and the total."""
    require_split(session, actor)
    total = session.scalar(select(func.count()).select_from(CentralPurchase)) or 0
    rows = session.scalars(
        select(CentralPurchase).order_by(CentralPurchase.id.desc()).limit(limit).offset(offset)
    ).all()
    counts = select(CentralTitle.purchase_id, func.sum(CentralShare.copies)).join(
        CentralShare, CentralShare.title_id == CentralTitle.id
    )
    copies = dict(session.execute(counts.group_by(CentralTitle.purchase_id)).all())
    return [(row, int(copies.get(row.id, 0))) for row in rows], total
