"""Tills: who holds which drawer, what is in it, the day's closing.

A payment in cash goes into the open till of whoever takes it; where the library says so, none is
taken without one. A till is locked after the receipts; once closed it is never changed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from circulation.desk import Act, DeskResult
from circulation.models import LedgerEntry, Receipt
from circulation.money.models import ADDED, HANDED_OVER, Till, TillMovement
from circulation.permissions import TAKE_PAYMENT
from circulation.rules import till as rules
from circulation.rules.reasons import Reason, reason
from ils.accounts.actor import Actor
from ils.accounts.permissions import declare_permission
from ils.core import clock
from ils.core.audit import audit
from ils.core.db import is_sqlite
from ils.core.errors import Invalid, NotFound, Refused
from ils.org.settings import declare, setting
from ils.org.units import unit

OVERSEE = declare_permission("circulation:till:oversee", _l("See and close the tills of others"))
NEEDED = "circulation.till_needed"
declare(NEEDED, bool, False, _l("Money is taken and given only with an open till."))


# --- the till an act goes through ------------------------------------------------------------


def till_held(session: Session, staff_id: int | None, branch_id: int) -> Till | None:
    """Return the till somebody has open at a branch."""
    if staff_id is None:
        return None
    return session.scalar(
        select(Till).where(
            Till.clerk_id == staff_id, Till.branch_id == branch_id, Till.closed_at.is_(None)
        )
    )


def till_reasons(act: Act) -> list[Reason]:
    """Return what stands against moving cash: no till is open, and the library asks for one."""
    if act.actor.staff_id is None or not setting(act.session, act.here.id, NEEDED):
        return []
    held = till_held(act.session, act.actor.staff_id, act.here.id)
    return [] if held is not None else [reason("till_needed")]


def till_for(act: Act) -> Till | None:
    """Return the open till of the person acting, locked; call it after the receipts' lock.

    Raises ``Refused('lost_race')`` where it was closed meanwhile and is needed.
    """
    held = till_held(act.session, act.actor.staff_id, act.here.id)
    if held is not None:
        _lock(act.session, held)
        if held.closed_at is None:
            return held
    if till_reasons(act):
        raise Refused("lost_race", command=act.command)
    return None


def _lock(session: Session, till: Till) -> None:
    """Lock a till and read it anew."""
    if not is_sqlite(session):
        session.refresh(till, with_for_update=True)


# --- opening, moving, closing ----------------------------------------------------------------


def open_till(
    session: Session,
    actor: Actor,
    *,
    name: str,
    float_amount: int,
    key: str | None,
    now: datetime | None = None,
) -> DeskResult:
    """Take over a drawer with so much change in it; it is the actor's until it is closed."""
    act = Act(session, actor, "till_open", key, now)
    actor.require(TAKE_PAYMENT)
    if stored := act.stored():
        return stored
    if actor.staff_id is None or not name.strip():
        raise Invalid("till_name_missing", field="name")
    if float_amount < 0:
        return act.refuse([reason("amount_wrong", amount=float_amount)])
    if held := till_held(session, actor.staff_id, act.here.id):
        return act.refuse([reason("till_open_already", name=held.name)])
    taken = session.scalar(
        select(Till.id).where(
            Till.branch_id == act.here.id, Till.name == name.strip(), Till.closed_at.is_(None)
        )
    )
    if taken is not None:
        return act.refuse([reason("till_taken", name=name.strip())])
    made = Till(
        branch_id=act.here.id,
        library_id=act.here.library_id,
        name=name.strip()[:40],
        clerk_id=actor.staff_id,
        opened_at=act.now,
        opened_on=act.today,
        float_amount=float_amount,
    )
    session.add(made)
    act.flush()
    audit(session, actor, "till_opened", "till", made.id, amount=float_amount)
    facts = {"name": made.name, "amount": float_amount, "till_id": made.id}
    return act.answer("till_opened", facts=facts, undo=False)


def move_cash(
    session: Session,
    actor: Actor,
    *,
    till_id: int,
    kind: str,
    amount: int,
    reason_text: str,
    key: str | None,
    now: datetime | None = None,
) -> DeskResult:
    """Put change into a till, or hand money over out of it, with a reason in words."""
    act, till = _begin(session, actor, "till_move", till_id, key, now)
    if stored := act.stored():
        return stored
    if kind not in (ADDED, HANDED_OVER) or not reason_text.strip():
        raise Invalid("reason_missing", field="reason")
    if till.closed_at is not None:
        return act.refuse([reason("till_closed", name=till.name)])
    if amount <= 0:
        return act.refuse([reason("amount_wrong", amount=amount)])
    holds = till_report(session, till).expected
    if kind == HANDED_OVER and amount > holds:
        return act.refuse([reason("more_than_in_till", amount=amount, held=holds)])
    session.add(
        TillMovement(
            till_id=till.id,
            kind=kind,
            amount=amount,
            reason=reason_text.strip()[:250],
            at=act.now,
            actor_id=actor.staff_id,
        )
    )
    audit(session, actor, f"till_{kind}", "till", till.id, amount=amount, reason=reason_text)
    return act.answer(f"till_{kind}", facts={"amount": amount, "name": till.name}, undo=False)


