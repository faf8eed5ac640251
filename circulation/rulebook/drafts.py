"""Values tried before they are saved: kept as a draft, replayed on the last loans, then saved or not."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from circulation.models import PolicyRow
from circulation.permissions import EDIT_POLICY, VIEW_POLICY
from circulation.policies import set_policy_row
from circulation.rulebook.models import RuleDraft
from circulation.rulebook.replay import AT_ONCE, how_many, replay
from circulation.rules.policy import Change, checked
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.db import is_sqlite, reading, transaction
from ils.core.errors import Invalid, NotFound, Refused
from ils.core.jobs import Progress, enqueue, job_kind
from ils.org.units import unit


def save_changes(session: Session, actor: Actor, unit_id: int, changes: Iterable[Change]) -> None:
    """Set or clear single values at a unit, each pair's row written once and audited.

    Loans already open keep theirs. Raises ``Invalid`` naming a wrong field.
    """
    actor.require(EDIT_POLICY, unit(session, unit_id))
    by_pair: dict[tuple[str, str], list[Change]] = {}
    for one in changes:
        by_pair.setdefault((one.item_type, one.category), []).append(one)
    for (item_type, category), wanted in by_pair.items():
        row = session.scalar(
            select(PolicyRow).where(
                PolicyRow.unit_id == unit_id,
                PolicyRow.item_type == item_type,
                PolicyRow.category == category,
            )
        )
        values = dict(row.values) if row is not None else {}
        for one in wanted:
            values.pop(one.field, None)
            if not one.inherit:
                values[one.field] = one.value
        set_policy_row(
            session,
            actor,
            unit_id=unit_id,
            item_type=item_type,
            category=category,
            values=values,
        )


def make_draft(
    session: Session, actor: Actor, unit_id: int, changes: Sequence[Change]
) -> RuleDraft:
    """Keep changes as a draft and replay them; where there are many loans a job does it.

    Raises ``Invalid`` where nothing changes, or naming a wrong field.
    """
    at = unit(session, unit_id)
    actor.require(EDIT_POLICY, at)
    if not changes:
        raise Invalid("rules_unchanged")
    for one in changes:
        if not one.inherit:
            checked({one.field: one.value})
    draft = RuleDraft(
        unit_id=unit_id,
        cells={"changes": [vars(one) for one in changes]},
        made_by=actor.staff_id,
    )
    session.add(draft)
    session.flush()
    if how_many(session, at) > AT_ONCE:
        draft.job_id = enqueue(session, actor, "rules_replay", draft_id=draft.id).id
    else:
        draft.result = replay(session, at, changes)
    return draft


def changes_of(draft: RuleDraft) -> list[Change]:
    """Return the changes of a draft."""
    return [Change(**one) for one in draft.cells.get("changes", [])]


def draft_of(
    session: Session, actor: Actor, draft_id: int, *, to_change: bool = False
) -> RuleDraft:
    """Return a draft the actor may look at. Raises ``NotFound``."""
    query = select(RuleDraft).where(RuleDraft.id == draft_id)
    if to_change and not is_sqlite(session):
        query = query.with_for_update().execution_options(populate_existing=True)
    draft = session.scalar(query)
    right = EDIT_POLICY if to_change else VIEW_POLICY
    if draft is None or not actor.can(right, unit(session, draft.unit_id)):
        raise NotFound("rule_draft_unknown", draft_id=draft_id)
    return draft


def open_drafts(session: Session, unit_id: int) -> Sequence[RuleDraft]:
    """Return the newest drafts of a unit that nobody has decided on."""
    return session.scalars(
        select(RuleDraft)
        .where(RuleDraft.unit_id == unit_id, RuleDraft.state == "draft")
        .order_by(RuleDraft.id.desc())
        .limit(10)
    ).all()


def save_draft(session: Session, actor: Actor, draft_id: int) -> RuleDraft:
    """Set the values of a draft. Raises ``Refused`` where that was done, or it was thrown away."""
    draft = _open_draft(session, actor, draft_id)
    save_changes(session, actor, draft.unit_id, changes_of(draft))
    return _end(draft, actor, "saved")


def discard_draft(session: Session, actor: Actor, draft_id: int) -> RuleDraft:
    """Throw a draft away."""
    return _end(_open_draft(session, actor, draft_id), actor, "discarded")


def _open_draft(session: Session, actor: Actor, draft_id: int) -> RuleDraft:
    draft = draft_of(session, actor, draft_id, to_change=True)
    if draft.state != "draft":
        raise Refused("draft_state", state=draft.state)
    return draft


def _end(draft: RuleDraft, actor: Actor, state: str) -> RuleDraft:
    draft.state, draft.ended_at, draft.ended_by = state, clock.now(), actor.staff_id
    return draft


@job_kind("rules_replay")
def replay_in_background(progress: Progress, args: dict[str, Any]) -> dict[str, Any]:
    """Replay a draft on many loans, telling how far it is."""
    with reading() as session:
        draft = session.get_one(RuleDraft, args["draft_id"])
        at, changes = unit(session, draft.unit_id), changes_of(draft)
        result = replay(session, at, changes, progress.tell)
    with transaction() as session:
        session.get_one(RuleDraft, args["draft_id"]).result = result
    return {}
