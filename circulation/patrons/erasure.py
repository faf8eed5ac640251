"""Erasing a person: what stands against it first, then everything that tells who they were.

Left behind is an empty shell with a number: the ledger and its receipts are accounting papers and
keep pointing at it, cards keep their days so that past figures stay, and a lost card scanned years
later is still refused. The event log is not touched but for its card events, which follow the
shell under a fresh number; the number of all others is thrown away, so nobody can tell whose they
were while they still count as one reader. The date of birth is cut to the half month in which
reports end, which leaves every past figure by age as it was.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from cataloging.acquisitions import suggestions
from circulation.blocks import patron_figures
from circulation.facts import lock
from circulation.models import HOLD_OPEN_STATES, DeskCommand, Hold, Loan
from circulation.notices.told import forget_person
from circulation.patrons.batch_models import PatronBatchLine, PatronBatchRow
from circulation.patrons.family import children_of
from circulation.patrons.models import (
    BlockNote,
    Consent,
    Patron,
    PatronCard,
    PatronMerge,
    PersonRequest,
    Suspension,
    new_event_ref,
)
from circulation.patrons.patrons import patron_for
from circulation.patrons.photos import drop_replaced
from circulation.patrons.visit_models import DoorVisit
from ils.accounts.actor import Actor
from ils.accounts.permissions import declare_permission
from ils.core import clock
from ils.core.audit import audit
from ils.core.errors import Refused
from ils.core.events import EventRow
from ils.core.files import drop_file

ERASE = declare_permission("patrons:person:erase", "Erase persons")

CARD_EVENTS = ("card_issued", "card_renewed", "card_replaced")


@dataclass(frozen=True)
class Against:
    """Something that stands against erasing: a code, how many, and an amount of đồng."""

    code: str  # loans | holds | debt | deposit | credit | children
    count: int = 0
    amount: int = 0


def stands_against(session: Session, patron_id: int) -> list[Against]:
    """Return all that stands against erasing a patron; empty means it may be done."""
    figures = patron_figures(session, [patron_id])[patron_id]
    loans = session.scalar(_count(Loan, patron_id).where(Loan.closed_at.is_(None))) or 0
    holds = session.scalar(_count(Hold, patron_id).where(_hold_stands())) or 0
    found = [
        Against("loans", count=loans),
        Against("holds", count=holds),
        Against("debt", amount=max(0, figures.owed)),
        Against("credit", amount=max(0, -figures.posted)),
        Against("deposit", amount=max(0, figures.deposit)),
        Against("children", count=len(children_of(session, patron_id))),
    ]
    return [one for one in found if one.count or one.amount]


def _count(table: Any, patron_id: int) -> Any:
    return select(func.count()).select_from(table).where(table.patron_id == patron_id)


def _hold_stands() -> Any:
    on_shelf = Hold.ready_on.is_not(None) & Hold.cleared_at.is_(None) & Hold.item_id.is_not(None)
    ended = Hold.state.in_(("cancelled", "not_collected", "expired_shelf"))
    return Hold.state.in_(HOLD_OPEN_STATES) | (ended & on_shelf)


def erase_patron(session: Session, actor: Actor, patron_id: int) -> None:
    """Erase a person for good. Raises ``Refused('erase_blocked')`` with what stands against it."""
    patron = patron_for(session, actor, patron_id, ERASE)
    lock(session, patrons=[patron.id])
    session.refresh(patron)
    against = stands_against(session, patron.id)
    if against:
        raise Refused("erase_blocked", against=[one.code for one in against])
    for record in (patron, *_merged_into(session, patron.id)):
        _detach(session, record)
        empty_record(session, record)
    _forget_merges(session, patron.id)
    audit(session, actor, "patron_erased", "patron", patron.id)


def _merged_into(session: Session, patron_id: int) -> list[Patron]:
    return list(session.scalars(select(Patron).where(Patron.merged_into_id == patron_id)))


def _forget_merges(session: Session, patron_id: int) -> None:
    session.execute(
        update(PatronMerge)
        .where(PatronMerge.kept_id == patron_id, PatronMerge.ended_at.is_(None))
        .values(moved={}, ended_at=clock.now())
    )


def end_merges(session: Session) -> int:
    """Empty the records set aside by merges that can no longer be undone; returns how many."""
    over = session.scalars(
        select(PatronMerge).where(PatronMerge.ended_at.is_(None), PatronMerge.until < clock.today())
    ).all()
    for merge in over:
        gone = session.get_one(Patron, merge.gone_id)
        session.execute(update(Consent).where(Consent.patron_id == gone.id).values(giver_name=""))
        empty_record(session, gone)
        merge.moved, merge.ended_at = {}, clock.now()
    return len(over)


def _detach(session: Session, patron: Patron) -> None:
    """Take the name off loans, holds and the log; delete what only spoke of the person."""
    mine = patron.id
    session.execute(update(Loan).where(Loan.patron_id == mine).values(patron_id=None))
    session.execute(update(Hold).where(Hold.patron_id == mine).values(patron_id=None))
    drop_replaced(session, mine)
    for table in (
        *(DeskCommand, BlockNote, Suspension, DoorVisit),
        *(PatronBatchLine, PatronBatchRow),
    ):
        session.execute(delete(table).where(table.patron_id == mine))
    forget_person(session, mine)
    suggestions.forget_patron(session, mine)
    session.execute(update(Consent).where(Consent.patron_id == mine).values(giver_name=""))
    session.execute(
        update(PersonRequest).where(PersonRequest.patron_id == mine).values(text="", answer="")
    )
    old, new = patron.event_ref, new_event_ref()
    if old is not None:
        session.execute(
            update(EventRow)
            .where(EventRow.patron_ref == old, EventRow.kind.in_(CARD_EVENTS))
            .values(patron_ref=new)
        )
    patron.event_ref = new


def empty_record(session: Session, patron: Patron) -> None:
    """Leave the shell: library, branch, kind, half month of birth, cards with their days."""
    photo, patron.photo_id = patron.photo_id, None
    for column in _WORDS:
        setattr(patron, column, "")
    patron.id_number_hash = patron.sex = patron.guardian_id = patron.consent_at = None
    patron.born_on = half_month(patron.born_on)
    patron.keep_history = False
    patron.deleted_at = clock.now()
    for card in session.scalars(
        select(PatronCard).where(PatronCard.patron_id == patron.id, PatronCard.state == "active")
    ):
        card.state, card.ended_on = "canceled", clock.today()
    session.flush()
    drop_file(session, photo)


_WORDS = (
    *("name", "name_key", "name_folded", "ethnicity", "occupation", "school", "school_class"),
    *("school_year", "student_code"),
    *("commune", "address", "phone", "email", "id_number_masked", "guardian_name"),
    *("guardian_phone", "note", "password_hash"),
)


def half_month(born: date | None) -> date | None:
    """Return the first day of a birth date's half month: reports end on the 14th or the last."""
    return born and born.replace(day=1 if born.day < 15 else 15)
