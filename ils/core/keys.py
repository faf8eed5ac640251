"""Private keys of the house: PEM files below the data folder (``files/keys``), so in every backup.

A name (``card``, ``desk``) may have several; a newer one is put beside the older ones, which go on
opening and proving what they did. Several hosts need the same folder.
"""

import os
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

from ils.core.config import config


def _folder() -> Path:
    return config().files_dir / "keys"


def kept_keys(name: str) -> list[PrivateKeyTypes]:
    """Return the keys of a name, the newest last."""
    files = _folder().glob(f"{name}-*.pem")
    oldest_first = sorted(files, key=lambda file: (file.stat().st_mtime, file.name))
    return [serialization.load_pem_private_key(file.read_bytes(), None) for file in oldest_first]


def keep_key(name: str, key_id: str, key: PrivateKeyTypes) -> None:
    """Keep a key under its name and id, readable by this program's user alone."""
    _folder().mkdir(parents=True, exist_ok=True)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    part = _folder() / f".{key_id}"
    with os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as out:
        out.write(pem)
        out.flush()
        os.fsync(out.fileno())
    part.replace(_folder() / f"{name}-{key_id}.pem")
