"""Alembic's environment: one database URL (the program's), the metadata of all packages."""

from alembic import context
from sqlalchemy import JSON, text

from ils.core.db import UTCDateTime, make_engine
from ils.core.migrate import all_tables, url_in_force

target_metadata = all_tables()

# Tables that an engine makes for itself (full-text fallback) are not in the models.
OWN_TABLES = ("fts_",)


def include_object(_object: object, name: str | None, kind: str, *_rest: object) -> bool:
    """Leave tables of the search fallback out of comparisons."""
    return not (kind == "table" and (name or "").startswith(OWN_TABLES))


def render_item(kind: str, thing: object, _context: object) -> str | bool:
    """Write our column types as plain ones: a migration never imports from the program."""
    if kind == "type" and isinstance(thing, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(thing, JSON):
        return (
            "sa.JSON(none_as_null=True).with_variant("
            "postgresql.JSONB(none_as_null=True), 'postgresql')"
        )
    return False


def run() -> None:
    """Run migrations under a lock, so that two starts at once do not migrate twice."""
    given = context.config.attributes.get("connection")
    if given is not None:
        _migrate(given)
        return
    engine = make_engine(url_in_force())
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_lock(730001)"))
            connection.commit()
        _migrate(connection)
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_unlock(730001)"))
            connection.commit()
    engine.dispose()


def _migrate(connection: object) -> None:
    context.configure(
        connection=connection,  # type: ignore[arg-type]
        target_metadata=target_metadata,
        render_as_batch=True,
        include_object=include_object,
        compare_type=True,
        render_item=render_item,
    )
    with context.begin_transaction():
        context.run_migrations()


run()
