"""Kept files: photos, scans and signed papers, below the data folder and in every backup.

A file lies once under the SHA-256 of its content, whoever keeps it and however often; a row says
of what kind it is, who kept it, when and for which unit. Kinds are declared by the packages that
own them, with the permission that may look and the query of ids still in use; what nothing uses
any more is swept at night. Doors check the right, then read: nothing here is served by path.
"""

import hashlib
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, Integer, String, delete, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.sql.selectable import Select

from ils.core import clock
from ils.core.config import config
from ils.core.db import Base, UTCDateTime, is_sqlite, transaction
from ils.core.errors import Invalid, NotFound
from ils.core.jobs import periodic

SWEEP_AFTER = timedelta(days=1)  # an upload may wait so long for the row that uses it
_LOCK = 7103


class KeptFile(Base):
    """A file that somebody kept. ``sha256`` is where its content lies."""

    __tablename__ = "kept_file"

    id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(200), default="")
    mime: Mapped[str] = mapped_column(String(100))
    size: Mapped[int] = mapped_column(BigInteger)
    unit_id: Mapped[int | None] = mapped_column(Integer)  # where the right to look is asked
    kept_by: Mapped[int | None] = mapped_column(Integer)
    kept_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)

    __table_args__ = (
        CheckConstraint("size >= 0", name="size_known"),
        Index("ix_kept_file_sha256", "sha256"),
        Index("ix_kept_file_kind", "kind", "id"),
    )


@dataclass(frozen=True)
class FileKind:
    """A kind of kept files: which permission may look, and which ids are still in use."""

    name: str
    permission: str
    used: Callable[[], Select[Any]]
    most_bytes: int


FILE_KINDS: dict[str, FileKind] = {}


def declare_file_kind(
    name: str, permission: str, used: Callable[[], Select[Any]], *, most_bytes: int = 20 * 2**20
) -> str:
    """Declare a kind of files beside the column that points at them and return its name.

    ``used`` returns a query of the ids in use, e.g. ``lambda: select(Patron.photo_id)``.
    """
    FILE_KINDS[name] = FileKind(name, permission, used, most_bytes)
    return name


def keep_file(
    session: Session,
    actor: Any,
    kind: str,
    content: bytes,
    *,
    mime: str,
    name: str = "",
    unit_id: int | None = None,
) -> KeptFile:
    """Keep a file: the content safely on the disk first, then its row in the caller's transaction.

    A transaction rolled back leaves content without a row, which the sweep takes away. Raises
    ``Invalid`` for an empty or too large file. The caller has checked what the content is.
    """
    declared = FILE_KINDS[kind]
    if not content:
        raise Invalid("file_empty", field="file")
    if len(content) > declared.most_bytes:
        raise Invalid("file_too_large", field="file", most_mb=declared.most_bytes // 2**20)
    _lock(session)
    digest = hashlib.sha256(content).hexdigest()
    _write(_place(digest), content)
    row = KeptFile(
        sha256=digest,
        kind=kind,
        name=name[:200],
        mime=mime,
        size=len(content),
        unit_id=unit_id if unit_id is not None else getattr(actor, "unit_id", None),
        kept_by=getattr(actor, "staff_id", None),
        kept_at=clock.now(),
    )
    session.add(row)
    session.flush()
    return row


def kept_file(session: Session, file_id: int | None, kind: str = "") -> KeptFile:
    """Return the row of a kept file. Raises ``NotFound``, also for a file of another kind."""
    found = session.get(KeptFile, file_id) if file_id is not None else None
    if found is None or (kind and found.kind != kind):
        raise NotFound("file_unknown")
    return found


def content_of(file: KeptFile) -> bytes:
    """Return the content of a kept file, checked against its name.

    Raises ``NotFound`` when the content is missing or damaged on the disk.
    """
    try:
        content = _place(file.sha256).read_bytes()
    except FileNotFoundError as error:
        raise NotFound("file_content_missing", sha256=file.sha256) from error
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise NotFound("file_content_missing", sha256=file.sha256)
    return content


def drop_file(session: Session, file_id: int | None) -> None:
    """Forget a file: nobody can look at it any more, and a coming sweep takes its content away."""
    if file_id is not None:
        session.execute(delete(KeptFile).where(KeptFile.id == file_id))


def _place(digest: str) -> Path:
    return config().files_dir / "kept" / digest[:2] / digest


def _write(target: Path, content: bytes) -> None:
    """Write a file whole or not at all, safe against loss of power before its row is stored."""
    if target.exists() and target.stat().st_size == len(content):
        os.utime(target)  # used again: the sweep counts from now
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    with part.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    part.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _lock(session: Session) -> None:
    """Keep a sweep from taking the content that a row is just being written for."""
    if not is_sqlite(session):
        session.execute(text("SELECT pg_advisory_xact_lock(:lock, 0)"), {"lock": _LOCK})


@periodic("core.sweep_files", daily_at="03:20")
def sweep_files() -> None:
    """Forget files that nothing uses any more, and content that no row names."""
    with transaction() as session:
        forget_unused(session)
    with transaction() as session:
        _lock(session)
        _take_away_content(set(session.scalars(select(KeptFile.sha256).distinct())))


def forget_unused(session: Session) -> int:
    """Delete the rows of declared kinds that are out of use and a day old; returns how many."""
    count = 0
    before = clock.now() - SWEEP_AFTER
    for kind in FILE_KINDS.values():
        used = {one for one in session.scalars(kind.used()) if one is not None}
        rows = session.scalars(
            select(KeptFile.id).where(KeptFile.kind == kind.name, KeptFile.kept_at < before)
        )
        unused = [one for one in rows if one not in used]
        for start in range(0, len(unused), 500):
            session.execute(delete(KeptFile).where(KeptFile.id.in_(unused[start : start + 500])))
        count += len(unused)
    return count


def _take_away_content(named: set[str]) -> None:
    oldest = (clock.now() - SWEEP_AFTER).timestamp()
    for file in (config().files_dir / "kept").glob("??/*"):
        if file.name not in named and file.stat().st_mtime < oldest:
            file.unlink(missing_ok=True)


def missing_content(session: Session) -> list[str]:
    """Return the checksums of kept files whose content is not on the disk."""
    return [
        digest
        for digest in session.scalars(select(KeptFile.sha256).distinct())
        if not _place(digest).is_file()
    ]
