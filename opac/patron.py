"""The patron signed in on a public site: the session, and what their account holds."""

from collections.abc import MutableMapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flask import g
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.acquisitions.settings import SUGGESTIONS
from cataloging.acquisitions.suggestions import Row, suggestions_of_patron
from cataloging.models import Item, Record
from circulation.blocks import OpenLoan, loans_of_patron, patron_blocks
from circulation.ledger import Account, account
from circulation.models import HOLD_OPEN_STATES, Hold
from circulation.patrons.cards import active_card
from circulation.patrons.models import Patron, PatronCard
from circulation.patrons.sign_in import session_stamp
from circulation.policies import branch
from circulation.queue import queue_of
from circulation.renew import renewable
from circulation.waiting import waiting_for, waiting_sentence
from ils.core import clock
from ils.core.db import reading
from ils.org.settings import setting
from ils.org.units import unit_names
from opac import words
from opac.shelves import Book

WAITING = ("queued", "targeted")


def remember(cookie: MutableMapping[str, Any], patron: Patron) -> None:
    """Keep a patron signed in by this browser's session; a new password ends it."""
    cookie["patron"] = {"id": patron.id, "stamp": session_stamp(patron)}


def signed_in_patron(cookie: MutableMapping[str, Any]) -> int | None:
    """Return the patron of a session while their password is the one they signed in with."""
    kept = cookie.get("patron")
    if not isinstance(kept, dict) or not isinstance(kept.get("id"), int):
        return None
    with reading() as session:
        patron = session.get(Patron, kept["id"])
    if patron is None or patron.deleted_at or session_stamp(patron) != kept.get("stamp"):
        cookie.pop("patron", None)
        return None
    g.patron_name = patron.name
    return patron.id


@dataclass(frozen=True)
class LoanLine:
    """A loan as its reader sees it."""

    id: int
    book: Book
    call_number: str
    barcode: str
    branch: str
    due_on: date
    days_left: int
    days_late: int
    fine: int
    renewals: int
    new_due: date | None
    reasons: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class HoldLine:
    """A hold as its reader sees it; ``place`` is the place in the queue, None when it has a copy.

    ``acts`` names what the reader may do: pickup, pause, resume, extend.
    """

    id: int
    book: Book
    kind: str
    state: str
    place: int | None
    waiting: int
    pickup: str
    pickup_id: int
    until: date | None
    placed_on: date
    asks_for: str = ""
    wait: str = ""
    need_by: date | None = None
    paused_until: date | None = None
    acts: tuple[str, ...] = ()


@dataclass(frozen=True)
class AccountPage:
    """Everything on the page of a patron's account."""

    patron: Patron
    card: PatronCard | None
    loans: list[LoanLine]
    holds: list[HoldLine]
    money: Account
    blocks: list[str]
    renewable: int
    suggestions: list[Row]
    may_suggest: bool


def account_page(session: Session, patron_id: int) -> AccountPage:
    """Gather a patron's account."""
    patron = session.get_one(Patron, patron_id)
    names = unit_names(session)
    loans = _loan_lines(session, loans_of_patron(session, patron_id), names)
    blocks = patron_blocks(session, patron_id, "borrow", patron.branch_id)
    return AccountPage(
        patron=patron,
        card=active_card(session, patron_id),
        loans=loans,
        holds=_hold_lines(session, patron_id, names),
        money=account(session, patron_id),
        blocks=[words.reason_for_patron(r.code, r.facts) for r in blocks if r.stops],
        renewable=sum(line.new_due is not None for line in loans),
        suggestions=suggestions_of_patron(session, patron_id),
        may_suggest=bool(setting(session, patron.library_id, SUGGESTIONS)),
    )


def _loan_lines(session: Session, loans: list[OpenLoan], names: dict[int, str]) -> list[LoanLine]:
    today = clock.today()
    may = renewable(session, [one.loan.id for one in loans])
    covers = _books(session, [one.loan.record_id for one in loans])
    lines = []
    for one in loans:
        new_due, reasons = may.get(one.loan.id, (None, []))
        lines.append(
            LoanLine(
                id=one.loan.id,
                book=covers[one.loan.record_id],
                call_number=one.item.call_number,
                barcode=one.item.accession_no or one.item.barcode or "",
                branch=names.get(one.loan.branch_id, ""),
                due_on=one.loan.due_on,
                days_left=(one.loan.due_on - today).days,
                days_late=one.days_late,
                fine=one.running_fine,
                renewals=one.loan.renewals,
                new_due=new_due,
                reasons=words.reasons_for_patron([(r.code, r.facts) for r in reasons if r.stops]),
            )
        )
    return lines


def _hold_lines(session: Session, patron_id: int, names: dict[int, str]) -> list[HoldLine]:
    holds = session.scalars(
        select(Hold)
        .where(Hold.patron_id == patron_id, Hold.state.in_(HOLD_OPEN_STATES))
        .order_by(Hold.requested_at)
    ).all()
    covers = _books(session, [hold.record_id for hold in holds])
    lines = []
    for hold in holds:
        queue = queue_of(session, hold.record_id, clock.now())
        moving = hold.state == "ready" and hold.shelf_until is None
        kind, state = words.HOLD_STATES.get(
            "in_transit" if moving else hold.state, ("info", hold.state)
        )
        waits = hold.state in WAITING
        lines.append(
            HoldLine(
                id=hold.id,
                book=covers[hold.record_id],
                kind=kind,
                state=str(state),
                place=queue.place(hold.id) if waits else None,
                waiting=queue.length_for(hold.id) if waits else 0,
                pickup=names.get(hold.pickup_branch_id, ""),
                pickup_id=hold.pickup_branch_id,
                until=hold.shelf_until if hold.state == "ready" else None,
                placed_on=clock.local(hold.requested_at).date(),
                asks_for=_asks_for(hold),
                wait=waiting_sentence(waiting_for(session, queue, hold)) if waits else "",
                need_by=hold.need_by if hold.kind == "hold" else None,
                paused_until=hold.suspended_until if hold.state == "suspended" else None,
                acts=_acts(session, hold),
            )
        )
    return lines


def _asks_for(hold: Hold) -> str:
    if hold.kind == "slip":
        return str(_("to read here today"))
    if hold.item_level_item_id is not None:
        return str(_("one copy only"))
    return hold.volume_key


def _acts(session: Session, hold: Hold) -> tuple[str, ...]:
    """Return what a reader may do to a hold besides canceling it."""
    if hold.kind == "slip":
        return ()
    if hold.state == "suspended":
        return ("pickup", "resume")
    if hold.state in WAITING:
        return ("pickup", "pause")
    extends = branch(session, hold.pickup_branch_id).settings.extend_shelf
    if hold.state == "ready" and hold.shelf_until is not None and extends:
        return ("pickup", "extend")
    return ("pickup",)


def _books(session: Session, record_ids: list[int]) -> dict[int, Book]:
    """Return titles by id, hidden ones too: the reader has them in hand."""
    rows = session.execute(
        select(
            Record.id,
            Record.title,
            Record.author,
            Record.year,
            Record.class_number,
            Record.material,
        ).where(Record.id.in_(record_ids))
    )
    return {row.id: Book(*row) for row in rows}


def item_titles(session: Session, item_ids: set[int]) -> dict[int, str]:
    """Return the titles of items, for the lines of an account."""
    rows = session.execute(
        select(Item.id, Record.title)
        .join(Record, Record.id == Item.record_id)
        .where(Item.id.in_(item_ids))
    )
    return {row[0]: row[1] for row in rows}
