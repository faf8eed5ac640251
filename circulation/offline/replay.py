"""Replaying what offline desks noted, through the use cases of the desk.

Lines of all desks of a library are replayed in the order in which they happened, each in a
transaction of its own. The default of a conflict is done at once; the line then waits for a person
who has seen it. Source: docs/offline.md.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from circulation.checkin import check_in
from circulation.checkout import Weighed, check_out, weigh_check_out
from circulation.desk import Act, DeskResult, may_override, perform
from circulation.facts import find_scanned, lock_for_item, patron_of_card
from circulation.losses.found import payers_of
from circulation.models import DeskCommand, Hold, Loan
from circulation.notices.planning import plan_apology
from circulation.offline.models import (
    APPLIED,
    CONFLICT,
    NOTED,
    SETTLED,
    WAITING,
    OfflineLine,
    OfflineSend,
)
from circulation.offline.past import Since, record_past_loan, since
from circulation.offline.placeholder import placeholder_for
from circulation.patrons.models import Patron
from circulation.reading_room import scan_in_house_use
from circulation.renew import renew, renewable
from circulation.returns import LEAVES_BOX
from circulation.rules.reasons import Reason
from circulation.tallies import count_visit
from circulation.undo import undo
from ils.accounts.actor import Actor, actor_for_staff
from ils.accounts.models import Staff
from ils.core import clock
from ils.core.db import is_sqlite, reading
from ils.core.errors import IlsError, Refused

log = logging.getLogger("sen.offline")

_REPLAY_LOCK = 7103
NOBODY = Actor(name="offline", all_rights=True, channel="offline")  # approves what is done anyway


@dataclass
class Play:
    """One line being replayed: who did it, under which key, what is to be told of it."""

    session: Session
    line: OfflineLine
    actor: Actor
    key: str

    @property
    def lifting(self) -> Actor:
        """Return the actor with an approver: the copy has left already, so nothing stops it."""
        return replace(self.actor, approver=self.actor.approver or NOBODY)

    def note(self, code: str, **facts: Any) -> None:
        """Tell something of the line."""
        self.line.notes = [*self.line.notes, {"code": code, "facts": facts}]

    def conflict(self, code: str, **facts: Any) -> None:
        """Name what a person should look at; the first named stands, the others are notes."""
        if self.line.conflict:
            self.note(code, **facts)
            return
        self.line.conflict = code
        self.line.facts = {**self.line.facts, **facts}

    def done(self, result: DeskResult | None = None) -> None:
        """Write down how the line ended."""
        line = self.line
        if result is not None:
            line.result = result.to_json()
            line.item_id = (result.item or {}).get("id", line.item_id)
            line.patron_id = (result.patron or {}).get("id", line.patron_id)
            line.loan_id = (result.loan or {}).get("id", line.loan_id)
        line.state = CONFLICT if line.conflict else NOTED if line.notes else APPLIED
        line.replayed_at = clock.now()


# --- all waiting lines -----------------------------------------------------------------------


def replay_waiting(library_id: int) -> int:
    """Replay every waiting line of a library, oldest first; return how many were.

    Not a use case: each line has a transaction of its own, so that one that cannot be played
    keeps none of the others. A line that fails is a conflict, whatever the failure.
    """
    count = 0
    while (line_id := _oldest(library_id)) is not None:
        try:
            perform(_replay_one, NOBODY, library_id, line_id)
        except IlsError as error:
            if error.code in ("busy", "lost_race", "clock_behind"):
                break  # it stays waiting, and those after it: their order counts
            perform(_failed, NOBODY, line_id, error.code)
        except Exception:  # like the worker: a fault in one line must not keep the others waiting
            log.exception("offline line %s", line_id)
            perform(_failed, NOBODY, line_id, "fault")
        count += 1
    return count


_WAITING = (
    select(OfflineLine.id)
    .where(OfflineLine.state == WAITING)
    .order_by(OfflineLine.effective_at, OfflineLine.device, OfflineLine.number)
    .limit(1)
)


def _oldest(library_id: int) -> int | None:
    with reading() as session:
        return session.scalar(_WAITING.where(OfflineLine.library_id == library_id))


def _replay_one(session: Session, _actor: Actor, library_id: int, line_id: int) -> None:
    """Replay the line whose turn it is; two desks sending at once take turns."""
    lock_replay(session, library_id)
    line = session.get_one(OfflineLine, line_id, populate_existing=True)
    if line.state == WAITING:
        replay_line(session, line)


def lock_replay(session: Session, library_id: int) -> None:
    """Let one replay run in a library; taken before every other lock."""
    if not is_sqlite(session):
        session.execute(_ADVISORY, {"space": _REPLAY_LOCK, "id": library_id})


_ADVISORY = text("SELECT pg_advisory_xact_lock(:space, :id)")


def _failed(session: Session, _actor: Actor, line_id: int, code: str) -> None:
    line = session.get_one(OfflineLine, line_id)
    if line.state != WAITING:
        return
    line.state, line.conflict = CONFLICT, "refused"
    line.facts = {**line.facts, "error": code}
    line.replayed_at = clock.now()


# --- one line --------------------------------------------------------------------------------


def replay_line(session: Session, line: OfflineLine, actor: Actor | None = None) -> None:
    """Replay one line as the person who did it, or as ``actor`` who answers for it now.

    A command that reached the server before the line broke is found by its key and not repeated;
    one that was refused there and done at the desk all the same is played under another key.
    """
    known = session.get(DeskCommand, line.key)
    who = actor or _who(session, line)
    key = line.key if known is None and not line.tries else f"{line.key[:76]}~{line.tries}"
    line.tries += 1
    play = Play(session, line, who, key)
    if known is not None and known.result.get("ok"):
        play.done(DeskResult.from_json(known.result))
        return
    _PLAYED[line.command](play)
    session.flush()


def _who(session: Session, line: OfflineLine) -> Actor:
    staff = session.get(Staff, line.actor_id) if line.actor_id is not None else None
    if staff is None:
        raise Refused("not_proved")
    sent = session.get_one(OfflineSend, line.send_id)
    return actor_for_staff(session, staff, line.unit_id, sent.workstation)


@dataclass(frozen=True)
class _Copy:
    item_id: int
    record_id: int
    lifecycle: str | None


def _copy(play: Play) -> _Copy | None:
    """Resolve the item scanned; what is unknown goes to the tray."""
    line = play.line
    found = find_scanned(play.session, line.item_code, line.library_id)
    if found.item_id is None or found.record_id is None:
        play.conflict("card_not_item" if found.card_id else "unknown_barcode")
        play.done()
        return None
    line.item_id = found.item_id
    return _Copy(found.item_id, found.record_id, found.lifecycle)


# --- lending ---------------------------------------------------------------------------------


def _lend(play: Play) -> None:
    session, line = play.session, play.line
    copy = _copy(play)
    if copy is None:
        return
    if copy.lifecycle == "withdrawn":
        play.conflict("withdrawn_item")
        play.done()
        return
    patron = _reader(play)
    line.patron_id = patron.id
    payers = payers_of(session, copy.item_id) if copy.lifecycle == "lost_settled" else []
    lock_for_item(session, copy.record_id, copy.item_id, [patron.id, *payers])
    facts: dict[str, Any] = {"barcode": line.item_code, "patron_id": patron.id}
    facts |= {"kind": line.options.get("kind") or None, "now": line.effective_at}
    weighed = weigh_check_out(session, play.actor, **facts)
    if isinstance(weighed, list):
        raise Refused("refused", reasons=[r.code for r in weighed])
    after = since(session, copy.item_id, line.effective_at)
    if after is not None:
        _lent_before(play, weighed, after)
        return
    stops = [r for r in weighed.reasons if r.stops]
    if any(r.override is None for r in stops):
        play.conflict("refused", reasons=[r.code for r in stops])
        play.done()
        return
    _tell(play, weighed, stops)
    lifted = dict.fromkeys((r.code for r in stops), _why(line))
    kept_for = weighed.scene.item.hold if "on_shelf_for_other" in lifted else None
    result = check_out(session, play.lifting, key=play.key, overrides=lifted, **facts)
    if kept_for is not None and result.ok:
        plan_apology(session, kept_for)  # who was told to come is told not to
    if not result.ok:
        play.note("had_it_already")
    play.done(result)


def _why(line: OfflineLine) -> str:
    return str(line.options.get("why") or "offline")


def _reader(play: Play) -> Patron:
    """Return whose card it was; an unknown one gets a placeholder to be assigned."""
    line = play.line
    patron_id = patron_of_card(play.session, line.card)
    patron = play.session.get(Patron, patron_id) if patron_id is not None else None
    if patron is not None and patron.deleted_at is None:
        if not patron.name.startswith("? ") or not _is_placeholder(play.session, patron.id):
            return patron
        placeholder = patron
    else:
        placeholder = placeholder_for(play.session, line)
    play.conflict("unknown_card", card=line.card, placeholder=placeholder.id)
    return placeholder


def _is_placeholder(session: Session, patron_id: int) -> bool:
    query = select(OfflineLine.id).where(
        OfflineLine.patron_id == patron_id,
        OfflineLine.state == CONFLICT,
        OfflineLine.conflict == "unknown_card",
    )
    return session.scalar(query.limit(1)) is not None


def _tell(play: Play, weighed: Weighed, stops: list[Reason]) -> None:
    """Sort what stood against the loan: conflicts for a person, notes of what was lifted."""
    loan, hold = weighed.scene.item.loan, weighed.scene.item.hold
    for one in stops:
        if one.code == "on_loan_other" and loan is not None:
            _lent_to_other(play, loan)
        elif one.code in ("on_shelf_for_other", "in_transit_for_other") and hold is not None:
            play.conflict("awaited_by_other", hold_id=hold.id, reader=hold.patron_id)
        elif may_override(play.actor, one):
            play.note(one.code, **_plain(one))
        else:
            play.conflict("beyond_desk", **_plain(one), reason=one.code)


def _plain(one: Reason) -> dict[str, Any]:
    return {k: v.isoformat() if isinstance(v, date) else v for k, v in one.facts.items()}


def _lent_to_other(play: Play, loan: Loan) -> None:
    """The copy is on loan to somebody else: that loan ends where this one begins."""
    other = _line_of_loan(play.session, loan.id)
    if other is None or other.device == play.line.device:
        play.conflict("lent_to_other", other_loan=loan.id, reader=loan.patron_id)
        return
    play.conflict("lent_twice", other_loan=loan.id, reader=loan.patron_id, stands=True)
    _show_other(other, play.line)


def _lent_before(play: Play, weighed: Weighed, after: Since) -> None:
    """The copy was lent or taken back later already: that stands, this loan is written as over."""
    line, patron_id = play.line, weighed.scene.patron.patron.id
    later = after.lent
    if any(one is not None and one.patron_id == patron_id for one in (later, after.ended)):
        play.note("had_it_already")
        play.done()
        return
    act = Act(play.session, play.lifting, "check_out", None, line.effective_at)
    loan = record_past_loan(act, weighed, after.at)
    line.loan_id = loan.id
    if later is None:
        play.note("returned_since")
        play.done()
        return
    play.conflict("lent_twice", other_loan=later.id, reader=later.patron_id, stands=False)
    play.done()
    other = _line_of_loan(play.session, later.id)
    if other is not None and other.device != line.device:
        _show_other(other, line)


def _line_of_loan(session: Session, loan_id: int) -> OfflineLine | None:
    query = select(OfflineLine).where(OfflineLine.loan_id == loan_id)
    return session.scalar(query.where(OfflineLine.command == "check_out").limit(1))


def _show_other(other: OfflineLine, line: OfflineLine) -> None:
    """Two desks lent one copy: the line of the other desk is shown as well."""
    if other.state not in (APPLIED, NOTED):
        return
    other.state, other.conflict = CONFLICT, "lent_twice"
    stands = other.effective_at > line.effective_at
    other.facts = {
        **other.facts,
        **{"other_loan": line.loan_id, "reader": line.patron_id, "stands": stands},
    }


# --- taking back -----------------------------------------------------------------------------


def _take_back(play: Play) -> None:
    session, line = play.session, play.line
    copy = _copy(play)
    if copy is None:
        return
    lock_for_item(session, copy.record_id, copy.item_id)
    loan = session.scalar(
        select(Loan).where(Loan.item_id == copy.item_id, Loan.closed_at.is_(None))
    )
    was_out = loan is not None and loan.started_at <= line.effective_at
    after = None if was_out else since(session, copy.item_id, line.effective_at)
    if after is not None:
        _returned_before(play, after)
        return
    result = check_in(
        session,
        play.actor,
        barcode=line.item_code,
        key=play.key,
        book_drop=bool(line.options.get("drop")),
        overrides=LEAVES_BOX,
        now=line.effective_at,
    )
    if not result.ok:
        play.conflict("refused", reasons=result.reason_codes())
    elif result.action not in ("none", "shelve"):
        play.note("to_be_moved")  # the copy lies with those to shelve, and should not
        _count_shelf_from_today(play, result)
    play.done(result)


def _returned_before(play: Play, after: Since) -> None:
    """The copy was seen later already. Only a loan that ended too late by that is a conflict."""
    ended, day = after.ended, clock.local_day(play.line.effective_at)
    counted = ended.effective_return_on if ended is not None else None
    if ended is not None and counted is not None and counted > max(day, ended.due_on):
        play.line.loan_id, play.line.patron_id = ended.id, ended.patron_id
        play.conflict("returned_earlier", day=day.isoformat(), counted=counted.isoformat())
    play.note("seen_since")
    play.done()


def _count_shelf_from_today(play: Play, result: DeskResult) -> None:
    """A reader can be told only now: the days on the hold shelf begin today."""
    days = (clock.today() - clock.local_day(play.line.effective_at)).days
    if days <= 0 or result.code != "hold_ready" or not result.hold:
        return
    hold = play.session.get_one(Hold, result.hold["id"])
    if hold.state == "ready" and hold.shelf_until is not None:
        hold.ready_on = clock.today()
        hold.shelf_until += timedelta(days=days)


# --- the rest --------------------------------------------------------------------------------


def _renew(play: Play) -> None:
    session, line = play.session, play.line
    copy = _copy(play)
    if copy is None:
        return
    lock_for_item(session, copy.record_id, copy.item_id)
    query = select(Loan.id).where(Loan.item_id == copy.item_id, Loan.closed_at.is_(None))
    loan_id = session.scalar(query)
    about = renewable(session, [loan_id], line.effective_at) if loan_id is not None else {}
    reasons = about[loan_id].reasons if loan_id in about else []
    lifted = [r for r in reasons if r.stops and r.override is not None]
    result = renew(
        session,
        play.lifting,
        key=play.key,
        barcode=line.item_code,
        overrides=dict.fromkeys((r.code for r in lifted), _why(line)),
        now=line.effective_at,
    )
    if not result.ok:
        play.conflict("not_renewed", reasons=result.reason_codes())
    for one in lifted:
        if may_override(play.actor, one):
            play.note(one.code, **_plain(one))
        else:
            play.conflict("beyond_desk", **_plain(one), reason=one.code)
    play.done(result)


def _in_house(play: Play) -> None:
    line = play.line
    if _copy(play) is None:
        return
    result = scan_in_house_use(
        play.session, play.actor, barcode=line.item_code, key=play.key, now=line.effective_at
    )
    if not result.ok:
        play.conflict("needs_return", reasons=result.reason_codes())
    play.done(result)


def _visit(play: Play) -> None:
    line = play.line
    result = count_visit(
        play.session, play.actor, key=play.key, quantity=line.quantity, now=line.effective_at
    )
    play.done(result)


def _undo(play: Play) -> None:
    """Take back what the same desk noted just before, by the undo of the desk."""
    session, line = play.session, play.line
    of = str(line.options.get("of"))
    meant = session.scalar(
        select(OfflineLine).where(OfflineLine.key == of, OfflineLine.device == line.device)
    )
    acts = session.scalars(select(DeskCommand).where(DeskCommand.key.in_([of, f"{of[:76]}~0"])))
    act = next((one for one in acts if one.undo), None)  # None: nothing was done, nothing is undone
    result = None
    if act is not None:
        result = undo(session, play.actor, token=act.key, key=play.key, now=line.effective_at)
        if not result.ok:
            play.conflict("refused", reasons=result.reason_codes())
    if meant is not None and meant.state == CONFLICT and not line.conflict:
        meant.state, meant.settled_how = SETTLED, "undone"
        meant.settled_at, meant.settled_by = clock.now(), play.actor.staff_id
    play.done(result)


_PLAYED: dict[str, Callable[[Play], None]] = {
    "check_out": _lend,
    "check_in": _take_back,
    "renew": _renew,
    "in_house": _in_house,
    "visit": _visit,
    "undo": _undo,
}
