"""Copies withdrawn at once: what goes, what stands against it, what needs a weeding decision."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from cataloging.batch.acts.copies import may_at
from cataloging.batch.acts.models import ActLine, ActRun
from cataloging.batch.acts.runs import ActKind, Memory, Seen, act_kind, run_for
from cataloging.batch.rules.going import CopyToWithdraw, judge_withdrawal
from cataloging.hooks import lock_items, vetoes_of
from cataloging.item_rows import keep_change
from cataloging.items import WITHDRAWAL_REASONS, withdraw_item
from cataloging.models import ChangeSet, Item
from cataloging.permissions import WITHDRAW_ITEM
from cataloging.stockbook.weeding import proposals
from cataloging.stockbook.weeding.candidates import local_history
from cataloging.stockbook.weeding.models import WeedingLine
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.errors import Invalid, Refused

ACT: Final = "withdraw"
AT_ONCE: Final = 20


def plan_of(reason: str, decision: str, on: date | None) -> dict[str, Any]:
    """Return how copies are to be withdrawn, as a run keeps it. Raises ``Invalid``."""
    if reason not in WITHDRAWAL_REASONS:
        raise Invalid("withdrawal_reason_unknown", field="reason", value=reason)
    day = on or clock.today()
    if not date(1990, 1, 1) <= day <= clock.today():
        raise Invalid("withdrawal_date_impossible", field="on", value=day.isoformat())
    return {"reason": reason, "decision": decision.strip()[:120], "on": day.isoformat()}


def look(
    session: Session, actor: Actor, plan: Mapping[str, Any], ids: Sequence[int], memory: Memory
) -> dict[int, Seen]:
    """Say what would become of copies; nothing is locked."""
    items = session.scalars(select(Item).where(Item.id.in_(ids))).all()
    vetoes = vetoes_of(session, [item.id for item in items])
    local = _local_history(session, items)
    day = date.fromisoformat(plan["on"])
    found = {}
    for item in items:
        copy = CopyToWithdraw(
            lifecycle=item.lifecycle,
            numbered=item.accession_no is not None,
            local_history=item.id in local,
            entered_later=item.accessioned_on is not None and item.accessioned_on > day,
            may_withdraw=may_at(session, actor, WITHDRAW_ITEM, item.branch_id, memory),
            vetoes=tuple(veto.code for veto in vetoes.get(item.id, ())),
        )
        judged = judge_withdrawal(copy, plan["reason"])
        found[item.id] = Seen(judged.outcome, judged.reasons, {"lifecycle": item.lifecycle})
    return found


def _local_history(session: Session, items: Sequence[Item]) -> set[int]:
    found: set[int] = set()
    for library_id in {item.owner_id for item in items}:
        own = [item.id for item in items if item.owner_id == library_id]
        query = select(Item.id).where(Item.id.in_(own), local_history(session, library_id))
        found |= set(session.scalars(query))
    return found


def do(
    session: Session,
    actor: Actor,
    plan: Mapping[str, Any],
    made_in: ChangeSet,
    part: Mapping[int, Mapping[str, Any]],
) -> dict[int, Seen]:
    """Withdraw copies, each locked and looked at again."""
    ids = sorted(part)
    lock_items(session, ids)
    items = session.scalars(
        select(Item).where(Item.id.in_(ids)).execution_options(populate_existing=True)
    ).all()
    seen = look(session, actor, plan, ids, {})
    became: dict[int, Seen] = {}
    for item in items:
        now = seen[item.id]
        if now.facts != part[item.id]:
            became[item.id] = Seen("stale")
        elif now.outcome != "will":
            became[item.id] = now
        else:
            before = {"lifecycle": item.lifecycle}
            gone = withdraw_item(
                session,
                actor,
                item.id,
                reason=plan["reason"],
                decision=plan["decision"],
                on=date.fromisoformat(plan["on"]),
            )
            keep_change(session, made_in, gone, before)
            became[item.id] = Seen("done")
    session.flush()
    return became


def put_on_list(session: Session, actor: Actor, act_run_id: int) -> int:
    """Begin a weeding list with the copies of a run that need a decision, as many of one library as
    one decision takes; return its id. Raises ``Refused`` when there is none."""
    run = run_for(session, actor, act_run_id, lock=True)
    owners = (
        select(Item.id, Item.owner_id)
        .join(ActLine, ActLine.subject_id == Item.id)
        .where(ActLine.run_id == run.id, ActLine.outcome == "decision")
        .order_by(Item.owner_id != actor.library_id, Item.owner_id, Item.id)
        .limit(proposals.MOST_LINES)
    )
    rows = session.execute(owners).all()
    if not rows:
        raise Refused("acts_of_nothing")
    library_id = rows[0][1]
    ids = [item_id for item_id, owner_id in rows if owner_id == library_id]
    head = proposals.HeadFacts(run.name or "–")
    made = proposals.begin_weeding(session, actor, library_id, head)
    proposals.propose(session, actor, made.id, ids, reason=run.plan["reason"])
    _note_listed(session, run, made.id, ids)
    return made.id


def _note_listed(session: Session, run: ActRun, weeding_id: int, ids: Sequence[int]) -> None:
    """Note which copies came on a list; the others stood on one already."""
    on_it = set(
        session.scalars(select(WeedingLine.item_id).where(WeedingLine.weeding_id == weeding_id))
    )
    rows = [
        {
            "run_id": run.id,
            "subject_id": one,
            "outcome": "listed" if one in on_it else "against",
            "reasons": "" if one in on_it else "on_a_list",
        }
        for one in ids
    ]
    session.execute(update(ActLine), rows)


act_kind(ActKind(ACT, WITHDRAW_ITEM, AT_ONCE, look, do))
