"""Lines that a desk has sealed for the server, so that the browser's disk tells nobody's card.

A browser has a pair of keys on P-256 until somebody signs out; with the server's public key they
give the key of AES-GCM (ECDH, HKDF-SHA-256) under which each line is written. The browser opens its
lines as long as it has its own private key; the server opens them always. The server's private key
lies in the data folder (``ils/core/keys.py``). A sealed line is ``key id, the browser's public key,
nonce, text``, each base64url, joined by dots; the line's own key is bound to it.
"""

import base64
import hashlib
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ils.core.keys import keep_key, kept_keys

PURPOSE = b"sen desk log"
_CURVE = ec.SECP256R1
_POINT = (serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


def lock_for_desks() -> str:
    """Return what a desk seals its lines with: the newest key's id and public point."""
    known = _keys() or [_make()]
    return f"{_id(known[-1])}.{_written(known[-1].public_key().public_bytes(*_POINT))}"


def opened(sealed: str, line_key: str) -> dict[str, Any] | None:
    """Return what a sealed line says; None where this server has not its key or it was changed."""
    parts = sealed.split(".")
    key = next((one for one in _keys() if _id(one) == parts[0]), None)
    if key is None or len(parts) != 4:
        return None
    try:
        point, nonce, text = (_read(part) for part in parts[1:])
        shared = key.exchange(
            ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(_CURVE(), point)
        )
        secret = HKDF(hashes.SHA256(), 32, salt=point, info=PURPOSE).derive(shared)
        said = orjson.loads(AESGCM(secret).decrypt(nonce, text, line_key.encode()))
    except (ValueError, InvalidTag):
        return None
    return said if isinstance(said, dict) else None


def _keys() -> list[ec.EllipticCurvePrivateKey]:
    return [key for key in kept_keys("desk") if isinstance(key, ec.EllipticCurvePrivateKey)]


def _make() -> ec.EllipticCurvePrivateKey:
    key = ec.generate_private_key(_CURVE())
    keep_key("desk", _id(key), key)
    return key


def _id(key: ec.EllipticCurvePrivateKey) -> str:
    return hashlib.sha256(key.public_key().public_bytes(*_POINT)).hexdigest()[:8]


def _written(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _read(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
