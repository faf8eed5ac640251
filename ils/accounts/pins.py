"""PIN and card of a member of staff: to unlock one's screen, and to approve one act at a desk.

The PIN is kept as an argon2 hash; of the card only a digest is kept, so that a copy of the data
gives nobody a card. Guessing is slowed down as that of passwords is.
"""

import hashlib
import secrets
from datetime import datetime
from itertools import pairwise

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from ils.accounts import guessing
from ils.accounts.actor import Actor
from ils.accounts.models import Staff, StaffPin, StaffSession
from ils.accounts.passwords import check_password, hash_password
from ils.core import clock
from ils.core.audit import audit
from ils.core.errors import Invalid, Refused

REALM = "pin"
SHORTEST, LONGEST = 4, 12
CARD_PREFIX = "NV"
_DIGITS = "0123456789"


def set_pin(session: Session, actor: Actor, pin: str, password: str, address: str) -> bool:
    """Set one's own PIN; False, with the failure noted, when the password does not fit.

    Raises ``Invalid`` for a PIN that is no PIN, ``Refused('sign_in_wait')`` after many failures.
    """
    staff = session.get_one(Staff, actor.staff_id)
    _require_good_pin(pin)
    guessing.require_may_try(session, REALM, staff.username, address)
    if not check_password(staff.password_hash, password):
        guessing.note_failure(session, REALM, staff.username, address)
        return False
    row = session.get(StaffPin, staff.id) or StaffPin(staff_id=staff.id)
    row.pin_hash, row.changed_at = hash_password(pin), clock.now()
    session.add(row)
    guessing.forget_failures(session, REALM, staff.username)
    audit(session, actor, "pin_set", "staff", staff.id)
    return True


def _require_good_pin(pin: str) -> None:
    if not pin.isdecimal() or not SHORTEST <= len(pin) <= LONGEST:
        raise Invalid("pin_shape", field="pin", shortest=SHORTEST, longest=LONGEST)
    steps = {ord(b) - ord(a) for a, b in pairwise(pin)}
    if len(steps) == 1 and steps <= {0, 1, -1}:
        raise Invalid("pin_too_simple", field="pin")


def new_card(session: Session, actor: Actor) -> str:
    """Make oneself a card to go with the PIN; an older card ends. Its number is shown only now.

    Raises ``Refused`` where no PIN is set: a card alone approves nothing.
    """
    row = session.get(StaffPin, actor.staff_id)
    if row is None:
        raise Refused("pin_first")
    number = CARD_PREFIX + "".join(secrets.choice(_DIGITS) for _ in range(14))
    row.card_digest = _digest(number)
    audit(session, actor, "staff_card_made", "staff", actor.staff_id)
    return number


def has_pin(session: Session, staff_id: int) -> bool:
    """Tell whether a member of staff has set a PIN."""
    return session.get(StaffPin, staff_id) is not None


def staff_by_card(session: Session, card: str, pin: str, address: str) -> Staff | None:
    """Return whose card and PIN these are; None when they do not fit, with the failure noted.

    Raises ``Refused('sign_in_wait')`` while guessing is slowed down.
    """
    guessing.require_may_try(session, REALM, card, address)
    found = session.execute(_BY_CARD, {"digest": _digest(card)}).first()
    if not check_password(found.pin_hash if found else "", pin) or found is None:
        guessing.note_failure(session, REALM, card, address)
        return None
    guessing.forget_failures(session, REALM, card)
    staff: Staff = found.Staff
    return staff


_BY_CARD = (
    select(Staff, StaffPin.pin_hash)
    .join(StaffPin, StaffPin.staff_id == Staff.id)
    .where(StaffPin.card_digest == bindparam("digest"), Staff.active)
)


def lock_session(session: Session, session_key: str, at: datetime | None = None) -> None:
    """Lock the screen of a signed-in browser; whatever it asks for is refused until unlocked."""
    row = session.get(StaffSession, session_key)
    if row is not None and row.locked_at is None:
        row.locked_at = at or clock.now()


def unlock_session(session: Session, session_key: str, typed: str, address: str) -> bool:
    """Unlock by the PIN, the card or the password of whoever is signed in; tell whether it fits.

    Raises ``Refused('sign_in_wait')`` while guessing is slowed down.
    """
    row = session.get(StaffSession, session_key)
    staff = session.get(Staff, row.staff_id) if row is not None and row.ended_at is None else None
    if row is None or staff is None:
        return False
    guessing.require_may_try(session, REALM, staff.username, address)
    own = session.get(StaffPin, staff.id)
    card_fits = (
        own is not None and own.card_digest is not None and own.card_digest == _digest(typed)
    )
    fits = card_fits or (own is not None and check_password(own.pin_hash, typed))
    if not fits and not check_password(staff.password_hash, typed):
        guessing.note_failure(session, REALM, staff.username, address)
        return False
    guessing.forget_failures(session, REALM, staff.username)
    row.locked_at = None
    return True


def _digest(card: str) -> str:
    return hashlib.sha256(("staff-card:" + "".join(card.split()).upper()).encode()).hexdigest()
