"""A backup is whole, is taken while others write, and brings everything back."""

import threading
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from ils.core import db
from ils.core.backup import back_up, restore
from ils.core.config import config
from ils.core.errors import Invalid
from ils.org.models import OrgUnit
from tests.factories import create_unit


def units() -> int:
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(OrgUnit)) or 0


def test_what_was_backed_up_comes_back(both: Engine, tmp_path: Path) -> None:
    (config().files_dir).mkdir(parents=True)
    (config().files_dir / "scan.txt").write_text("tờ bìa")
    with db.transaction() as session:
        create_unit(session, "province", "Tỉnh thử")
    manifest = back_up(tmp_path / "out" / "sen.tar.gz")
    assert manifest["rows"]["org_unit"] == 1
    with db.transaction() as session:
        create_unit(session, "library", "Sau khi sao lưu")
    (config().files_dir / "scan.txt").unlink()
    assert units() == 2
    restore(tmp_path / "out" / "sen.tar.gz")
    db.connect()
    assert units() == 1
    assert (config().files_dir / "scan.txt").read_text() == "tờ bìa"


def test_a_backup_while_desks_write_is_consistent(sqlite_db: Engine, tmp_path: Path) -> None:
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            with db.transaction() as session:
                create_unit(session, "library", "Một thư viện")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        manifest = back_up(tmp_path / "sen.tar.gz")
    finally:
        stop.set()
        writer.join()
    assert manifest["rows"]["org_unit"] == manifest["rows"]["org_unit_version"]


def test_a_damaged_backup_is_refused_and_changes_nothing(sqlite_db: Engine, tmp_path: Path) -> None:
    with db.transaction() as session:
        create_unit(session, "province", "Tỉnh thử")
    file = tmp_path / "sen.tar.gz"
    back_up(file)
    content = bytearray(file.read_bytes())
    for place in (len(content) // 2, len(content) // 3):
        content[place] ^= 0xFF
    file.write_bytes(content)
    with pytest.raises(Invalid):
        restore(file)
    assert units() == 1
