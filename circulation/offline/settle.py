"""Settling what a replay left for a person: the line ends with a way, a person and a moment."""

from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from circulation.checkin import check_in
from circulation.desk import DeskResult
from circulation.facts import patron_of_card
from circulation.offline.log import COMMANDS, SEALED, command_from
from circulation.offline.models import CONFLICT, SETTLED, WAITING, OfflineLine, OfflineSend
from circulation.offline.placeholder import assign_placeholder
from circulation.offline.replay import lock_replay, replay_line
from circulation.offline.sealed import opened
from circulation.patrons.patrons import patron_for
from circulation.permissions import USE_DESK
from circulation.policies import require_within
from circulation.returns import LEAVES_BOX
from circulation.reversal import reverse_loan, reverse_return
from circulation.rules.offline import UNSURE
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.audit import audit
from ils.core.errors import Invalid, NotFound, Refused

# What may be proposed for each class, the default first. "ok" leaves things as the replay left them.
PROPOSALS: dict[str, tuple[str, ...]] = {
    "lent_to_other": ("ok", "never_left"),
    "lent_twice": ("ok", "never_left"),
    "awaited_by_other": ("ok", "never_left"),
    "beyond_desk": ("ok", "never_left"),
    "unknown_card": ("assign", "ok", "never_left"),
    "unknown_barcode": ("again", "ok"),
    "card_not_item": ("again", "ok"),
    "withdrawn_item": ("again", "ok"),
    "returned_earlier": ("redate", "ok"),
    "not_renewed": ("ok", "again"),
    "needs_return": ("return", "ok"),
    "refused": ("again", "ok"),
    "not_proved": ("again", "ok"),
    "not_understood": ("ok",),
    SEALED: ("again", "ok"),
    UNSURE: ("again", "ok"),
}
NOT_DONE = ("unknown_barcode", "card_not_item", "withdrawn_item", "refused", "not_renewed")


def line_for(session: Session, actor: Actor, line_id: int) -> OfflineLine:
    """Return a line of the actor's library. Raises ``NotFound`` for any other."""
    line = session.get(OfflineLine, line_id)
    unknown = NotFound("offline_line_unknown")
    if line is None:
        raise unknown
    require_within(session, actor, USE_DESK, line.unit_id, unknown)
    return line


def settle_line(
    session: Session,
    actor: Actor,
    *,
    line_id: int,
    how: str,
    key: str | None,
    typed: str = "",
    note: str = "",
) -> OfflineLine:
    """Settle a conflict by one of the proposals of its class.

    ``typed`` is the card a placeholder's loans are given to, or the barcode that was meant; words
    of a note are kept with the line. Settled twice, it happens once. Raises ``Refused`` when the
    proposal cannot be done; the line then stays as it is.
    """
    line = line_for(session, actor, line_id)
    lock_replay(session, line.library_id)
    session.refresh(line)
    if line.state != CONFLICT:
        return line
    was = line.conflict or ""
    if how not in PROPOSALS.get(was, ("ok",)):
        raise Invalid("offline_proposal_unknown", field="how")
    at_desk = actor if actor.unit_id == line.unit_id else actor.at_unit(session, line.unit_id)
    _WAYS[how](session, at_desk, line, typed.strip(), key)
    audit(session, actor, "offline_settled", "offline_line", line.id, way=how, conflict=was)
    if how != "again" or line.conflict is None:
        _close(line, actor, how, note)  # else it was done now, and shows something else to look at
    session.flush()
    return line


def _close(line: OfflineLine, actor: Actor, how: str, note: str = "") -> None:
    line.state, line.settled_how, line.settled_note = SETTLED, how, note.strip()[:200]
    line.settled_at, line.settled_by = clock.now(), actor.staff_id


Way = Callable[[Session, Actor, OfflineLine, str, str | None], None]


def _ok(
    _session: Session, _actor: Actor, _line: OfflineLine, _typed: str, _key: str | None
) -> None:
    """Leave things as they are."""


def _must(result: DeskResult, code: str) -> None:
    if not result.ok:
        raise Refused(code)


def _never_left(
    session: Session, actor: Actor, line: OfflineLine, _typed: str, key: str | None
) -> None:
    """The copy did not leave after all: the loan never took place."""
    if line.loan_id is None:
        raise Refused("offline_not_reversed")
    result = reverse_loan(session, actor, loan_id=line.loan_id, why="offline", key=key)
    _must(result, "offline_not_reversed")


def _assign(
    session: Session, actor: Actor, line: OfflineLine, typed: str, _key: str | None
) -> None:
    """Give the loans of an unknown card to the patron whose card is typed."""
    patron_id = patron_of_card(session, typed) if typed else None
    placeholder_id = int(line.facts.get("placeholder", 0))
    if patron_id is None or patron_id == placeholder_id:
        raise Invalid("offline_card_unknown", field="typed")
    assign_placeholder(session, actor, placeholder_id, patron_for(session, actor, patron_id))
    same = select(OfflineLine).where(
        OfflineLine.library_id == line.library_id,
        OfflineLine.state == CONFLICT,
        OfflineLine.conflict == "unknown_card",
        OfflineLine.id != line.id,
    )
    for one in session.scalars(same).all():
        if one.facts.get("placeholder") == placeholder_id:
            _close(one, actor, "assign")
    session.flush()
    session.refresh(line)


def _again(session: Session, actor: Actor, line: OfflineLine, typed: str, _key: str | None) -> None:
    """Replay the line, answered for by who settles it; a barcode typed is the one meant."""
    if line.conflict == SEALED:
        _open(line)
    if typed:
        line.item_code = typed[:80]
    if line.conflict == UNSURE:
        line.effective_at = session.get_one(OfflineSend, line.send_id).received_at
    line.state, line.conflict, line.facts = WAITING, None, {}
    replay_line(session, line, actor)
    if line.conflict in NOT_DONE:
        raise Refused("offline_still_refused")


def _open(line: OfflineLine) -> None:
    """Open a sealed line with a key that has been brought back."""
    said = opened(str(line.options.get("sealed", "")), line.key)
    if said is None or said.get("command") not in COMMANDS:
        raise Refused("offline_still_sealed")
    one = command_from({**said, "key": line.key}, line.number)
    line.command, line.item_code, line.card = one.command, one.item_code, one.card
    line.quantity, line.options, line.said_at = one.quantity, one.options, one.said_at
    line.effective_at = min(one.said_at, line.effective_at)


def _return(
    session: Session, actor: Actor, line: OfflineLine, _typed: str, key: str | None
) -> None:
    """Take the copy as a return, at the moment it was scanned."""
    result = check_in(
        session,
        actor,
        barcode=line.item_code,
        key=key,
        overrides=LEAVES_BOX,
        now=line.effective_at,
    )
    _must(result, "offline_still_refused")


def _redate(
    session: Session, actor: Actor, line: OfflineLine, _typed: str, key: str | None
) -> None:
    """Count the return on the earlier day: the later one never happened, the earlier did."""
    if line.loan_id is None:
        raise Refused("offline_not_reversed")
    undone = reverse_return(session, actor, loan_id=line.loan_id, why="offline", key=key)
    _must(undone, "offline_not_reversed")
    day = clock.local_day(line.effective_at)
    second = f"{key}~" if key else None
    result = check_in(session, actor, barcode=line.item_code, key=second, effective_on=day)
    _must(result, "offline_not_reversed")


_WAYS: dict[str, Way] = {
    "ok": _ok,
    "never_left": _never_left,
    "assign": _assign,
    "again": _again,
    "return": _return,
    "redate": _redate,
}
