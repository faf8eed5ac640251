"""Secrets that the program must know again, to hand them on: a password at another server.

What only has to be compared is hashed (``ils.accounts.passwords``). What is sealed lies in the
database as AES-GCM text under a key made from the installation's own secret (HKDF-SHA-256), which
lies outside of the database and in every backup; the database alone tells nothing. A sealed text
is bound to what it is for, so that it opens nowhere else.
"""

import base64
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ils.core.config import config

_NONCE = 12  # bytes, as AES-GCM wants it


def seal(text: str, purpose: str) -> str:
    """Return a text sealed for a purpose, such as ``target 7``; '' stays ''."""
    if not text:
        return ""
    nonce = os.urandom(_NONCE)
    sealed = _key().encrypt(nonce, text.encode(), purpose.encode())
    return base64.urlsafe_b64encode(nonce + sealed).decode()


def unseal(sealed: str, purpose: str) -> str | None:
    """Return what was sealed; None where it cannot be opened: another secret, or another purpose."""
    if not sealed:
        return ""
    try:
        raw = base64.urlsafe_b64decode(sealed)
        return _key().decrypt(raw[:_NONCE], raw[_NONCE:], purpose.encode()).decode()
    except (ValueError, InvalidTag):
        return None


def _key() -> AESGCM:
    made = HKDF(hashes.SHA256(), 32, salt=None, info=b"sen sealed texts")
    return AESGCM(made.derive(config().secret_key.encode()))
