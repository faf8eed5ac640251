"""An act at the desk: its key, its one answer, its journal.

Every command carries a key from the browser. The same key sent twice returns the answer given the
first time: no double loan. The answer speaks in codes and facts; doors make sentences of them.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import bindparam, or_, select
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from circulation.facts import LOCK_FIRST
from circulation.journal import Journal, plain
from circulation.models import DeskCommand
from circulation.permissions import OVERRIDE_HEAD
from circulation.policies import Branch, branch, require_branch
from circulation.rules.reasons import INFO, Reason
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.audit import audit
from ils.core.db import transaction
from ils.core.errors import Forbidden, Refused
from ils.core.events import Event, EventRow, publish_event, require_sound_clock

GREEN, AMBER, RED = "green", "amber", "red"
SOUNDS = {GREEN: "done", AMBER: "attention", RED: "refused"}
DAYS_KEPT = 7  # how long answers are kept; they hold names

Overrides = Mapping[str, str]


@dataclass(frozen=True)
class DeskResult:
    """The one answer to a command, safe for JSON: days and instants are ISO text.

    ``headline`` is {code, facts}; ``details`` are such lines under it; ``reasons`` say why not, or
    what should be known. ``action`` is what the person at the desk does next.
    """

    ok: bool
    command: str
    headline: dict[str, Any]
    action: str = "none"
    tone: str = GREEN
    sound: str = "done"
    item: dict[str, Any] | None = None
    patron: dict[str, Any] | None = None
    loan: dict[str, Any] | None = None
    hold: dict[str, Any] | None = None
    reasons: list[dict[str, Any]] = field(default_factory=list)
    details: list[dict[str, Any]] = field(default_factory=list)
    undo_token: str | None = None
    slip: dict[str, Any] | None = None
    repeated: bool = False
    key: str | None = None  # under which the answer is kept, and since when
    at: str | None = None

    @property
    def code(self) -> str:
        """Return the code of the headline."""
        return str(self.headline["code"])

    @property
    def facts(self) -> dict[str, Any]:
        """Return the facts of the headline."""
        found: dict[str, Any] = self.headline["facts"]
        return found

    def reason_codes(self) -> list[str]:
        """Return the codes of the reasons, worst first."""
        return [str(one["code"]) for one in self.reasons]

    def to_json(self) -> dict[str, Any]:
        """Return the answer as stored."""
        return dict(vars(self))

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "DeskResult":
        """Build the answer from its stored form."""
        return cls(**stored)


_STORED = select(DeskCommand).where(
    or_(
        DeskCommand.key == bindparam("key"),
        (DeskCommand.item_id == bindparam("item_id")) & (DeskCommand.at >= bindparam("since")),
    )
)


# Charges taken back free what had paid them, and that pays others: who keeps what follows from a
# settled charge (cases of loss) looks at the account. Called with the act and the patron.
WHEN_FREED: list[Callable[["Act", int], None]] = []


class Act:
    """One command being done: who, where, when, and what it changed so far."""

    def __init__(
        self,
        session: Session,
        actor: Actor,
        command: str,
        key: str | None,
        now: datetime | None = None,
        unit_id: int | None = None,
    ) -> None:
        self.session = session
        self.actor = actor
        self.command = command
        self.key = key
        self.now = now or clock.now()
        self.today: date = clock.local_day(self.now)
        self.here: Branch = require_branch(session, unit_id or actor.unit_id)
        self.journal = Journal(keep=key is not None)
        self.details: list[dict[str, Any]] = []
        self.item_id: int | None = None
        self.patron_id: int | None = None
        self.freed: set[int] = set()  # patrons of whom a charge was taken back

    # what was answered before

    def stored(self) -> DeskResult | None:
        """Return the answer already given to this key; call it after the locks are taken."""
        found = self._earlier()
        return self._repeat(found[0]) if found and found[0].key == self.key else None

    def last_on_item(self) -> DeskCommand | None:
        """Return the newest act on the item within the seconds of a double scan, if it stands."""
        for row in self._earlier():
            if row.event_id is not None and row.undone_at is None:
                return row
        return None

    def again(self, row: DeskCommand) -> DeskResult:
        """Answer with an earlier answer: the scan was a repetition. Nothing is stored."""
        return replace(DeskResult.from_json(row.result), repeated=True)

    def _earlier(self) -> list[DeskCommand]:
        if not hasattr(self, "_found"):
            seconds = self.here.settings.double_scan_seconds
            since = self.now - timedelta(seconds=seconds)
            wanted = {"key": self.key, "item_id": self.item_id if seconds else None, "since": since}
            rows = self.session.scalars(_STORED, wanted).all()
            self._found = sorted(
                (r for r in rows if r.key == self.key or r.at <= self.now),
                key=lambda r: (r.key == self.key, r.at),
                reverse=True,
            )
        return self._found

    def _repeat(self, row: DeskCommand) -> DeskResult:
        if row.command != self.command:
            raise Refused("key_used_otherwise", key=row.key)
        return replace(DeskResult.from_json(row.result), repeated=True)

    # what happens

    def line(self, code: str, **facts: Any) -> None:
        """Add a line under the headline."""
        self.details.append({"code": code, "facts": plain(facts)})

    def event(
        self,
        happened: Event,
        *,
        at: Branch | int | None = None,
        on: date | None = None,
        **columns: Any,
    ) -> EventRow:
        """Append to the event log; ``at`` is where it counts, ``on`` the day it counts for."""
        where = self.here if at is None else branch(self.session, at) if isinstance(at, int) else at
        day = on or self.today
        row = publish_event(
            self.session,
            self.actor,
            happened,
            unit_id=where.id,
            library_id=where.library_id,
            effective_at=self.now if day == self.today else clock.at_local(day, 12),
            effective_on=day,
            place=columns.pop("place", self.actor.channel),
            **columns,
        )
        self.journal.events.append(row)
        return row

    def flush(self) -> None:
        """Write what is pending. A race lost against another desk becomes a plain refusal."""
        try:
            self.session.flush()
        except IntegrityError as error:
            raise Refused("lost_race", command=self.command) from error

    def look_at_freed(self) -> None:
        """Let what charges taken back have settled follow; an answer does it by itself."""
        while self.freed:
            patron_id = self.freed.pop()
            for look in WHEN_FREED:
                look(self, patron_id)

    # what is answered

    def unlifted(self, reasons: Iterable[Reason], overrides: Overrides) -> list[Reason]:
        """Return the reasons that stop the act: unanswered, or not this actor's to lift."""
        return [
            r
            for r in reasons
            if r.stops and not (r.code in overrides and may_override(self.actor, r))
        ]

    def log_overrides(
        self, reasons: Iterable[Reason], overrides: Overrides
    ) -> dict[str, str] | None:
        """Audit the refusals lifted; return them for the event, or None where there are none."""
        lifted = {r.code: overrides[r.code] for r in reasons if r.stops and r.code in overrides}
        for one in reasons:
            if one.code in lifted and one.override:
                audit(
                    self.session,
                    self.actor,
                    "override",
                    "item" if self.item_id else "patron",
                    self.item_id or self.patron_id,
                    code=one.code,
                    reason=lifted[one.code],
                    command=self.command,
                    facts=plain(one.facts),
                )
        return lifted or None

    def refuse(self, reasons: list[Reason], code: str = "refused", **parts: Any) -> DeskResult:
        """Answer that the act was not done; only questions make it a question."""
        stopping = [r for r in reasons if r.stops]
        only_asks = bool(stopping) and all(r.level == "question" for r in stopping)
        result = DeskResult(
            ok=False,
            command=self.command,
            headline={"code": "ask" if only_asks else code, "facts": {}},
            action="ask" if all(may_override(self.actor, r) for r in stopping) else "stop",
            tone=AMBER if only_asks else RED,
            sound=SOUNDS[AMBER if only_asks else RED],
            reasons=reasons_json(self.actor, reasons),
            **{name: plain(value) for name, value in parts.items()},
        )
        return self.keep(result)

    def answer(
        self,
        code: str,
        *,
        tone: str = GREEN,
        action: str = "none",
        facts: Mapping[str, Any] | None = None,
        reasons: Iterable[Reason] = (),
        undo: bool = True,
        **parts: Any,
    ) -> DeskResult:
        """Answer that the act was done."""
        self.look_at_freed()
        result = DeskResult(
            ok=True,
            command=self.command,
            headline={"code": code, "facts": plain(facts or {})},
            action=action,
            tone=tone,
            sound=SOUNDS[tone],
            reasons=reasons_json(self.actor, (r for r in reasons if r.level == INFO)),
            details=self.details,
            undo_token=self.key if undo and self.journal.events else None,
            **{name: plain(value) for name, value in parts.items()},
        )
        return self.keep(result)

    def keep(self, result: DeskResult) -> DeskResult:
        """Store the answer under its key and return it."""
        made = (*self.journal.events, *self.journal.made)
        if self.key is None or any(getattr(one, "id", 0) is None for one in made):
            self.flush()
        if self.key is not None:
            result = replace(result, key=self.key, at=self.now.isoformat())
            events = self.journal.events
            self.session.add(
                DeskCommand(
                    key=self.key,
                    command=self.command,
                    unit_id=self.here.id,
                    actor_id=self.actor.staff_id,
                    at=self.now,
                    item_id=self.item_id,
                    patron_id=self.patron_id,
                    event_id=events[0].id if result.ok and events else None,
                    result=result.to_json(),
                    undo=self.journal.to_json() if result.undo_token else {},
                )
            )
            self.flush()
        return result


