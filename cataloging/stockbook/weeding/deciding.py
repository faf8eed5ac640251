"""The decision that withdraws a list's copies, what became of them, and putting either right."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.hooks import lock_items
from cataloging.items import take_back_withdrawal, withdraw_item
from cataloging.models import Item
from cataloging.permissions import WITHDRAW_ITEM
from cataloging.record_rows import announce_changed
from cataloging.stockbook.weeding.models import FATES, Disposal, Weeding, WeedingLine
from cataloging.stockbook.weeding.proposals import judge, proposal, weeding_for
from cataloging.stockbook.weeding.work import at_work
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.audit import audit
from ils.core.errors import Invalid, NotFound, Refused

LOST = ("missing", "lost", "lost_settled")


def papers_of(weeding: Weeding) -> str:
    """Return minutes and decision as they stand in the registers."""
    met = f", {weeding.met_on:%d/%m/%Y}" if weeding.met_on else ""
    return f"BB {weeding.minutes_no}{met}; QĐ {weeding.decision_no}"


def decide(session: Session, actor: Actor, weeding_id: int) -> int:
    """Withdraw every copy of a list by its decision; all of them or none. Returns how many.

    Writes part II and the column of minutes in each accession line, since both are read from the
    copies. Raises ``Invalid`` while a paper is missing, ``Refused`` while something stands
    against a copy.
    """
    found, lines = ready(session, actor, weeding_id, lock=True)
    count = withdraw_lines(session, actor, found, lines)
    close(session, actor, found)
    return count


def ready(
    session: Session, actor: Actor, weeding_id: int, *, lock: bool = False
) -> tuple[Weeding, Sequence[WeedingLine]]:
    """Return a list with its lines, when all its copies may go. Raises as ``decide``."""
    found = proposal(session, actor, weeding_id, WITHDRAW_ITEM)
    for name in ("minutes_no", "met_on", "decision_no", "decided_on"):
        if not getattr(found, name):
            raise Invalid("weeding_papers_missing", field=name)
    query = select(WeedingLine).where(WeedingLine.weeding_id == found.id)
    lines = session.scalars(query.order_by(WeedingLine.item_id)).all()
    if not lines:
        raise Refused("weeding_empty")
    if lock:
        lock_items(session, [line.item_id for line in lines])
    if stopped := _stopped(session, found, lines):
        raise Refused("weeding_stopped", count=len(stopped))
    return found, lines


def _stopped(
    session: Session, found: Weeding, lines: Sequence[WeedingLine]
) -> dict[int, list[str]]:
    chosen = select(Item).where(Item.id.in_([line.item_id for line in lines]))
    items = {item.id: item for item in session.scalars(chosen)}
    return judge(session, found, [(line, items[line.item_id]) for line in lines])


def withdraw_lines(
    session: Session,
    actor: Actor,
    found: Weeding,
    lines: Sequence[WeedingLine],
    *,
    leave: bool = False,
) -> int:
    """Withdraw the copies of lines by the decision of their list; return how many.

    ``leave`` locks them, looks once more, and leaves those against which something stands.
    """
    stopped: dict[int, list[str]] = {}
    if leave:
        lock_items(session, [line.item_id for line in lines])
        stopped = _stopped(session, found, lines)
    going = [line for line in lines if line.item_id not in stopped]
    for line in going:
        item = withdraw_item(
            session,
            actor,
            line.item_id,
            reason=line.reason,
            decision=papers_of(found),
            on=found.decided_on,
        )
        line.state, line.price = "withdrawn", item.price
    session.flush()
    return len(going)


def close(session: Session, actor: Actor, found: Weeding) -> None:
    """Say that a list is decided."""
    found.state, found.closed_at, found.closed_by = "decided", clock.now(), actor.staff_id
    audit(session, actor, "weeding_decided", "weeding", found.id, name=found.name)
    session.flush()


def _decided(session: Session, actor: Actor, weeding_id: int) -> Weeding:
    found = weeding_for(session, actor, weeding_id, WITHDRAW_ITEM, lock=True)
    if found.state != "decided":
        raise Refused("weeding_not_decided", weeding_id=weeding_id)
    if at_work(session, weeding_id):
        raise Refused("weeding_under_way", weeding_id=weeding_id)
    return found


def _withdrawn(
    session: Session, found: Weeding, line_ids: Iterable[int] | None
) -> Sequence[WeedingLine]:
    query = select(WeedingLine).where(
        WeedingLine.weeding_id == found.id, WeedingLine.state == "withdrawn"
    )
    if line_ids is not None:
        query = query.where(WeedingLine.id.in_(list(line_ids)))
    return session.scalars(query.order_by(WeedingLine.item_id)).all()


def restore(
    session: Session, actor: Actor, weeding_id: int, line_ids: Iterable[int], why: str
) -> int:
    """Put copies back into stock that were withdrawn by mistake; the registers show it in red.

    Raises ``Refused`` for a copy that was given away, sold or destroyed by minutes that stand.
    """
    found = restorable(session, actor, weeding_id, why)
    lines = _withdrawn(session, found, line_ids)
    if any(line.disposal_id is not None for line in lines):
        raise Refused("weeding_disposed")
    return restore_lines(session, actor, found, lines, why)


def restorable(session: Session, actor: Actor, weeding_id: int, why: str | None = None) -> Weeding:
    """Return a decided list that nobody is at. Raises ``Refused``, ``Invalid`` without a reason."""
    found = _decided(session, actor, weeding_id)
    if why is not None and not why.strip():
        raise Invalid("weeding_why_missing", field="why")
    return found


def restore_lines(
    session: Session, actor: Actor, found: Weeding, lines: Sequence[WeedingLine], why: str
) -> int:
    """Put the copies of lines back into stock; return how many."""
    lock_items(session, [line.item_id for line in lines])
    for line in lines:
        take_back_withdrawal(session, actor, line.item_id)
        line.note = why.strip()[:200]
        audit(session, actor, "weeding_restored", "weeding", found.id, item=line.item_id)
    session.flush()
    return len(lines)


def let_back(session: Session, item_id: int) -> str | None:
    """Tell a list that a copy's withdrawal is taken back, by whatever door; return what it was.

    Raises ``Refused`` for a copy that was given away, sold or destroyed by minutes that stand.
    """
    line = session.scalar(
        select(WeedingLine).where(WeedingLine.item_id == item_id, WeedingLine.state == "withdrawn")
    )
    if line is None:
        return None
    if line.disposal_id is not None:
        raise Refused("weeding_disposed")
    line.state = "restored"
    return line.was if line.was in LOST else None  # its case still stands at the desk


def correct_papers(
    session: Session,
    actor: Actor,
    weeding_id: int,
    *,
    minutes_no: str,
    met_on: date | None,
    decision_no: str,
    decided_by: str,
) -> Weeding:
    """Put numbers right that were typed wrong. The day copies went stays: reports have counted it."""
    found = _decided(session, actor, weeding_id)
    minutes_no, decision_no = minutes_no.strip()[:40], decision_no.strip()[:40]
    if not (minutes_no and decision_no and met_on):
        raise Invalid("weeding_papers_missing", field="minutes_no")
    if found.decided_on is not None and met_on > found.decided_on:
        raise Invalid("weeding_decided_before_meeting", field="met_on")
    before = papers_of(found)
    found.minutes_no, found.met_on, found.decision_no = minutes_no, met_on, decision_no
    found.decided_by = decided_by.strip()[:120]
    lines = select(WeedingLine.item_id).where(
        WeedingLine.weeding_id == found.id, WeedingLine.state == "withdrawn"
    )
    items = session.scalars(select(Item).where(Item.id.in_(lines)).order_by(Item.id)).all()
    for item in items:
        item.withdrawal_decision = papers_of(found)
        changes = {"withdrawal_decision": [before, item.withdrawal_decision]}
        audit(session, actor, "item_changed", "item", item.id, changes=changes)
    announce_changed(session, sorted({item.record_id for item in items}))
    audit(session, actor, "weeding_corrected", "weeding", found.id, name=found.name)
    session.flush()
    return found


# --- what became of them -----------------------------------------------------------------------


@dataclass(frozen=True)
class DisposalFacts:
    """Minutes by which copies were given to somebody, sold or destroyed."""

    kind: str
    number: str
    dated_on: date | None
    receiver: str = ""
    proceeds: int | None = None
    note: str = ""


def dispose(
    session: Session,
    actor: Actor,
    weeding_id: int,
    line_ids: Iterable[int] | None,
    facts: DisposalFacts,
) -> Disposal:
    """Record what became of withdrawn copies, by minutes of their own; of all that wait for None."""
    found = _decided(session, actor, weeding_id)
    _check(found, facts)
    lines = [o for o in _withdrawn(session, found, line_ids) if o.disposal_id is None]
    if not lines:
        raise Refused("disposal_empty")
    made = Disposal(weeding_id=found.id, made_by=actor.staff_id, **_columns(facts))
    session.add(made)
    session.flush()
    for line in lines:
        line.disposal_id = made.id
    audit(session, actor, "copies_disposed", "weeding", found.id, kind=made.kind)
    session.flush()
    return made


def _check(found: Weeding, facts: DisposalFacts) -> None:
    if facts.kind not in FATES:
        raise Invalid("disposal_kind_unknown", field="kind")
    if not facts.number.strip() or facts.dated_on is None:
        raise Invalid("disposal_papers_missing", field="number")
    too_early = found.decided_on is not None and facts.dated_on < found.decided_on
    if too_early or facts.dated_on > clock.today():
        raise Invalid("weeding_day_impossible", field="dated_on")
    if facts.kind != "destroyed" and not facts.receiver.strip():
        raise Invalid("disposal_receiver_missing", field="receiver")
    if facts.proceeds is not None and facts.proceeds < 0:
        raise Invalid("price_impossible", field="proceeds")


def _columns(facts: DisposalFacts) -> dict[str, Any]:
    return {
        "kind": facts.kind,
        "number": facts.number.strip()[:40],
        "dated_on": facts.dated_on,
        "receiver": facts.receiver.strip()[:200],
        "proceeds": facts.proceeds if facts.kind == "sold" else None,
        "note": facts.note.strip(),
    }


def disposal_for(
    session: Session, actor: Actor, weeding_id: int, disposal_id: int
) -> tuple[Weeding, Disposal]:
    """Return minutes of a list. Raises ``NotFound``."""
    found = weeding_for(session, actor, weeding_id)
    disposal = session.get(Disposal, disposal_id)
    if disposal is None or disposal.weeding_id != found.id:
        raise NotFound("disposal_unknown", disposal_id=disposal_id)
    return found, disposal


def take_back_disposal(session: Session, actor: Actor, weeding_id: int, disposal_id: int) -> None:
    """Take minutes back that were entered by mistake: their copies wait again."""
    found = _decided(session, actor, weeding_id)
    _found, disposal = disposal_for(session, actor, weeding_id, disposal_id)
    lines = select(WeedingLine).where(WeedingLine.disposal_id == disposal.id)
    for line in session.scalars(lines).all():
        line.disposal_id = None
    session.flush()
    audit(session, actor, "disposal_taken_back", "weeding", found.id, kind=disposal.kind)
    session.delete(disposal)
    session.flush()


def disposals_of(session: Session, weeding_id: int) -> list[Disposal]:
    """Return the minutes by which copies of a list went."""
    query = select(Disposal).where(Disposal.weeding_id == weeding_id)
    return list(session.scalars(query.order_by(Disposal.dated_on, Disposal.id)))
