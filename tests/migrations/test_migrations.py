"""Migrations make exactly the tables of the models, on both databases, up and down."""

from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, text

from ils.core import db
from ils.core.config import Config, use
from ils.core.migrate import alembic_config, upgrade_database
from tests.conftest import _all_tables, fresh_postgres


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
        assert compare_metadata(context, _all_tables()) == []


def test_migrations_go_down_and_up_again(empty: Engine) -> None:
    upgrade_database()
    command.downgrade(alembic_config(), "base")
    assert upgrade_database()
