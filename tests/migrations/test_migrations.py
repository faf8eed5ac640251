"""Migrations make exactly the tables of the models, on both databases, up and down."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, inspect, select, text
from sqlalchemy.exc import DBAPIError

from cataloging.duplicates.merging import merge_records
from cataloging.duplicates.models import RecordMergeKey
from cataloging.models import Item
from circulation.notices.models import Notice, NoticeCall, NoticeMessage, NoticeWish
from ils.core import clock, db, migrate
from ils.core.backup import restore
from ils.core.config import Config, use
from ils.core.errors import Refused
from ils.core.migrate import alembic_config, all_tables, upgrade_database
from ils.org.models import OrgUnit
from tests.conftest import fresh_postgres
from tests.factories import (
    create_actor,
    create_item,
    create_patron,
    create_province,
    create_record,
    create_unit,
)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def empty(request: pytest.FixtureRequest, tmp_path: Any) -> Any:
    """A database without tables."""
    if request.param == "sqlite":
        use(Config(data_dir=tmp_path, secret_key="x", testing=True))
        yield db.connect()
        db.disconnect()
        return
    url = request.getfixturevalue("postgres_url")
    with fresh_postgres(url) as fresh:
        use(Config(data_dir=tmp_path, database_url=fresh, secret_key="x", testing=True))
        engine = db.connect()
        with engine.begin() as connection:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
        yield engine


def test_migrations_make_the_tables_of_the_models(empty: Engine) -> None:
    assert upgrade_database()
    assert not upgrade_database()
    with empty.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, all_tables()) == []
    if empty.dialect.name == "sqlite":  # where a check is changed by writing its table anew
        fresh = create_engine("sqlite://")
        all_tables().create_all(fresh)
        assert checks_of(empty) == checks_of(fresh)


def checks_of(engine: Engine) -> dict[str, list[tuple[str | None, str]]]:
    look = inspect(engine)
    return {
        table: sorted((one["name"], one["sqltext"]) for one in look.get_check_constraints(table))
        for table in all_tables().tables
    }


def test_migrations_go_down_and_up_again(empty: Engine) -> None:
    upgrade_database()
    with db.transaction() as session:
        created = create_province(session)
        head = create_actor(session, "head", created.library)
        numbers = [{"001": "9"}, {"003": "VN-TVQG"}]
        kept, gone = create_record(session), create_record(session, fields=numbers)
        versions = {kept.id: 1, gone.id: 1}
        merge_records(session, head, kept.id, [gone.id], dict(kept.marc), versions=versions)  # type: ignore[arg-type]
    command.downgrade(alembic_config(), "0144a")
    upgrade_database()
    with db.reading() as session:  # what merged records were known by is read from what they hold
        found = select(RecordMergeKey.rule, RecordMergeKey.value)
        assert session.execute(found).all() == [("control", "9|VN-TVQG")]
    command.downgrade(alembic_config(), "base")
    assert upgrade_database()


@pytest.fixture
def next_migration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Add one more migration to a copy of ours, as the next version of the program would."""

    def add(body: str) -> None:
        folder = tmp_path / "migrations"
        shutil.copytree(migrate.MIGRATIONS, folder)
        head = ScriptDirectory(str(folder)).get_current_head()
        (folder / "versions" / "next.py").write_text(
            f"from alembic import op\nrevision = 'next'\ndown_revision = {head!r}\n"
            f"def upgrade():\n    {body}\ndef downgrade():\n    pass\n"
        )
        monkeypatch.setattr(migrate, "MIGRATIONS", folder)

    return add


def count_units() -> int:
    with db.reading() as session:
        return len(session.scalars(select(OrgUnit.id)).all())


def test_data_is_backed_up_before_an_upgrade(
    empty: Engine, next_migration: Callable[[str], None], tmp_path: Path
) -> None:
    upgrade_database()
    with db.transaction() as session:
        create_province(session)
    before = count_units()
    next_migration("op.execute(\"UPDATE org_unit SET code = 'x' || code\")")
    told: list[str] = []
    assert upgrade_database(told.append)
    file = next((tmp_path / "backups").iterdir())
    assert str(file) in told[0]
    with db.transaction() as session:
        assert session.scalars(select(OrgUnit.code)).first().startswith("x")
        create_unit(session, "province", "Nhập sau")
    restore(file)
    assert count_units() == before


def test_an_upgrade_that_fails_changes_nothing(
    empty: Engine, next_migration: Callable[[str], None], tmp_path: Path
) -> None:
    upgrade_database()
    with db.transaction() as session:
        create_province(session)
    next_migration("op.execute('DELETE FROM setting'); op.execute('DROP TABLE no_such_table')")
    before = count_units()
    with pytest.raises(DBAPIError):
        upgrade_database()
    assert count_units() == before
    assert len(list((tmp_path / "backups").iterdir())) == 1


def test_a_database_of_a_newer_program_is_left_alone(empty: Engine, tmp_path: Path) -> None:
    upgrade_database()
    with empty.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'later'"))
    with pytest.raises(Refused, match="database_newer"):
        upgrade_database()
    assert not (tmp_path / "backups").exists()


def test_copies_are_filed_anew_by_the_fraction_of_their_class(empty: Engine) -> None:
    upgrade_database()
    with db.transaction() as session:
        place = create_province(session)
        for number in ("895.92234 A", "895.922334 B"):
            create_item(session, place.branch, call_number=number)

    def filed() -> list[str]:
        with db.reading() as session:
            return list(session.scalars(select(Item.call_number).order_by(Item.call_sort)))

    command.downgrade(alembic_config(), "0107")
    assert filed() == ["895.92234 A", "895.922334 B"]
    upgrade_database()
    assert filed() == ["895.922334 B", "895.92234 A"]


def test_what_was_told_survives_the_tables_being_made_anew(empty: Engine) -> None:
    upgrade_database()
    with db.transaction() as session:
        place = create_province(session)
        patron = create_patron(session, place.branch)
        at = {"branch_id": place.branch.id, "library_id": place.library.id}
        day = clock.today()
        rows = [
            NoticeMessage(once=f"m{n}", alone=n == 1, patron_id=patron.id, day=day, **at)
            for n in range(2)
        ]
        for row in rows:
            row.channel, row.paper = "email", {"name": "Lan"}
        session.add_all(rows)
        session.flush()
        kinds = ("overdue", "loan_receipt")
        session.add_all(
            Notice(key=kind, what=kind, patron_id=patron.id, planned_on=day, message_id=m.id, **at)
            for kind, m in zip(kinds, rows, strict=True)
        )
        session.add(NoticeCall(message_id=rows[0].id, result="reached"))
        session.add(NoticeWish(patron_id=patron.id, channel="sms", receipt="email"))
    command.downgrade(alembic_config(), "0122a")
    assert upgrade_database()
    with db.transaction() as session:
        assert session.scalars(select(Notice.what)).all() == ["overdue"]
        [message] = session.scalars(select(NoticeMessage)).all()
        assert (message.once, message.alone, message.paper) == ("m0", False, {"name": "Lan"})
        assert session.scalars(select(NoticeCall.message_id)).all() == [message.id]
        assert [(w.channel, w.receipt) for w in session.scalars(select(NoticeWish))] == [
            ("sms", "")
        ]
        session.add(NoticeMessage(once="m2", patron_id=patron.id, channel="sms", day=day, **at))
        session.flush()  # the next number is free
