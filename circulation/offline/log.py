"""Taking in the log of an offline desk: stored whole before anything of it is done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from circulation.offline.models import CONFLICT, WAITING, OfflineLine, OfflineSend
from circulation.permissions import USE_DESK
from circulation.policies import branch, require_branch
from circulation.rules.offline import UNSURE, clock_shift, moments
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.errors import Invalid

COMMANDS = ("check_out", "check_in", "renew", "in_house", "visit", "undo")
SEALED = "not_opened"  # a line under a key this server does not have (any more)
MOST = 2000  # lines of one sending; a longer log comes in parts


@dataclass(frozen=True)
class Command:
    """A line as the desk noted it. ``actor_id`` and ``unit_id`` are proved, or None."""

    key: str
    number: int
    command: str
    said_at: datetime
    actor_id: int | None = None
    unit_id: int | None = None
    item_code: str = ""
    card: str = ""
    quantity: int = 1
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Log:
    """What one browser sends: its commands in the order of its counter, and its clock now."""

    device: str
    desk_clock: datetime
    commands: Sequence[Command]
    copy_of: datetime | None = None


def command_from(
    row: Mapping[str, Any], n: int, actor_id: int | None = None, unit_id: int | None = None
) -> Command:
    """Return a line of a log, the ``n``-th, as the browser wrote it down; odd values become none."""
    number, quantity, kind = row.get("n"), row.get("quantity", 1), row.get("kind")
    return Command(
        key=str(row["key"])[:78],
        number=number if isinstance(number, int) and 0 <= number < 2**31 else n,
        command=str(row.get("command", ""))[:20],
        said_at=instant(row.get("at")) or datetime.fromtimestamp(0, UTC),
        actor_id=actor_id,
        unit_id=unit_id,
        item_code=str(row.get("item", "")).strip()[:80],
        card=str(row.get("card", "")).strip()[:80],
        quantity=quantity if isinstance(quantity, int) and 0 <= quantity < 2**31 else 0,
        options={
            **({"kind": kind} if kind in ("home", "reading_room") else {}),
            **({"drop": True} if row.get("drop") else {}),
            **({"why": str(row["why"])[:200]} if row.get("why") else {}),
            **({"of": str(row["of"])[:78]} if row.get("of") else {}),
        },
    )


def instant(milliseconds: Any) -> datetime | None:
    """Return a moment a browser gave, None where it is none."""
    if not isinstance(milliseconds, int | float) or not 0 < milliseconds < 4e12:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def receive_log(
    session: Session, actor: Actor, log: Log, now: datetime | None = None
) -> list[OfflineLine]:
    """Store the lines not known yet, with the moment each counts for; return those of this log.

    A line sent twice is one line. A line whose actor is not proved, whose command is not known or
    whose moment is unsure is kept as a conflict and not replayed until a person says so.
    Raises ``Invalid`` for a log that is too long.
    """
    actor.require(USE_DESK)
    if len(log.commands) > MOST:
        raise Invalid("offline_log_too_long", most=MOST)
    moment = now or clock.now()
    here = require_branch(session, actor.unit_id)
    commands = sorted(log.commands, key=lambda c: c.number)
    keys = [c.key for c in commands]
    stored = session.scalars(select(OfflineLine).where(OfflineLine.key.in_(keys)))
    known = {line.key: line for line in stored}
    found = [line for line in known.values() if line.library_id == here.library_id]
    fresh = list({c.key: c for c in commands if c.key not in known}.values())
    if not fresh:
        return found
    sent = OfflineSend(
        device=log.device,
        workstation=actor.workstation,
        unit_id=here.id,
        sent_by=actor.staff_id,
        received_at=moment,
        desk_clock=log.desk_clock,
        shift_seconds=round(clock_shift(log.desk_clock, moment).total_seconds()),
        copy_of=log.copy_of,
    )
    session.add(sent)
    session.flush()
    times = moments(
        [c.said_at for c in fresh], desk_clock=log.desk_clock, now=moment, last_heard=log.copy_of
    )
    for one, time in zip(fresh, times, strict=True):
        at = branch(session, one.unit_id) if one.unit_id is not None else here
        line = OfflineLine(
            send_id=sent.id,
            key=one.key,
            device=log.device,
            number=one.number,
            library_id=at.library_id,
            unit_id=at.id,
            actor_id=one.actor_id,
            command=one.command,
            item_code=one.item_code,
            card=one.card,
            quantity=one.quantity,
            options=one.options,
            said_at=one.said_at,
            effective_at=time.at,
            state=WAITING,
        )
        if time.code:
            minutes = round((time.at - one.said_at).total_seconds() / 60)
            line.notes = [{"code": time.code, "facts": {"minutes": minutes}}]
        stopped = _stopped(one, time.code)
        if stopped:
            line.state, line.conflict = CONFLICT, stopped
        session.add(line)
        found.append(line)
    session.flush()
    return found


def _stopped(one: Command, code: str) -> str:
    """Return why a line is not replayed by itself."""
    if "sealed" in one.options:
        return SEALED
    if one.command not in COMMANDS:
        return "not_understood"
    if one.actor_id is None:
        return "not_proved"
    return UNSURE if code == UNSURE else ""
