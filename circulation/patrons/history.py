"""The history of loans: under the reader's name only if the reader wants it.

A loan that is closed is detached from its reader after some days, unless they keep a history; so
are holds that ended. The row stays for the book's own history and for statistics, which count
events and the age band frozen on the loan. What is still owed for a loan keeps it attached.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from cataloging.models import Record
from circulation.ledger import open_amounts
from circulation.models import HOLD_OPEN_STATES, DeskCommand, Hold, LedgerEntry, Loan
from circulation.patrons.consent import record_consent, standing_consents
from circulation.patrons.models import Patron
from circulation.rules.consent import HISTORY, SELF
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.audit import audit
from ils.org.settings import setting
from ils.org.units import libraries


def keep_history(session: Session, actor: Actor, patron: Patron, *, on: bool) -> None:
    """Let a patron choose whether finished loans stay under their name; off detaches old ones."""
    patron.keep_history = on
    for row in standing_consents(session, patron.id):
        if (HISTORY in row.purposes) != on:
            wanted = {*row.purposes, HISTORY} if on else {*row.purposes} - {HISTORY}
            record_consent(session, actor, patron, givers=[row.given_by], purposes=wanted)
    if on:
        patron.keep_history = True
        if not standing_consents(session, patron.id):
            record_consent(session, actor, patron, givers=[SELF], purposes=[HISTORY])
            patron.keep_history = True
    else:
        days = int(setting(session, patron.library_id, "patrons.history_days"))
        detach_of(session, patron.id, before=clock.now() - timedelta(days=days))
    audit(session, actor, "history_on" if on else "history_off", "patron", patron.id)


def history_of(
    session: Session, patron_id: int, *, limit: int = 50, offset: int = 0
) -> tuple[int, Sequence[Any]]:
    """Return how many finished loans are under a patron's name, and a page of them with titles."""
    query = (
        select(Loan, Record.title, Record.author)
        .join(Record, Record.id == Loan.record_id)
        .where(Loan.patron_id == patron_id, Loan.closed_at.is_not(None))
        .where(Loan.closed_how.is_distinct_from("undone"))
    )
    total = session.scalar(query.with_only_columns(func.count(Loan.id))) or 0
    rows = session.execute(query.order_by(Loan.closed_at.desc()).limit(limit).offset(offset))
    return total, rows.all()


def detach_history(session: Session, now: datetime | None = None) -> int:
    """Detach what finished long enough ago, library by library; returns how many loans."""
    moment = now or clock.now()
    count = 0
    for library in libraries(session):
        days = int(setting(session, library.id, "patrons.history_days"))
        before = moment - timedelta(days=days)
        readers = session.scalars(
            select(Loan.patron_id)
            .join(Patron, Patron.id == Loan.patron_id)
            .where(Patron.library_id == library.id, Patron.keep_history.is_(False))
            .where(Loan.closed_at < before)
            .union(
                select(Hold.patron_id)
                .join(Patron, Patron.id == Hold.patron_id)
                .where(Patron.library_id == library.id, Patron.keep_history.is_(False))
                .where(Hold.ended_at < before)
            )
        ).all()
        count += sum(detach_of(session, one, before=before) for one in readers if one is not None)
    return count


def detach_of(session: Session, patron_id: int, *, before: datetime) -> int:
    """Detach a patron's finished loans and holds of before an instant; returns how many loans.

    A loan for which something is still owed, or credit is left, stays. So do holds whose copy
    lies on the shelf to be cleared.
    """
    owed_for = _loans_owed_for(session, patron_id)
    loans = update(Loan).where(Loan.patron_id == patron_id, Loan.closed_at < before)
    if owed_for:
        loans = loans.where(Loan.id.not_in(owed_for))
    detached = session.execute(
        loans.values(patron_id=None).returning(Loan.id).execution_options(**_QUIETLY)
    ).all()
    session.execute(
        update(Hold)
        .where(Hold.patron_id == patron_id, Hold.ended_at < before)
        .where(Hold.state.not_in(HOLD_OPEN_STATES))
        .where(or_(Hold.cleared_at.is_not(None), Hold.item_id.is_(None), Hold.ready_on.is_(None)))
        .values(patron_id=None)
        .execution_options(**_QUIETLY)
    )
    session.execute(
        delete(DeskCommand)
        .where(DeskCommand.patron_id == patron_id, DeskCommand.at < before)
        .execution_options(**_QUIETLY)
    )
    return len(detached)


_QUIETLY: Any = {"synchronize_session": "fetch"}


def _loans_owed_for(session: Session, patron_id: int) -> set[int]:
    has_lines = session.scalar(
        select(LedgerEntry.id)
        .where(LedgerEntry.patron_id == patron_id, LedgerEntry.loan_id.is_not(None))
        .limit(1)
    )
    if has_lines is None:
        return set()
    rows, left = open_amounts(session, patron_id)
    return {row.loan_id for row in rows if row.loan_id is not None and left.get(row.id, 0) > 0}
