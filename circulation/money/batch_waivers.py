"""Old debts forgiven together: chosen by a filter, looked at, given by a decision, taken back as one.

draft ──give──▶ giving ──▶ given ──take back──▶ taking ──▶ taken
  └──discard──▶ discarded

A draft changes nothing; its lines are what is open of the charges at that moment. A job gives them,
some readers in each transaction: what was paid meanwhile is not forgiven, and never more than was
shown. Each is a waiver of its own on the account, with the decision, as if given at the desk.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, aliased

from circulation.desk import Act
from circulation.events import EntryReversed
from circulation.facts import lock, patron_at_desk
from circulation.fees import give_waiver
from circulation.ledger import open_amounts, reverse_entry
from circulation.losses.settling import items_of_losses, review_losses
from circulation.models import LedgerAllocation, LedgerEntry
from circulation.money.models import BatchWaiver, BatchWaiverLine
from circulation.patrons.models import Patron
from circulation.permissions import GIVE_AMNESTY
from circulation.rules import ledger
from ils.accounts.actor import Actor, system_actor
from ils.core import clock
from ils.core.audit import audit
from ils.core.db import is_sqlite
from ils.core.errors import Invalid, NotFound, Refused
from ils.core.jobs import Job, Progress, do_in_parts, enqueue, has_stopped, job_kind, stop_job
from ils.org.models import OrgUnit
from ils.org.units import unit

KINDS = ("overdue", "lost_price", "damage", "processing", "card_fee", "service")
MOST = 50_000  # lines of one batch
AT_ONCE = 100  # lines given in one transaction
GIVEN_BY = "batch_waivers"


@dataclass(frozen=True)
class Asked:
    """Which debts: kinds of charges, at least so many days old, of which readers (empty: any)."""

    kinds: tuple[str, ...] = ("overdue",)
    days: int = 0
    category: str = ""
    school_class: str = ""
    commune: str = ""

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "Asked":
        """Read what was kept with a batch."""
        return cls(**{**stored, "kinds": tuple(stored.get("kinds", ()))})


# --- choosing --------------------------------------------------------------------------------


def plan_batch(
    session: Session,
    actor: Actor,
    unit_id: int,
    asked: Asked,
    *,
    decision: str,
    decided_on: date,
    reason: str,
) -> BatchWaiver:
    """Make a draft with every debt that fits. Nothing is forgiven yet.

    Raises ``Invalid`` without decision, reason or kinds, or where nothing fits.
    """
    at = unit(session, unit_id)
    actor.require(GIVE_AMNESTY, at)
    if not decision.strip():
        raise Invalid("decision_missing", field="decision")
    if not reason.strip():
        raise Invalid("reason_missing", field="reason")
    if not asked.kinds or any(kind not in KINDS for kind in asked.kinds):
        raise Invalid("waiver_kinds_missing", field="kinds")
    if not 0 <= asked.days <= 36_500:
        raise Invalid("debt_age_wrong", field="days")
    found = open_debts(session, at, asked, clock.today())
    if not found:
        raise Invalid("waiver_nothing_fits", field="kinds")
    if len(found) > MOST:
        raise Invalid("waiver_too_many", field="kinds", most=MOST)
    batch = BatchWaiver(
        unit_id=at.id,
        decision=decision.strip()[:120],
        decided_on=decided_on,
        reason=reason.strip()[:250],
        asked={**asdict(asked), "kinds": list(asked.kinds)},
        made_by=actor.staff_id,
    )
    session.add(batch)
    session.flush()
    session.add_all(
        BatchWaiverLine(batch_id=batch.id, entry_id=entry_id, amount=amount)
        for entry_id, amount in found
    )
    session.flush()
    return batch


def open_debts(session: Session, at: OrgUnit, asked: Asked, today: date) -> list[tuple[int, int]]:
    """Return the charges that fit, each with what is open of it, reader by reader."""
    settled = (
        select(func.coalesce(func.sum(LedgerAllocation.amount), 0))
        .where(LedgerAllocation.debit_id == LedgerEntry.id)
        .scalar_subquery()
    )
    later = aliased(LedgerEntry)
    turned = exists().where(later.reverses_id == LedgerEntry.id)
    below = select(OrgUnit.id).where(OrgUnit.path.startswith(at.path))
    query = (
        select(LedgerEntry.id, LedgerEntry.patron_id, LedgerEntry.amount - settled, turned)
        .join(Patron, Patron.id == LedgerEntry.patron_id)
        .where(
            LedgerEntry.direction == ledger.DEBIT,
            LedgerEntry.reverses_id.is_(None),
            LedgerEntry.kind.in_(asked.kinds),
            LedgerEntry.branch_id.in_(below),
            LedgerEntry.effective_on <= today - timedelta(days=asked.days),
            LedgerEntry.amount > settled,
        )
        .order_by(LedgerEntry.patron_id, LedgerEntry.id)
    )
    for column, wanted in (
        (Patron.category, asked.category),
        (Patron.school_class, asked.school_class),
        (Patron.commune, asked.commune),
    ):
        if wanted:
            query = query.where(column == wanted)
    rows = session.execute(query).all()
    reversed_of = {p for _id, p, _left, was_turned in rows if was_turned and p is not None}
    known = {i: a for p in reversed_of for i, a in open_amounts(session, p)[1].items()}
    found = [
        (entry_id, known.get(entry_id, 0) if was_turned else int(left))
        for entry_id, _patron, left, was_turned in rows
    ]
    return [(entry_id, left) for entry_id, left in found if left > 0]


# --- reading ---------------------------------------------------------------------------------


def batch_for(
    session: Session, actor: Actor, batch_id: int, *, to_change: bool = False
) -> tuple[BatchWaiver, OrgUnit]:
    """Return a batch the actor may deal with, and its unit. Raises ``NotFound``."""
    query = select(BatchWaiver).where(BatchWaiver.id == batch_id)
    if to_change and not is_sqlite(session):
        query = query.with_for_update().execution_options(populate_existing=True)
    batch = session.scalar(query)
    if batch is None or not actor.can(GIVE_AMNESTY, unit(session, batch.unit_id)):
        raise NotFound("batch_waiver_unknown", batch_id=batch_id)
    return batch, unit(session, batch.unit_id)


def sums_of(session: Session, batch_id: int) -> dict[str, tuple[int, int, int]]:
    """Return by state how many lines there are, đồng shown, đồng forgiven."""
    rows = session.execute(
        select(
            BatchWaiverLine.state,
            func.count(),
            func.sum(BatchWaiverLine.amount),
            func.sum(BatchWaiverLine.given),
        )
        .where(BatchWaiverLine.batch_id == batch_id)
        .group_by(BatchWaiverLine.state)
    )
    return {state: (count, int(shown), int(given)) for state, count, shown, given in rows}


def job_of(session: Session, batch: BatchWaiver) -> Job | None:
    """Return the job that works on a batch, if there is one."""
    return session.get(Job, batch.job_id) if batch.job_id is not None else None


# --- acting ----------------------------------------------------------------------------------


def discard_batch(session: Session, actor: Actor, batch_id: int) -> None:
    """Throw a draft away."""
    batch, _at = batch_for(session, actor, batch_id, to_change=True)
    _expect(batch, "draft")
    batch.state = "discarded"


def give_batch(session: Session, actor: Actor, batch_id: int) -> BatchWaiver:
    """Let a job forgive what the draft shows."""
    batch, _at = batch_for(session, actor, batch_id, to_change=True)
    _expect(batch, "draft")
    batch.state, batch.given_at, batch.given_by = "giving", clock.now(), actor.staff_id
    sums = sums_of(session, batch.id)
    audit(
        session,
        actor,
        "batch_waived",
        "batch_waiver",
        batch.id,
        decision=batch.decision,
        amount=sums["planned"][1],
        rows=sums["planned"][0],
    )
    return _work(session, actor, batch)


def take_batch_back(session: Session, actor: Actor, batch_id: int) -> BatchWaiver:
    """Let a job take the waivers of a batch back, all that still count: the charges are open again."""
    batch, _at = batch_for(session, actor, batch_id, to_change=True)
    _expect(batch, "given")
    batch.state, batch.taken_at, batch.taken_by = "taking", clock.now(), actor.staff_id
    audit(session, actor, "batch_taken_back", "batch_waiver", batch.id, decision=batch.decision)
    return _work(session, actor, batch)


def stop_batch(session: Session, actor: Actor, batch_id: int) -> None:
    """Ask the job to stop where it is; it may be gone on with."""
    batch, _at = batch_for(session, actor, batch_id, to_change=True)
    _expect(batch, "giving", "taking")
    stop_job(session, batch.job_id)


def go_on(session: Session, actor: Actor, batch_id: int) -> BatchWaiver:
    """Let a job do what is left, where the one before stopped. Raises ``Refused``."""
    batch, _at = batch_for(session, actor, batch_id, to_change=True)
    _expect(batch, "giving", "taking")
    if not has_stopped(job_of(session, batch)):
        raise Refused("batch_waiver_state", state=batch.state)
    return _work(session, actor, batch)


def _expect(batch: BatchWaiver, *states: str) -> None:
    if batch.state not in states:
        raise Refused("batch_waiver_state", state=batch.state)


def _work(session: Session, actor: Actor, batch: BatchWaiver) -> BatchWaiver:
    batch.job_id = enqueue(session, actor, GIVEN_BY, batch_id=batch.id).id
    return batch


@job_kind(GIVEN_BY)
def work_off(progress: Progress, args: dict[str, Any]) -> dict[str, Any]:
    """Give the lines of a batch, or take them back, ``AT_ONCE`` in each transaction."""

    def part(session: Session) -> int:
        batch = session.get_one(BatchWaiver, args["batch_id"])
        does = {"giving": _give_some, "taking": _take_some}.get(batch.state)
        return does(session, batch) if does else 0

    do_in_parts(progress, AT_ONCE, part)
    return {}


def _give_some(session: Session, batch: BatchWaiver) -> int:
    """Forgive the next lines; returns how many are left."""
    why = f"{batch.reason} ({batch.decision}, {batch.decided_on:%d/%m/%Y})"
    for act, patron_id, lines in _next(session, batch, "planned", batch.given_by):
        patron = patron_at_desk(session, act.here, act.today, patron_id=patron_id)
        for line, entry in lines:
            _, left = open_amounts(session, patron_id)
            amount = min(line.amount, max(0, left.get(entry.id, 0)))
            line.state = "given" if amount and patron is not None else "changed"
            if amount and patron is not None:
                line.waiver_id = give_waiver(act, patron, entry, amount, why).id
                line.given = amount
        review_losses(act, patron_id)
    return _settled(session, batch, "planned", "given")


def _take_some(session: Session, batch: BatchWaiver) -> int:
    """Take the next waivers back; one that went with its charge, or was taken back, is left."""
    why = f"{batch.decision}: thu hồi"
    for act, patron_id, lines in _next(session, batch, "given", batch.taken_by):
        patron = patron_at_desk(session, act.here, act.today, patron_id=patron_id)
        for line, _entry in lines:
            rows, _left = open_amounts(session, patron_id)
            counting = ledger.live(
                ledger.Entry(r.id, r.kind, r.direction, r.amount, r.reverses_id) for r in rows
            )
            if line.waiver_id not in counting or patron is None:
                line.state = "kept"
                continue
            made = reverse_entry(act, session.get_one(LedgerEntry, line.waiver_id), why)
            act.event(
                EntryReversed("waiver", why),
                amount=line.given,
                ledger_id=made.id,
                **patron.statistics(),
            )
            line.state = "taken"
        act.look_at_freed()
    return _settled(session, batch, "given", "taken")


Work = tuple[Act, int, list[tuple[BatchWaiverLine, LedgerEntry]]]


def _next(session: Session, batch: BatchWaiver, state: str, by: int | None) -> Iterable[Work]:
    """Yield the next lines reader by reader, the readers and the copies of their losses locked."""
    found: Sequence[Any] = session.execute(
        select(BatchWaiverLine, LedgerEntry)
        .join(LedgerEntry, LedgerEntry.id == BatchWaiverLine.entry_id)
        .where(BatchWaiverLine.batch_id == batch.id, BatchWaiverLine.state == state)
        .order_by(BatchWaiverLine.id)
        .limit(AT_ONCE)
    ).all()
    gone = [line for line, entry in found if entry.patron_id is None]
    for line in gone:  # the reader was erased meanwhile
        line.state = "changed" if state == "planned" else "kept"
    rows = [(line, entry) for line, entry in found if entry.patron_id is not None]
    rows.sort(key=lambda pair: (pair[1].patron_id or 0, pair[0].id))
    patrons = {entry.patron_id for _line, entry in rows if entry.patron_id is not None}
    items = {item for one in patrons for item in items_of_losses(session, one)}
    lock(session, items=items, patrons=patrons)
    who = replace(system_actor(session, batch.unit_id), staff_id=by)
    for patron_id, lines in groupby(rows, key=lambda pair: pair[1].patron_id or 0):
        mine = list(lines)
        at = mine[0][1].branch_id or batch.unit_id
        yield Act(session, who, "batch_waiver", None, unit_id=at), patron_id, mine


def _settled(session: Session, batch: BatchWaiver, was: str, state: str) -> int:
    session.flush()
    left = session.scalar(
        select(func.count())
        .select_from(BatchWaiverLine)
        .where(BatchWaiverLine.batch_id == batch.id, BatchWaiverLine.state == was)
    )
    if not left:
        batch.state = state
    return left or 0
