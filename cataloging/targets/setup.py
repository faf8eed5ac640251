"""Targets as rows: added, changed, tested. Whoever may set up targets decides whom we call."""

import time
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.marc.formats import AUTO, ENCODINGS
from cataloging.targets.addresses import is_port_allowed
from cataloging.targets.answers import Answer, Failed, Place
from cataloging.targets.asking import BIB1, CQL, KINDS, Wanted, is_index
from cataloging.targets.models import Target
from cataloging.targets.permissions import SET_UP_TARGETS
from cataloging.targets.sru import ask_sru
from cataloging.targets.zoom import ask_z3950
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.audit import audit
from ils.core.errors import Invalid, NotFound
from ils.core.sealing import seal, unseal
from ils.org.units import place as place_of_unit
from ils.org.units import unit


@dataclass(frozen=True)
class TargetFacts:
    """What is typed of a target."""

    name: str
    protocol: str
    address: str
    port: int = 210
    database: str = ""
    version: str = "auto"
    syntax: str = "marcxml"
    encoding: str = AUTO
    seconds: int = 10
    per_minute: int = 60
    indexes: dict[str, str] | None = None
    inside: bool = False
    active: bool = False
    order: int = 100
    user_name: str = ""
    user_group: str = ""


@cache
def known_targets() -> dict[str, dict[str, Any]]:
    """Return the targets that a published page names, by key; nobody promises that they answer."""
    with Path(__file__).with_name("known.toml").open("rb") as file:
        return tomllib.load(file)


def usual_indexes(protocol: str) -> dict[str, str]:
    """Return what a target of this protocol is usually asked for."""
    return dict(CQL if protocol == "sru" else BIB1)


def targets_of(session: Session, actor: Actor, *, active: bool = False) -> Sequence[Target]:
    """Return the targets that serve where the actor works, in order."""
    ids = place_of_unit(session, actor.unit_id).ids if actor.unit_id else ()
    query = select(Target).where(Target.unit_id.in_(ids))
    if active:
        query = query.where(Target.active)
    return session.scalars(query.order_by(Target.order, Target.name)).all()


def target_for(session: Session, actor: Actor, target_id: int) -> Target:
    """Return a target that the actor may set up. Raises ``NotFound``, also for another's."""
    found = session.get(Target, target_id)
    if found is None or not actor.can(SET_UP_TARGETS, unit(session, found.unit_id)):
        raise NotFound("target_unknown")
    return found


def write_target(
    session: Session,
    actor: Actor,
    facts: TargetFacts,
    target_id: int | None = None,
    *,
    unit_id: int | None = None,
    known: str = "",
    password: str | None = None,
) -> Target:
    """Add a target, or change one. Raises ``Invalid`` naming the box.

    ``password`` None keeps the one there is, '' forgets it. It is never handed to another address
    than the one it was typed for: where the address changes, it has to be typed again.
    """
    if target_id is None:
        at = unit_id or actor.library_id or actor.unit_id or 0
        actor.require(SET_UP_TARGETS, at=unit(session, at))
        target = Target(unit_id=at, known=known)
    else:
        target = target_for(session, actor, target_id)
    _check(facts)
    same = select(Target.id).where(Target.unit_id == target.unit_id, Target.name == facts.name)
    if any(one != target_id for one in session.scalars(same)):
        raise Invalid("target_taken", field="name")
    values = {**facts.__dict__, "indexes": facts.indexes or usual_indexes(facts.protocol)}
    changed = {name for name, value in values.items() if getattr(target, name) != value}
    if changed.intersection(_ADDRESS):
        target.spoken, target.tested_at, target.tested = "", None, {}
    if changed.intersection(_WHOSE_PASSWORD) and target.password and password is None:
        raise Invalid("target_password_again", field="password")
    for name, value in values.items():
        setattr(target, name, value)
    session.add(target)
    session.flush()
    if password is not None:
        target.password = seal(password, _purpose(target.id))
    audit(session, actor, "target_written", "target", target.id, name=facts.name)
    return target


_ADDRESS = ("protocol", "address", "port", "database", "version", "syntax", "inside")
_WHOSE_PASSWORD = ("protocol", "address", "port")


def _purpose(target_id: int) -> str:
    return f"target {target_id}"


def _check(facts: TargetFacts) -> None:
    if facts.protocol == "sru":
        parts = urlsplit(facts.address)
        try:
            port = parts.port or 80
        except ValueError:
            port = 0
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
            raise Invalid("target_address", field="address")
        field = "address"
    else:
        if not facts.address or any(c in facts.address for c in "/ @?#:\\"):
            raise Invalid("target_host", field="address")
        port, field = facts.port, "port"
    if not is_port_allowed(port):
        raise Invalid("target_port", field=field)
    if facts.encoding not in (AUTO, *ENCODINGS):
        raise Invalid("target_encoding", field="encoding")
    for kind in KINDS:
        text = (facts.indexes or {}).get(kind, "")
        if text and not is_index(facts.protocol, text):
            raise Invalid("target_index", field=f"index_{kind}")


def remove_target(session: Session, actor: Actor, target_id: int) -> None:
    """Take a target away, with what it answered of late."""
    target = target_for(session, actor, target_id)
    audit(session, actor, "target_removed", "target", target.id, name=target.name)
    session.delete(target)


def place_of(target: Target) -> Place:
    """Return where and how to ask a target, to be carried out of the session."""
    return Place(
        target.protocol,
        target.address,
        target.port,
        target.database,
        target.spoken or target.version if target.version == "auto" else target.version,
        target.syntax,
        target.encoding,
        target.seconds,
        dict(target.indexes),
        target.inside,
        target.user_name,
        target.user_group,
        unseal(target.password, _purpose(target.id)),
    )


def ask(place: Place, wanted: Wanted) -> tuple[Answer | Failed, int]:
    """Ask a target; return what it answered or why not, and the milliseconds. Needs no session."""
    begun = time.monotonic()
    try:
        if place.password is None:
            raise Failed("password_lost")
        got: Answer | Failed = (ask_sru if place.protocol == "sru" else ask_z3950)(place, wanted)
    except Failed as problem:
        got = problem
    except Exception as error:  # no answer, whatever it is, may end a thread without a word
        got = Failed("broken", f"{type(error).__name__} {error}")
    return got, round((time.monotonic() - begun) * 1000)


def keep_test(
    session: Session, actor: Actor, target_id: int, got: Answer | Failed, milliseconds: int
) -> Target:
    """Write down what a test gave."""
    target = target_for(session, actor, target_id)
    target.tested_at = clock.now()
    if isinstance(got, Failed):
        target.tested = {"problem": got.code, "detail": got.detail}
    else:
        target.tested = {"hits": got.hits, "read": len(got.records), "version": got.version}
        target.spoken = got.version
    target.tested = {**target.tested, "milliseconds": milliseconds}
    return target
