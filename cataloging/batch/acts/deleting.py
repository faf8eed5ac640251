"""Records deleted at once, where nothing stands against it."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.batch.acts.runs import ActKind, Memory, Seen, act_kind
from cataloging.batch.rules.going import judge_deletion
from cataloging.hooks import lock_titles, record_vetoes_of, vetoes_of
from cataloging.models import ChangeSet, Item, Record
from cataloging.permissions import DELETE_RECORD
from cataloging.records import delete_record
from ils.accounts.actor import Actor

ACT: Final = "delete"
AT_ONCE: Final = 25


def look(
    session: Session, actor: Actor, plan: Mapping[str, Any], ids: Sequence[int], memory: Memory
) -> dict[int, Seen]:
    """Say which records may be deleted, and what stands against the others: their copies, what
    these are doing, and what the rooms above say of the title. Deleted ones are gone already."""
    there = select(Record.id, Record.version).where(Record.id.in_(ids), Record.deleted_at.is_(None))
    versions: dict[int, int] = dict(session.execute(there).all())
    held = select(Item.id, Item.record_id).where(
        Item.record_id.in_(versions), Item.lifecycle != "withdrawn"
    )
    copies: dict[int, list[int]] = {}
    for item_id, record_id in session.execute(held):
        copies.setdefault(record_id, []).append(item_id)
    doing = vetoes_of(session, [one for some in copies.values() for one in some])
    vetoes = record_vetoes_of(session, list(versions))
    found = {}
    for record_id, version in versions.items():
        own = copies.get(record_id, [])
        codes = [veto.code for one in own for veto in doing.get(one, ())]
        codes += [veto.code for veto in vetoes.get(record_id, ())]
        judged = judge_deletion(len(own), codes)
        found[record_id] = Seen(judged.outcome, judged.reasons, {"version": version})
    return found


def do(
    session: Session,
    actor: Actor,
    plan: Mapping[str, Any],
    made_in: ChangeSet,
    part: Mapping[int, Mapping[str, Any]],
) -> dict[int, Seen]:
    """Delete records in one change set, the queues of their titles locked, each looked at again."""
    ids = sorted(part)
    lock_titles(session, ids)
    session.execute(
        select(Record.id).where(Record.id.in_(ids)).order_by(Record.id).with_for_update()
    )
    seen = look(session, actor, plan, ids, {})
    became: dict[int, Seen] = {}
    for record_id, now in seen.items():
        if now.facts != part[record_id]:
            became[record_id] = Seen("stale")
        elif now.outcome != "will":
            became[record_id] = now
        else:
            delete_record(session, actor, record_id, change_set=made_in)
            became[record_id] = Seen("done")
    return became


act_kind(ActKind(ACT, DELETE_RECORD, AT_ONCE, look, do))
