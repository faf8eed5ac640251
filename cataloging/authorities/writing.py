"""The one writer of authorities: creates, changes, deletes, brings back.

Every change makes a version and belongs to a change set; the forms follow in the same transaction.
What the province shares is changed by who holds the right there; a library's own by who holds it
at that library.
"""

import unicodedata
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.authorities.described import Described, in_direct_order
from cataloging.authorities.models import PROVINCE, Authority, AuthorityVersion
from cataloging.authorities.rows import (
    described,
    drop_forms,
    lock_authority,
    set_columns,
    write_version,
)
from cataloging.change_sets import new_change_set
from cataloging.marc.compare import SAME, Line, differences
from cataloging.marc.model import Marc, control
from cataloging.models import ChangeSet
from cataloging.permissions import EDIT_AUTHORITY
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.audit import audit
from ils.core.errors import Invalid, NotFound, Refused, StaleVersion
from ils.org.units import province, unit


def authority_for(
    session: Session, actor: Actor, authority_id: int, *, deleted: bool = False
) -> Authority:
    """Return an authority the actor may see: the province's, or one of a library of his.

    Raises ``NotFound``, also for a deleted one unless asked for.
    """
    found = session.get(Authority, authority_id)
    if found is None or (found.deleted_at is not None and not deleted):
        raise NotFound("authority_unknown", authority_id=authority_id)
    if found.scope != PROVINCE and found.scope not in scopes_seen(session, actor):
        raise NotFound("authority_unknown", authority_id=authority_id)
    return found


def scopes_seen(session: Session, actor: Actor) -> list[int]:
    """Return the scopes whose authorities an actor sees: the province's and his libraries' own."""
    mine = [PROVINCE]
    if actor.library_id is not None:
        mine.append(actor.library_id)
    return mine


def may_edit(session: Session, actor: Actor, scope: int) -> bool:
    """Tell whether an actor may change authorities of a scope."""
    at = unit(session, scope) if scope != PROVINCE else province(session)
    return actor.can(EDIT_AUTHORITY, at)


def _require(session: Session, actor: Actor, scope: int) -> None:
    actor.require(EDIT_AUTHORITY, unit(session, scope) if scope != PROVINCE else province(session))


def create_authority(
    session: Session,
    actor: Actor,
    marc: Marc,
    *,
    scope: int = PROVINCE,
    why: str = "",
    change_set: ChangeSet | None = None,
) -> Authority:
    """Create an authority. Raises ``Refused('heading_taken')`` where its heading is one already."""
    _require(session, actor, scope)
    marc = in_direct_order(_clean(marc))
    seen = described(marc)
    _refuse_taken(session, seen, scope)
    made_in = change_set or new_change_set(session, actor, "authority", why or seen.heading)
    made = Authority(
        scope=scope,
        kind=seen.kind,
        heading=seen.heading,
        filing="",
        key=seen.key,
        marc=dict(marc),
    )
    session.add(made)
    session.flush()
    if not control(marc, "001"):
        made.marc = {
            "leader": marc["leader"],
            "fields": [
                {"001": f"sena{made.id:08d}"},
                *(f for f in marc["fields"] if "001" not in f),
            ],
        }
        seen = described(made.marc)  # type: ignore[arg-type]
    set_columns(session, made, seen)
    write_version(session, actor, made, "created", made_in, why)
    session.flush()
    return made


def replace_authority(
    session: Session,
    actor: Actor,
    authority_id: int,
    marc: Marc,
    *,
    expected_version: int,
    why: str = "",
    change_set: ChangeSet | None = None,
    change: str = "replaced",
) -> Authority:
    """Replace the content of an authority, if nobody did so since ``expected_version`` was read.

    The same content again changes nothing. Raises ``StaleVersion``, ``Refused('heading_taken')``.
    """
    authority = lock_authority(session, authority_id)
    _require(session, actor, authority.scope)
    if authority.version != expected_version:
        raise StaleVersion(
            "authority_stale",
            authority_id=authority_id,
            expected=expected_version,
            found=authority.version,
        )
    marc = in_direct_order(_clean(marc))
    if marc == authority.marc:
        return authority
    seen = described(marc)
    if seen.key != authority.key:
        _refuse_taken(session, seen, authority.scope)
    made_in = change_set or new_change_set(session, actor, "authority", why or seen.heading)
    authority.marc = dict(marc)
    authority.version += 1
    set_columns(session, authority, seen)
    write_version(session, actor, authority, change, made_in, why)
    session.flush()
    return authority


