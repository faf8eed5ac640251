"""Slowing down the guessing of passwords, by name and by network address.

After five failures on one name (or thirty from one address) in fifteen minutes the next tries
must wait, longer each time. The wait is answered at once, never slept, so that it ties up nothing.
"""

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from ils.accounts.models import SignInFailure
from ils.core import clock
from ils.core.errors import Refused

WINDOW = timedelta(minutes=15)
FREE_TRIES = 5
FREE_TRIES_PER_ADDRESS = 30
LONGEST_WAIT = 600


def wait_seconds(session: Session, realm: str, name: str, address: str) -> int:
    """Return how many seconds the next try must still wait; 0 means it may be made."""
    since = clock.now() - WINDOW
    by_name = _failures(
        session, since, SignInFailure.realm == realm, SignInFailure.name_key == _key(name)
    )
    by_address = _failures(session, since, SignInFailure.address == address)
    return max(_left(*by_name, FREE_TRIES), _left(*by_address, FREE_TRIES_PER_ADDRESS))


def require_may_try(session: Session, realm: str, name: str, address: str) -> None:
    """Raise ``Refused('sign_in_wait', seconds=…)`` while the next try must wait."""
    seconds = wait_seconds(session, realm, name, address)
    if seconds:
        raise Refused("sign_in_wait", seconds=seconds)


def note_failure(session: Session, realm: str, name: str, address: str) -> None:
    """Remember a failed try."""
    session.add(SignInFailure(realm=realm, name_key=_key(name), address=address[:60]))


def forget_failures(session: Session, realm: str, name: str) -> None:
    """Forget the failures of a name after a successful sign-in, and all that are a day old."""
    session.execute(
        delete(SignInFailure).where(
            (SignInFailure.realm == realm) & (SignInFailure.name_key == _key(name))
            | (SignInFailure.at < clock.now() - timedelta(days=1))
        )
    )


def _failures(
    session: Session, since: datetime, *where: ColumnElement[bool]
) -> tuple[int, datetime | None]:
    query = select(func.count(), func.max(SignInFailure.at)).where(SignInFailure.at >= since)
    count, last = session.execute(query.where(*where)).one()
    return count, last


def _left(count: int, last: datetime | None, free: int) -> int:
    if count < free or last is None:
        return 0
    wait: int = min(LONGEST_WAIT, 5 * 2 ** min(count - free, 10))
    waited = int((clock.now() - last).total_seconds())
    return max(0, wait - waited)


def _key(name: str) -> str:
    """Names typed into the wrong box may be passwords, so they are kept as a digest only."""
    return hashlib.sha256(name.strip().lower().encode()).hexdigest()[:32]
