"""Files that were sent and wait for what is done with them: lists of patrons, zips of photos.

They lie under a token that cannot be guessed, and are deleted after some days (``retention_jobs``).
"""

import re
import secrets
from pathlib import Path
from typing import Any

from ils.core.config import config
from ils.core.errors import NotFound, Refused


def new_token() -> str:
    """Return a token for a file to come."""
    return secrets.token_hex(12)


def upload_file(token: str) -> Path:
    """Return where the file of a token lies. Raises ``NotFound`` for what is no token."""
    if not re.fullmatch(r"[a-f0-9]{24}", token):
        raise NotFound("upload_unknown")
    folder = config().files_dir / "patron-sheets"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / token


def zip_file(token: str) -> Path:
    """Return where the zip of photos beside it lies."""
    return upload_file(token).with_suffix(".zip")


def kept_upload(token: str, *, zipped: bool = False) -> Path:
    """Return a file that must be there. Raises ``Refused`` where it is deleted by now."""
    file = zip_file(token) if zipped else upload_file(token)
    if not file.is_file():
        raise Refused("upload_gone")
    return file


def keep_upload(token: str, data: bytes, name: str) -> None:
    """Keep a list under a token."""
    file = upload_file(token)
    file.write_bytes(data)
    file.with_suffix(".name").write_text(name, "utf-8")


def name_of(token: str) -> str:
    """Return what a list was called where it came from."""
    return upload_file(token).with_suffix(".name").read_text("utf-8")


def keep_sent(sent: Any, file: Path) -> None:
    """Write a file that a browser sends to the disk in pieces."""
    sent.save(file, buffer_size=1 << 20)
