"""Taking back what a change set did to authorities. Called by ``cataloging.change_sets`` only."""

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cataloging.authorities.models import Authority, AuthorityVersion
from cataloging.authorities.rows import described, drop_forms, set_columns, write_version
from cataloging.models import ChangeSet
from ils.accounts.actor import Actor
from ils.core import clock


def _mine(change_set_id: int) -> Any:
    """Return a subquery: first and last version of each authority in the set."""
    return (
        select(
            AuthorityVersion.authority_id,
            func.min(AuthorityVersion.version).label("first"),
            func.max(AuthorityVersion.version).label("last"),
        )
        .where(AuthorityVersion.change_set_id == change_set_id)
        .group_by(AuthorityVersion.authority_id)
        .subquery()
    )


def authorities_in(session: Session, change_set_id: int) -> int:
    """Count the authorities a change set made or changed."""
    mine = _mine(change_set_id)
    return session.scalar(select(func.count()).select_from(mine)) or 0


def later_changed(
    session: Session, change_set_id: int, undone: str, most: int
) -> list[tuple[int, str]]:
    """Return authorities (id, heading) changed again since by anything but this very undoing."""
    mine = _mine(change_set_id)
    undoing = (
        select(AuthorityVersion.authority_id)
        .join(ChangeSet, ChangeSet.id == AuthorityVersion.change_set_id)
        .where(ChangeSet.kind == "undo", ChangeSet.why == undone)
        .where(AuthorityVersion.authority_id == Authority.id)
        .where(AuthorityVersion.version > mine.c.last)
        .exists()
    )
    rows = session.execute(
        select(Authority.id, Authority.heading)
        .join(mine, mine.c.authority_id == Authority.id)
        .where(Authority.version > mine.c.last, ~undoing)
        .order_by(Authority.id)
        .limit(most)
    )
    return [(row[0], row[1]) for row in rows]


def undo_authorities(
    session: Session, actor: Actor, change_set_id: int, undoing: ChangeSet, after: int, limit: int
) -> tuple[list[int], list[tuple[int, str]]]:
    """Take back up to ``limit`` authorities with ids above ``after``.

    Returns the ids dealt with, and those (id, heading) that must stay because their old form is
    another authority's heading by now.
    """
    mine = _mine(change_set_id)
    rows = session.execute(
        select(Authority, mine.c.first)
        .join(mine, (mine.c.authority_id == Authority.id) & (mine.c.last == Authority.version))
        .where(Authority.id > after)
        .order_by(Authority.id)
        .limit(limit)
        .with_for_update(of=Authority)
    ).all()
    left = [
        (authority.id, authority.heading)
        for authority, first in rows
        if not _undo_one(session, actor, authority, first, undoing)
    ]
    session.flush()
    return [authority.id for authority, _ in rows], left


def _undo_one(
    session: Session, actor: Actor, authority: Authority, first: int, undoing: ChangeSet
) -> bool:
    if first == 1:
        authority.deleted_at = clock.now()
        authority.version += 1
        session.flush()
        drop_forms(session, authority)
        write_version(session, actor, authority, "deleted", undoing)
        return True
    before = session.get_one(AuthorityVersion, (authority.id, first - 1))
    seen = described(before.marc)  # type: ignore[arg-type]
    was_deleted = before.change == "deleted"
    if not was_deleted and _is_taken(session, seen.key, authority):
        return False
    authority.marc = before.marc
    authority.version += 1
    authority.merged_into = before.merged_into
    authority.deleted_at = clock.now() if was_deleted else None
    if was_deleted:
        drop_forms(session, authority)
    else:
        set_columns(session, authority, seen)
    write_version(session, actor, authority, "restored", undoing)
    return True


def _is_taken(session: Session, key: int, authority: Authority) -> bool:
    other = select(Authority.id).where(
        Authority.key == key,
        Authority.scope == authority.scope,
        Authority.deleted_at.is_(None),
        Authority.id != authority.id,
    )
    return session.scalar(other.limit(1)) is not None