def close_till(
    session: Session,
    actor: Actor,
    *,
    till_id: int,
    counted: Mapping[int, int],
    key: str | None,
    reason_text: str = "",
    now: datetime | None = None,
) -> DeskResult:
    """Close a till by its counted notes; a difference needs words. It is never changed again."""
    act, till = _begin(session, actor, "till_close", till_id, key, now)
    if stored := act.stored():
        return stored
    if till.closed_at is not None:
        return act.refuse([reason("till_closed", name=till.name)])
    try:
        total = rules.counted_total(counted)
    except ValueError as error:
        raise Invalid("count_wrong", field="counted") from error
    holds = till_report(session, till).expected
    if total != holds and not reason_text.strip():
        return act.refuse([reason("difference_unexplained", amount=total - holds, held=holds)])
    till.closed_at, till.closed_by = act.now, actor.staff_id
    till.counted = {str(note): count for note, count in counted.items() if count}
    till.counted_amount, till.expected_amount = total, holds
    till.difference, till.reason = total - holds, reason_text.strip()[:250]
    act.flush()
    audit(session, actor, "till_closed", "till", till.id, amount=total, difference=total - holds)
    facts = {"name": till.name, "amount": total, "difference": total - holds, "till_id": till.id}
    return act.answer("till_closed", facts=facts, undo=False, slip={"kind": "till", **facts})


def _begin(
    session: Session,
    actor: Actor,
    command: str,
    till_id: int,
    key: str | None,
    now: datetime | None,
) -> tuple[Act, Till]:
    """Lock a till: one's own, or another's for who may oversee it."""
    till = till_seen(session, actor, till_id)
    act = Act(session, actor, command, key, now, unit_id=till.branch_id)
    _lock(session, till)
    return act, till


# --- reading ---------------------------------------------------------------------------------


def till_seen(session: Session, actor: Actor, till_id: int) -> Till:
    """Return a till the actor may see: an own one, or one overseen. Raises ``NotFound``."""
    till = session.get(Till, till_id)
    if till is None:
        raise NotFound("till_unknown")
    if till.clerk_id == actor.staff_id and actor.can_somewhere(TAKE_PAYMENT):
        return till
    if not actor.can(OVERSEE, unit(session, till.branch_id)):
        raise NotFound("till_unknown")
    return till


@dataclass(frozen=True)
class Moved:
    """How many lines of a kind moved cash in or out, and how much: negative for what left."""

    kind: str
    count: int
    amount: int


@dataclass(frozen=True)
class TillReport:
    """What a till should hold and why; ``transfers`` came without cash."""

    till: Till
    moved: list[Moved]
    movements: Sequence[TillMovement]
    receipts: Sequence[Receipt]
    transfers: int
    expected: int

    @property
    def voided(self) -> list[Receipt]:
        """Return the receipts that were voided."""
        return [one for one in self.receipts if one.voided_at is not None]


def till_report(session: Session, till: Till) -> TillReport:
    """Return all that went through a till."""
    lines = session.execute(
        select(LedgerEntry.kind, LedgerEntry.direction, func.count(), func.sum(LedgerEntry.amount))
        .where(LedgerEntry.till_id == till.id)
        .group_by(LedgerEntry.kind, LedgerEntry.direction)
        .order_by(LedgerEntry.kind)
    ).all()
    movements = session.scalars(
        select(TillMovement).where(TillMovement.till_id == till.id).order_by(TillMovement.id)
    ).all()
    receipts = session.scalars(
        select(Receipt).where(Receipt.till_id == till.id).order_by(Receipt.year, Receipt.number)
    ).all()
    cash = [rules.Cash(kind, direction, int(amount)) for kind, direction, _n, amount in lines]
    own = [rules.Cash(one.kind, "", one.amount) for one in movements]
    return TillReport(
        till=till,
        moved=[
            Moved(line.kind, n, rules.signed(line))
            for line, (_k, _d, n, _a) in zip(cash, lines, strict=True)
        ],
        movements=movements,
        receipts=receipts,
        transfers=sum(
            one.amount for one in receipts if one.method == "transfer" and one.voided_at is None
        ),
        expected=rules.expected(till.float_amount, [*cash, *own]),
    )


def tills_open(session: Session, branch_ids: Sequence[int]) -> Sequence[Till]:
    """Return the tills open at branches, for who holds which."""
    return session.scalars(
        select(Till)
        .where(Till.branch_id.in_(branch_ids), Till.closed_at.is_(None))
        .order_by(Till.branch_id, Till.name)
    ).all()


def drawer_names(session: Session, branch_id: int) -> list[str]:
    """Return the names drawers of a branch had lately, to choose from."""
    since = clock.now() - timedelta(days=365)
    return list(
        session.scalars(
            select(Till.name)
            .where(Till.branch_id == branch_id, Till.opened_at >= since)
            .distinct()
            .order_by(Till.name)
        )
    )
