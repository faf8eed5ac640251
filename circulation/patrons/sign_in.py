"""Patrons signing in on the public site: card number and password."""

import hashlib

from sqlalchemy import select
from sqlalchemy.orm import Session

from circulation.patrons.cards import card_number_key
from circulation.patrons.models import Patron, PatronCard
from circulation.patrons.patrons import PASSWORD, patron_for
from ils.accounts import guessing
from ils.accounts.actor import Actor
from ils.accounts.passwords import (
    check_password,
    first_password,
    hash_password,
    needs_rehash,
    require_good_password,
)
from ils.core.audit import audit
from ils.core.errors import Refused
from ils.org.units import unit


def sign_in_patron(
    session: Session, card_number: str, password: str, address: str = ""
) -> Patron | None:
    """Return the patron whose active card and password these are, else None.

    Raises ``Refused('sign_in_wait')`` while guessing is slowed down.
    """
    key = card_number_key(card_number)
    guessing.require_may_try(session, "patron", key, address)
    patron = session.scalar(
        select(Patron)
        .join(PatronCard, PatronCard.patron_id == Patron.id)
        .where(PatronCard.number == key, PatronCard.state == "active")
        .where(Patron.deleted_at.is_(None))
    )
    fits = check_password(patron.password_hash if patron else "", password)
    if patron is None or not fits:
        guessing.note_failure(session, "patron", key, address)
        return None
    guessing.forget_failures(session, "patron", key)
    if needs_rehash(patron.password_hash):
        patron.password_hash = hash_password(password)
    return patron


def session_stamp(patron: Patron) -> str:
    """Return what a patron's session cookie must carry; a new password makes old ones void."""
    return hashlib.sha256(f"{patron.id}:{patron.password_hash}".encode()).hexdigest()[:16]


def patron_actor(session: Session, patron: Patron, channel: str = "opac") -> Actor:
    """Return a patron as actor: no staff rights, acts on their own account only."""
    home = unit(session, patron.branch_id)
    return Actor(
        name=patron.name,
        patron_id=patron.id,
        unit_id=home.id,
        unit_path=home.path,
        library_id=patron.library_id,
        channel=channel,
    )


def give_password(session: Session, actor: Actor, patron_id: int) -> str:
    """Make a first password at the desk, or one for a patron who forgot theirs, and return it.

    It must be changed at the next sign-in.
    """
    patron = patron_for(session, actor, patron_id, PASSWORD)
    made = first_password()
    patron.password_hash = hash_password(made)
    patron.must_change_password = True
    audit(session, actor, "password_given", "patron", patron.id)
    return made


def change_patron_password(session: Session, patron: Patron, old: str, new: str) -> None:
    """Change one's own password. Raises ``Refused('password_wrong')`` or ``Invalid``."""
    if not check_password(patron.password_hash, old):
        raise Refused("password_wrong", field="old")
    require_good_password(new)
    patron.password_hash = hash_password(new)
    patron.must_change_password = False