def may_override(actor: Actor, found: Reason) -> bool:
    """Tell whether the actor may answer a question or lift a refusal."""
    if found.override is None:
        return False
    if not found.override:
        return actor.patron_id is None
    if found.code == "manual_block" and actor.staff_id is not None:
        author = found.facts.get("author_id")  # none: a machine wrote it, so it is nobody's own
        by = {actor.staff_id, actor.approver.staff_id if actor.approver else None}
        return (author is not None and author in by) or actor.can(found.override)
    return actor.can(found.override) or actor.can(OVERRIDE_HEAD)


def require_approval(result: DeskResult) -> None:
    """Let a door ask a supervisor where an act was refused for want of rights alone.

    Raises ``Forbidden`` with the right that is missing; a question, or what nobody may lift, is not
    its business.
    """
    stopping = [] if result.ok else [one for one in result.reasons if one["level"] != INFO]
    missing = [one["override"] for one in stopping if not one["may_override"]]
    if missing and None not in missing:
        raise Forbidden("permission_missing", permission=missing[0])


def reasons_json(actor: Actor, reasons: Iterable[Reason]) -> list[dict[str, Any]]:
    """Return reasons as doors get them."""
    return [
        {
            "code": r.code,
            "level": r.level,
            "facts": plain(r.facts),
            "override": r.override,
            "may_override": r.stops and may_override(actor, r),
            "remembered": r.remembered,
        }
        for r in reasons
    ]


P = ParamSpec("P")
R = TypeVar("R")
_TRIES = 3


def perform(
    use_case: Callable[Concatenate[Session, Actor, P], R],
    actor: Actor,
    *args: P.args,
    **kwargs: P.kwargs,
) -> R:
    """Run a use case in a transaction of its own; a race lost is tried again.

    A second try finds what the winner left and so answers properly; items that the first came to
    too late it locks first. Raises ``Refused`` with
    ``busy`` when the database stays locked, with ``clock_behind`` while the server's clock is wrong.
    """
    lock_first: Collection[int] = ()
    for attempt in range(_TRIES):
        try:
            with transaction() as session:
                session.info[LOCK_FIRST] = lock_first
                require_sound_clock(session)
                return use_case(session, actor, *args, **kwargs)
        except Refused as error:
            if error.code != "lost_race" or attempt == _TRIES - 1:
                raise
            lock_first = {*lock_first, *error.facts.get("items", ())}
        except IntegrityError as error:
            if attempt == _TRIES - 1:
                raise Refused("lost_race") from error
        except OperationalError as error:  # deadlock, lock timeout, database busy
            if attempt == _TRIES - 1:
                raise Refused("busy") from error
    raise AssertionError("unreachable")
