"""Bringing the database to the tables this version of the program needs."""

import importlib
from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData

from ils.core import clock
from ils.core.backup import back_up
from ils.core.config import config
from ils.core.db import Base, engine
from ils.core.errors import Refused
from ils.core.kept import changed

ROOT = Path(__file__).resolve().parents[2]
MIGRATIONS = ROOT / "migrations"
PACKAGES = ("ils", "cataloging", "circulation", "opac")
CORE_TABLES = ("audit", "events", "files", "jobs", "kept", "outbox")


def all_tables() -> MetaData:
    """Import every module of models of the house and return the tables they declare."""
    for name in CORE_TABLES:
        importlib.import_module(f"ils.core.{name}")
    for package in PACKAGES:
        for file in sorted((ROOT / package).rglob("*models.py")):
            importlib.import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))
    return Base.metadata


def alembic_config() -> AlembicConfig:
    """Return Alembic's settings; there is no ini file, they are few."""
    made = AlembicConfig()
    made.set_main_option("script_location", str(MIGRATIONS))
    made.set_main_option("file_template", "%%(year)d%%(month).2d%%(day).2d_%%(rev)s_%%(slug)s")
    return made


def url_in_force() -> str:
    """Return the database URL migrations run on."""
    return config().url


def upgrade_database(tell: Callable[[str], None] = lambda _text: None) -> bool:
    """Bring the database to the newest tables; return True when anything had to be done.

    Looks first, so that an ordinary start costs one small query. A database that already holds
    data is backed up into the data folder before it is changed; ``tell`` hears where.
    Raises ``Refused('database_newer')`` for a database of a newer version of the program.
    """
    script = ScriptDirectory(str(MIGRATIONS))
    with engine().connect() as connection:
        present = MigrationContext.configure(connection).get_current_revision()
    if present == script.get_current_head():
        return False
    if present is not None:
        if present not in {revision.revision for revision in script.walk_revisions()}:
            raise Refused("database_newer", revision=present)
        file = config().data_dir / "backups" / f"before-upgrade-{clock.now():%Y%m%d-%H%M%S}.sen"
        back_up(file)
        tell(f"backed up into {file} before the database is changed")
    command.upgrade(alembic_config(), "head")
    with engine().begin() as connection:
        changed(connection)  # migrations change rows without the ORM
    return True
