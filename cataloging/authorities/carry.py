"""Carrying a preferred heading to the records that have another form of it.

Nothing here happens unseen: a heading's variants in use are listed with their counts, and a person
chooses. The records are changed in parts by the worker, in one change set; taken up again after a
stop, the job goes on with those that still have the old form.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from cataloging.authorities.described import heading_field
from cataloging.authorities.models import PROVINCE, Authority, Heading, RecordHeading
from cataloging.authorities.rewriting import rewritten
from cataloging.authorities.writing import authority_for
from cataloging.change_sets import change_set_for, new_change_set
from cataloging.models import ChangeSet, Record
from cataloging.permissions import EDIT_AUTHORITY, EDIT_RECORD
from cataloging.record_rows import lock_record
from cataloging.records import replace_marc
from ils.accounts.actor import Actor, actor_of_job
from ils.core.audit import audit
from ils.core.db import reading
from ils.core.errors import NotFound, Refused
from ils.core.jobs import Job, Progress, do_in_parts, enqueue, job_kind
from ils.org.units import province, unit

KIND: Final = "carry_heading"
AT_ONCE: Final = 50


@dataclass(frozen=True)
class OldForm:
    """A variant that records use. ``shared``: another authority has it too, so it is only offered
    record by record; ``earlier``: the authority's own heading once."""

    key: int
    text: str
    earlier: bool
    records: int
    shared: bool = False


def old_forms(session: Session, authority: Authority) -> list[OldForm]:
    """Return the variants of an authority that records have, with how many."""
    other = aliased(Heading)
    shared = (
        select(other.id)
        .where(other.key == Heading.key, other.authority_id != authority.id)
        .where(other.scope.in_({PROVINCE, authority.scope}))
        .exists()
    )
    rows = session.execute(
        _links(authority)
        .with_only_columns(
            Heading.key,
            Heading.text,
            Heading.mark,
            func.count(RecordHeading.record_id.distinct()),
            shared,
        )
        .join(Heading, Heading.key == RecordHeading.key)
        .where(Heading.authority_id == authority.id, Heading.role == "variant")
        .group_by(Heading.id, Heading.key, Heading.text, Heading.mark)
        .order_by(Heading.text)
    )
    return [
        OldForm(key, text, mark == "earlier", n, is_shared)
        for key, text, mark, n, is_shared in rows
    ]


def _links(authority: Authority) -> Any:
    """Return a query of the links an authority may touch: all, or those of its library's records."""
    query = select(RecordHeading.record_id)
    if authority.scope != PROVINCE:
        query = query.join(Record, Record.id == RecordHeading.record_id).where(
            Record.owner_id == authority.scope
        )
    return query


def records_to_change(session: Session, authority: Authority, keys: Collection[int]) -> int:
    """Count the records that carrying some forms would change."""
    ids = _links(authority).where(RecordHeading.key.in_(keys)).distinct().subquery()
    return session.scalar(select(func.count()).select_from(ids)) or 0


def first_records(
    session: Session, authority: Authority, keys: Collection[int], limit: int
) -> Sequence[Record]:
    """Return the first records that would be changed."""
    ids = _links(authority).where(RecordHeading.key.in_(keys)).distinct()
    return session.scalars(
        select(Record).where(Record.id.in_(ids)).order_by(Record.title_sort, Record.id).limit(limit)
    ).all()


def begin_carry(
    session: Session,
    actor: Actor,
    authority_id: int,
    keys: Collection[int],
    *,
    change_set: ChangeSet | None = None,
) -> Job:
    """Queue the change of all records that have some variants of an authority.

    Raises ``Refused`` when none has, or a form belongs to another authority too.
    """
    authority = authority_for(session, actor, authority_id)
    at = unit(session, authority.scope) if authority.scope != PROVINCE else province(session)
    actor.require(EDIT_AUTHORITY, at)
    actor.require(EDIT_RECORD, at)
    chosen = [one for one in old_forms(session, authority) if one.key in keys]
    if not chosen:
        raise Refused("nothing_to_carry", authority_id=authority_id)
    if any(one.shared for one in chosen):
        raise Refused("form_shared", authority_id=authority_id)
    made_in = change_set or new_change_set(session, actor, "headings", authority.heading)
    audit(session, actor, "heading_carried", "authority", authority.id)
    job = enqueue(
        session,
        actor,
        KIND,
        authority_id=authority.id,
        keys=[str(one.key) for one in chosen],  # beyond what JavaScript counts exactly
        change_set_id=made_in.id,
    )
    job.total = records_to_change(session, authority, [one.key for one in chosen])
    return job


@job_kind(KIND)
def carry(progress: Progress, args: dict[str, Any]) -> dict[str, Any]:
    """Change the records part by part."""
    keys = [int(key) for key in args["keys"]]
    change_set_id = int(args["change_set_id"])
    with reading() as session:
        actor = actor_of_job(session, progress.job_id)
    done = {"after": 0, "changed": 0}

    def part(session: Session) -> int:
        authority = session.get_one(Authority, int(args["authority_id"]))
        change_set = change_set_for(session, change_set_id)
        if change_set.undone_at is not None or authority.deleted_at is not None:
            return 0
        links = _links(authority).where(
            RecordHeading.key.in_(keys), RecordHeading.record_id > done["after"]
        )
        ids = session.scalars(
            links.distinct().order_by(RecordHeading.record_id).limit(AT_ONCE)
        ).all()
        if "left" not in done:  # counted once: each part counting what is left is quadratic
            every = links.distinct().subquery()
            done["left"] = session.scalar(select(func.count()).select_from(every)) or 0
        left = done["left"] if ids else 0
        done["left"] = max(len(ids), left - len(ids))
        for record_id in ids:
            done["changed"] += _change(session, actor, authority, record_id, keys, change_set)
            done["after"] = record_id
        return left

    do_in_parts(progress, AT_ONCE, part)
    return {"changed": done["changed"], "change_set_id": change_set_id}


def _change(
    session: Session,
    actor: Actor,
    authority: Authority,
    record_id: int,
    keys: Collection[int],
    change_set: ChangeSet,
) -> int:
    record = lock_record(session, record_id)
    ours: Any = record.marc
    new = rewritten(ours, heading_field(authority.marc), keys=keys)  # type: ignore[arg-type]
    if new == ours:
        return 0
    replace_marc(
        session,
        actor,
        record_id,
        new,
        expected_version=record.version,
        why=authority.heading,
        change_set=change_set,
    )
    return 1


def take_preferred(
    session: Session,
    actor: Actor,
    record_id: int,
    place: int,
    authority_id: int,
    *,
    expected_version: int,
) -> Record:
    """Put the preferred heading into one field of one record: an offer, accepted."""
    authority = authority_for(session, actor, authority_id)
    record = lock_record(session, record_id)
    ours: Any = record.marc
    link = session.get(RecordHeading, (record_id, place))
    known = link is not None and session.scalar(
        select(Heading.id).where(Heading.key == link.key, Heading.authority_id == authority.id)
    )
    if not known:
        raise NotFound("authority_unknown", authority_id=authority_id)
    new = rewritten(ours, heading_field(authority.marc), place=place)  # type: ignore[arg-type]
    return replace_marc(
        session,
        actor,
        record_id,
        new,
        expected_version=expected_version,
        why=authority.heading,
    )
