"""Kept files: once on the disk, in every backup, gone when nothing uses them."""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from ils.accounts.permissions import declare_permission
from ils.core import clock, db, files
from ils.core.backup import back_up, restore
from ils.core.config import config
from ils.core.errors import Invalid, NotFound
from ils.core.files import (
    KeptFile,
    content_of,
    declare_file_kind,
    keep_file,
    kept_file,
    sweep_files,
)
from tests import factories

LOOK = declare_permission("patrons:test:look", "Look at papers of a test")
USED: set[int] = set()


@pytest.fixture(autouse=True)
def kind() -> Iterator[str]:
    """A kind of files; those in USED are in use."""
    declared = declare_file_kind(
        "paper", LOOK, lambda: select(KeptFile.id).where(KeptFile.id.in_(USED)), most_bytes=1000
    )
    USED.clear()
    yield declared
    files.FILE_KINDS.pop("paper")


def keep(content: bytes = b"to khai", **more: Any) -> KeptFile:
    with db.transaction() as session:
        return keep_file(session, None, "paper", content, mime="application/pdf", **more)


def on_disk() -> list[Path]:
    return sorted((config().files_dir / "kept").glob("*/*"))


def make_old() -> None:
    for file in on_disk():
        os.utime(file, (0, 0))


def test_the_same_content_lies_on_the_disk_once(both: Engine) -> None:
    first, second = keep(name="a.pdf"), keep(name="b.pdf")
    assert first.id != second.id
    assert [f.name for f in on_disk()] == [first.sha256]
    with db.reading() as session:
        assert content_of(kept_file(session, second.id, "paper")) == b"to khai"


def test_content_damaged_on_the_disk_is_not_handed_out(sqlite_db: Engine) -> None:
    file = keep()
    on_disk()[0].write_bytes(b"to khac")
    with pytest.raises(NotFound, match="content_missing"):
        content_of(file)
    on_disk()[0].unlink()
    with db.reading() as session:
        assert files.missing_content(session) == [file.sha256]


def test_an_empty_or_too_large_file_is_refused_and_leaves_nothing(sqlite_db: Engine) -> None:
    for content in (b"", b"x" * 1001):
        with pytest.raises(Invalid):
            keep(content)
    assert on_disk() == []


def test_the_sweep_takes_what_nothing_uses_and_leaves_what_is_new(both: Engine) -> None:
    used, unused = keep(b"used"), keep(b"unused")
    USED.add(used.id)
    sweep_files()
    assert len(on_disk()) == 2  # a day to be used
    make_old()
    with clock.at(clock.now() + timedelta(days=2)):
        sweep_files()
    assert [f.name for f in on_disk()] == [used.sha256]
    with db.reading() as session:
        with pytest.raises(NotFound):
            kept_file(session, unused.id)
        assert content_of(kept_file(session, used.id)) == b"used"


def test_a_transaction_rolled_back_leaves_only_what_the_sweep_takes(sqlite_db: Engine) -> None:
    with db.transaction() as session:
        keep_file(session, None, "paper", b"x", mime="application/pdf")
        session.rollback()
    make_old()
    sweep_files()
    assert on_disk() == []


def test_kept_files_come_back_with_a_backup(both: Engine, tmp_path: Path) -> None:
    file = keep()
    back_up(tmp_path / "sen.tar.gz")
    with db.transaction() as session:
        files.drop_file(session, file.id)
    on_disk()[0].unlink()
    restore(tmp_path / "sen.tar.gz")
    db.connect()
    with db.reading() as session:
        assert content_of(kept_file(session, file.id)) == b"to khai"


def test_a_file_is_shown_only_where_the_right_is_held(
    province: factories.Province, staff_client: Any
) -> None:
    ours = keep(unit_id=province.branch.id)
    theirs = keep(b"<script>", unit_id=province.foreign_branch.id)
    head = staff_client("head")
    answer = head.get(f"/staff/files/{ours.id}")
    assert (answer.status_code, answer.data) == (200, b"to khai")
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert head.get(f"/staff/files/{theirs.id}").status_code == 404
    assert staff_client("cataloguer").get(f"/staff/files/{ours.id}").status_code == 404
