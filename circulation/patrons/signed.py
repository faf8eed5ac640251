"""Signed cards: what the QR code of a card says can be checked by anybody without a line.

The text is ``SEN1:number:yyyymmdd:kind:key:signature``: the card's number, its last day, the kind of
patron, and an Ed25519 signature (RFC 8032, base64url) over all before the last colon. No name. The
private key lies in the data folder (``files/keys``, so in every backup), the public one is shown.
A new key may be put beside an old one: the newest signs, all are known.
"""

import base64
import hashlib
from dataclasses import dataclass
from datetime import date
from urllib.parse import quote, unquote

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from circulation.patrons.models import PatronCard
from ils.core import clock
from ils.core.keys import keep_key, kept_keys

MARK = "SEN1"
_RAW = (serialization.Encoding.Raw, serialization.PublicFormat.Raw)


@dataclass(frozen=True)
class Checked:
    """What a scanned text is worth.

    ``state``: valid | expired | ended (lost or replaced) | forged | key_unknown | unreadable.
    """

    state: str
    number: str = ""
    expires_on: date | None = None
    category: str = ""


def signed_text(card: PatronCard, category: str) -> str:
    """Return the text for the QR code of a card."""
    key = signing_key()
    said = ":".join(
        (MARK, quote(card.number, safe=""), f"{card.expires_on:%Y%m%d}", category, key_id(key))
    )
    return f"{said}:{_written(key.sign(said.encode()))}"


def check_text(text: str) -> Checked:
    """Check a scanned text by its signature and last day alone, as the page does without a line."""
    parts = bare(text).split(":")
    if len(parts) != 6 or parts[0] != MARK:
        return Checked("unreadable")
    _, number, day, category, key, signature = parts
    try:
        expires_on = date.fromisoformat(day)
        sealed = base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
    except ValueError:
        return Checked("unreadable")
    known = public_keys().get(key)
    if known is None:
        return Checked("key_unknown")
    try:
        known.verify(sealed, ":".join(parts[:-1]).encode())
    except InvalidSignature:
        return Checked("forged")
    state = "valid" if expires_on >= clock.today() else "expired"
    return Checked(state, unquote(number), expires_on, category)


def check_card(session: Session, text: str) -> Checked:
    """Check a scanned text and whether its card stands today, which only the server knows."""
    found = check_text(text)
    if found.state not in ("valid", "expired"):
        return found
    card = session.scalar(select(PatronCard).where(PatronCard.number == found.number))
    if card is None or card.state != "active":
        return Checked("ended", found.number, found.expires_on, found.category)
    state = "valid" if card.expires_on >= clock.today() else "expired"  # it may have been renewed
    return Checked(state, card.number, card.expires_on, found.category)


def bare(text: str) -> str:
    """Return the signed text alone, where an address stands before it."""
    return text.strip().rpartition("#")[2]


def number_in(text: str) -> str | None:
    """Return the card number in a signed text, unchecked; None for any other text."""
    parts = bare(text).split(":")
    return unquote(parts[1]) if len(parts) == 6 and parts[0] == MARK else None


def ended_marks(session: Session) -> list[str]:
    """Return a mark for each card that ended before its printed last day: what a page without a
    line must know. Marks, not numbers, so that the list is no list of cards."""
    numbers = session.scalars(
        select(PatronCard.number).where(
            PatronCard.state != "active", PatronCard.expires_on >= clock.today()
        )
    )
    return sorted(mark_of(number) for number in numbers)


def mark_of(number: str) -> str:
    """Return the mark of a card number: the first 16 hex digits of its SHA-256."""
    return hashlib.sha256(number.encode()).hexdigest()[:16]


# --- keys ---------------------------------------------------------------------------------------


def _keys() -> list[Ed25519PrivateKey]:
    return [key for key in kept_keys("card") if isinstance(key, Ed25519PrivateKey)]


def signing_key() -> Ed25519PrivateKey:
    """Return the key that signs, made on first use."""
    known = _keys()
    return known[-1] if known else make_key()


def make_key() -> Ed25519PrivateKey:
    """Make a key; from now on it signs, and what older ones signed is still known."""
    key = Ed25519PrivateKey.generate()
    keep_key("card", key_id(key), key)
    return key


def public_keys() -> dict[str, Ed25519PublicKey]:
    """Return the public keys by their id, the one that signs last."""
    known = _keys() or [make_key()]
    return {key_id(key): key.public_key() for key in known}


def key_id(key: Ed25519PrivateKey) -> str:
    """Return the first eight hex digits of the SHA-256 of the public key."""
    return hashlib.sha256(key.public_key().public_bytes(*_RAW)).hexdigest()[:8]


def written_key(key: Ed25519PublicKey) -> str:
    """Return a public key as base64url, as browsers take it."""
    return _written(key.public_bytes(*_RAW))


def _written(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