def delete_authority(
    session: Session,
    actor: Actor,
    authority_id: int,
    *,
    why: str = "",
    merged_into: int | None = None,
    change_set: ChangeSet | None = None,
) -> Authority:
    """Delete an authority. The records keep their headings, which are provisional again."""
    authority = lock_authority(session, authority_id)
    _require(session, actor, authority.scope)
    made_in = change_set or new_change_set(session, actor, "authority", why or authority.heading)
    authority.deleted_at, authority.merged_into = clock.now(), merged_into
    authority.version += 1
    session.flush()
    drop_forms(session, authority)
    write_version(session, actor, authority, "deleted", made_in, why)
    audit(session, actor, "authority_deleted", "authority", authority.id)
    session.flush()
    return authority


def restore_authority(session: Session, actor: Actor, authority_id: int) -> Authority:
    """Bring a deleted authority back. Raises ``Refused('heading_taken')``."""
    authority = lock_authority(session, authority_id, deleted=True)
    _require(session, actor, authority.scope)
    if authority.deleted_at is None:
        return authority
    seen = described(authority.marc)  # type: ignore[arg-type]
    _refuse_taken(session, seen, authority.scope)
    made_in = new_change_set(session, actor, "authority", authority.heading)
    authority.deleted_at = authority.merged_into = None
    authority.version += 1
    set_columns(session, authority, seen)
    write_version(session, actor, authority, "restored", made_in)
    audit(session, actor, "authority_restored", "authority", authority.id)
    session.flush()
    return authority


def restore_version(
    session: Session, actor: Actor, authority_id: int, version: int, *, expected_version: int
) -> Authority:
    """Make an earlier version the present one again, as a new version."""
    return replace_authority(
        session,
        actor,
        authority_id,
        version_marc(session, authority_id, version),
        expected_version=expected_version,
        why=f"↩ {version}",
        change="restored",
    )


def version_marc(session: Session, authority_id: int, version: int) -> Marc:
    """Return the content of a version. Raises ``NotFound``."""
    found = session.get(AuthorityVersion, (authority_id, version))
    if found is None:
        raise NotFound("version_unknown", authority_id=authority_id, version=version)
    return found.marc  # type: ignore[return-value]


def taken_by(session: Session, key: int, scope: int) -> Authority | None:
    """Return the authority that has this preferred form already, in this scope or the province's."""
    return session.scalar(
        select(Authority)
        .where(Authority.key == key, Authority.deleted_at.is_(None))
        .where(Authority.scope.in_({scope, PROVINCE}))
        .order_by(Authority.scope)
    )


def _refuse_taken(session: Session, seen: Described, scope: int) -> None:
    there = taken_by(session, seen.key, scope)
    if there is not None:
        raise Refused("heading_taken", field="name", authority_id=there.id, heading=there.heading)


def _clean(marc: Marc) -> Marc:
    """Return the record with all text NFC, or refuse what has not the shape of a record."""
    try:
        return {
            "leader": _nfc(marc["leader"]),
            "fields": [
                {_nfc(tag): _content(content)}
                for one in marc["fields"]
                for tag, content in one.items()
            ],
        }
    except (KeyError, TypeError, AttributeError) as error:
        raise Invalid("record_malformed") from error


def _content(content: Any) -> Any:
    if isinstance(content, str):
        return _nfc(content)
    subs = [{_nfc(c): _nfc(v)} for sub in content["subfields"] for c, v in sub.items()]
    return {"ind1": content["ind1"], "ind2": content["ind2"], "subfields": subs}


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def versions_of(session: Session, authority_id: int) -> list[AuthorityVersion]:
    """Return the versions of an authority, newest first."""
    return list(
        session.scalars(
            select(AuthorityVersion)
            .where(AuthorityVersion.authority_id == authority_id)
            .order_by(AuthorityVersion.version.desc())
        )
    )


def changes_of(versions: Sequence[AuthorityVersion]) -> dict[int, list[Line]]:
    """Return for each version, given newest first, the lines it took away and brought."""
    empty: Any = {"leader": "", "fields": []}
    before = [*(v.marc for v in versions[1:]), empty]
    return {
        version.version: [
            line
            for line in differences(old, version.marc)  # type: ignore[arg-type]
            if line.kind != SAME and line.text not in ("", "LDR")
        ]
        for version, old in zip(versions, before, strict=True)
    }
