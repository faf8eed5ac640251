"""The database: base class, column types, and the two ways to open a session.

``transaction()`` is for acts: one writing transaction, committed at the end, rolled back on any
error. ``reading()`` is for pages. Use cases are given a session and never commit.

SQLite runs in WAL with ``synchronous=FULL`` and foreign keys on; a writing transaction begins
IMMEDIATE, so it waits for its turn instead of failing in the middle.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVarTuple

import orjson
from sqlalchemy import (
    JSON,
    DateTime,
    Engine,
    MetaData,
    Row,
    Select,
    Table,
    create_engine,
    event,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB, REGCLASS
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, Session, sessionmaker
from sqlalchemy.types import TypeDecorator

from ils.core.config import config

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

BUSY_SECONDS = 20.0

Columns = TypeVarTuple("Columns")

JSONB_ = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


class Base(DeclarativeBase):
    """Base of all tables."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {dict[str, Any]: JSONB_, list[Any]: JSONB_}


class UTCDateTime(TypeDecorator[datetime]):
    """An instant: aware UTC in Python, also on SQLite, which itself forgets the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive datetimes; store UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime given to the database")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the zone back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


_bound: list[tuple[Engine, Engine]] = []  # for acts, and the same connections for what only reads
_binding = threading.RLock()  # threads that begin together bind the process once
_writing: ContextVar[bool] = ContextVar("writing", default=False)


@dataclass(frozen=True, slots=True)
class Written:
    """A JSON value written out already, by whoever had the time; stored as it is."""

    json: str


def _dumps(value: Any) -> str:
    if value.__class__ is Written:
        return str(value.json)
    return orjson.dumps(value, default=str).decode()


def make_engine(url: str) -> Engine:
    """Make an engine for a URL, with the settings this program relies on."""
    if url.startswith("sqlite"):
        made = create_engine(
            url,
            json_serializer=_dumps,
            json_deserializer=orjson.loads,
            connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
            pool_size=8,
            max_overflow=24,
        )
        event.listen(made, "connect", _prepare_sqlite)
        event.listen(made, "begin", _begin_sqlite)
        return made
    made = create_engine(
        url,
        json_serializer=_dumps,
        json_deserializer=orjson.loads,
        pool_size=8,
        max_overflow=24,
        connect_args={"options": "-c timezone=UTC -c lock_timeout=15000"},
    )
    event.listen(made, "checkin", _note_use)
    event.listen(made, "checkout", _wake)
    return made


REST_SECONDS = 5.0  # a connection used since then is believed to stand


def _note_use(_connection: Any, record: Any) -> None:
    record.info["used"] = time.monotonic()


def _wake(connection: Any, record: Any, _fairy: Any) -> None:
    """Ask a connection that rested whether it stands; another is taken if the server was away."""
    if time.monotonic() - record.info.get("used", time.monotonic()) < REST_SECONDS:
        return
    try:
        engine().dialect.do_ping(connection)
    except Exception as error:
        raise DisconnectionError from error


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={int(BUSY_SECONDS * 1000)}",
        "cache_size=-8000",
        "mmap_size=268435456",
        "temp_store=MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE" if _writing.get() else "BEGIN")


def connect(url: str | None = None) -> Engine:
    """Bind the process to a database; without a URL, to the one of the settings."""
    with _binding:
        disconnect()
        made = make_engine(url or config().url)
        _bound[:] = [(made, _for_reading(made))]
        return made


def _both() -> tuple[Engine, Engine]:
    with _binding:
        if not _bound:
            connect()
        return _bound[0]


def _for_reading(made: Engine) -> Engine:
    """Spare PostgreSQL the begin and end around what only reads: there each statement sees what is
    committed when it begins, in a transaction or not. On SQLite a transaction is one view."""
    if made.dialect.name == "sqlite":
        return made
    return made.execution_options(isolation_level="AUTOCOMMIT")


def disconnect() -> None:
    """Close all connections (before a fork, or between tests)."""
    with _binding:
        for made, _reader in _bound:
            made.dispose()
        _bound.clear()


def engine() -> Engine:
    """Return the engine in force."""
    return _both()[0]


def is_sqlite(session: Session | None = None) -> bool:
    """Tell which of the two databases this is."""
    bind = session.get_bind() if session is not None else engine()
    return bind.dialect.name == "sqlite"


def next_ids(session: Session, table: Table, count: int) -> list[int]:
    """Take the ids of rows that will be inserted together, within a writing transaction.

    One statement can then insert them all; asking for their ids in order costs SQLite one each.
    """
    if is_sqlite(session):  # nobody else writes
        first = (session.scalar(select(func.max(table.c.id))) or 0) + 1
        return list(range(first, first + count))
    sequence = func.pg_get_serial_sequence(table.name, "id").cast(REGCLASS)
    each = func.generate_series(1, count).table_valued("n")
    return list(session.scalars(select(func.nextval(sequence)).select_from(each)))


def in_one_message(session: Session, *statements: str) -> tuple[Any, ...] | None:
    """Send PostgreSQL several statements at once and return the first row of the last.

    They run one after another, each seeing what is committed when it begins. Raises what SQLAlchemy
    raises. The statements take no parameters: write numbers into them, never text from outside.
    """
    connection = session.connection()
    raw: Any = connection.connection
    sent = "; ".join(statements)
    try:
        with raw.cursor() as cursor:
            cursor.execute(sent, prepare=False)  # several statements cannot be prepared
            while cursor.nextset():
                pass
            row: tuple[Any, ...] | None = cursor.fetchone()
    except connection.dialect.loaded_dbapi.Error as error:
        raise DBAPIError.instance(
            sent, None, error, connection.dialect.loaded_dbapi.Error
        ) from error
    return row


def in_parts(
    session: Session, query: Select[*Columns], key: InstrumentedAttribute[int], size: int = 2000
) -> Iterator[Row[*Columns]]:
    """Yield the rows of a query in ascending order of ``key``, its first column, read in parts.

    For queries of many rows: a cursor of the server would need a transaction held open for long.
    """
    last: int | None = None
    while True:
        part = query if last is None else query.where(key > last)
        rows = session.execute(part.order_by(key).limit(size)).all()
        yield from rows
        if len(rows) < size:
            return
        last = getattr(rows[-1], key.key)


_acting: set[int] = set()  # the threads of this process that are in an act
_act_ends = threading.Condition()


@contextmanager
def _in_act() -> Iterator[None]:
    me = threading.get_ident()
    _acting.add(me)
    try:
        yield
    finally:
        _acting.discard(me)
        with _act_ends:
            _act_ends.notify_all()


def let_acts_end(longest: float = 0.05) -> None:
    """Wait, ``longest`` seconds at most, while another thread of this process is in an act.

    For who computes for long beside it: an act gives the interpreter away at each statement and
    has it back only when the other's turn ends, milliseconds later, while the desks wait for it.
    """
    own = {threading.get_ident()}
    if _acting - own:
        with _act_ends:
            _act_ends.wait_for(lambda: not _acting - own, longest)


READS = "reads"  # in session.info: this session only reads
_Sessions = sessionmaker(expire_on_commit=False, autoflush=True)


@contextmanager
def transaction() -> Iterator[Session]:
    """Open one writing transaction; commit at the end, roll back on any error."""
    if _writing.get():
        raise RuntimeError("a writing transaction is already open in this context")
    token = _writing.set(True)
    try:
        with _Sessions(bind=engine()) as session, session.begin():
            session.connection()  # BEGIN IMMEDIATE now, not at the first statement
            with _in_act():
                yield session
    finally:
        _writing.reset(token)


@contextmanager
def reading() -> Iterator[Session]:
    """Open a session for reading; nothing is written. Of many rows, see ``in_parts``."""
    token = _writing.set(False)
    try:
        with _Sessions(bind=_both()[1], autoflush=False, info={READS: True}) as session:
            yield session  # closing ends it; a rollback would empty what the page still shows
    finally:
        _writing.reset(token)
