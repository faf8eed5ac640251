"""What seldom changes and every page asks for, kept by the process for as long as it is true.

Units, names, settings, calendars, lending rules and grants change a few times a year and are asked
for a dozen times by each scan. A change of such a table (``SeldomChanged``) writes a new random mark
in the same transaction; a process that reads another mark than the one it remembers forgets all.
A mark that was rolled back never comes again, so nothing is believed that was not committed.

A request looks once: what only reads in it believes the mark that its first session read. An act
reads the mark in its own transaction: who waits for the acts begun (``outbox``) relies on it.

Whoever changes these tables without the ORM calls ``changed``.
"""

from collections.abc import Callable, Hashable
from contextvars import ContextVar
from secrets import token_hex
from typing import Any, TypeVar

from sqlalchemy import Connection, String, event, select, text
from sqlalchemy.orm import Mapped, ORMExecuteState, Session, mapped_column, object_session

from ils.core.db import READS, Base

T = TypeVar("T")

_MARK = "kept_mark"  # in session.info: the mark read in this transaction
_WRITTEN = "written"  # instead: this transaction wrote one, and has not read since
_kept: list[tuple[str, dict[Hashable, Any]]] = [("", {})]
_look: ContextVar[list[str] | None] = ContextVar("look", default=None)  # of the request, if one is

_READ = "SELECT mark FROM kept_mark"
_WRITE = text(
    "INSERT INTO kept_mark (id, mark) VALUES (1, :mark)"
    " ON CONFLICT (id) DO UPDATE SET mark = excluded.mark"
)


class KeptMark(Base):
    """The one row that tells whether what is kept is still true."""

    __tablename__ = "kept_mark"

    id: Mapped[int] = mapped_column(primary_key=True)
    mark: Mapped[str] = mapped_column(String(16))


MARK = select(KeptMark.mark).scalar_subquery()  # for a query that is asked at each request


class SeldomChanged:
    """Mixin of the tables that are kept: any change of a row makes everybody read anew."""


def look_once() -> None:
    """Begin a request: until ``look_no_more``, what only reads asks once whether all is still true."""
    _look.set([])


def look_no_more() -> None:
    """End a request."""
    _look.set(None)


def kept(session: Session, name: Hashable, read: Callable[[], T]) -> T:
    """Return what ``read`` returned when the kept tables last changed. Never change the value.

    ``name`` is the whole question: two callers with one name get one answer. The mark is read once
    in a transaction, and by what only reads once in a request.
    """
    if session.autoflush and (session.new or session.dirty or session.deleted):
        session.flush()
    mark = session.info.get(_MARK)
    if mark is None or mark == _WRITTEN:
        mark = session.info[_MARK] = _read_mark(session)
    if not mark:
        return read()  # nobody has changed anything yet: a database just made
    if _kept[0][0] != mark:
        _kept[0] = (mark, {})
    values = _kept[0][1]
    if name not in values:
        values[name] = read()
    value: T = values[name]
    return value


def _read_mark(session: Session) -> str:
    look = _look.get() if READS in session.info else None
    if look:
        return look[0]
    mark: str = session.connection().exec_driver_sql(_READ).scalar() or ""
    if look is not None:
        look.append(mark)
    return mark


def note_mark(session: Session, mark: str | None) -> None:
    """Take the mark that the first query of a session brought along (``MARK``): one question less."""
    if _MARK not in session.info:
        session.info[_MARK] = mark or ""
    look = _look.get() if READS in session.info else None
    if look == []:
        look.append(mark or "")


def changed(connection: Connection) -> None:
    """Make every process forget, once this transaction is committed."""
    if look := _look.get():
        look.clear()
    connection.execute(_WRITE, {"mark": token_hex(8)})


@event.listens_for(SeldomChanged, "after_insert", propagate=True)
@event.listens_for(SeldomChanged, "after_update", propagate=True)
@event.listens_for(SeldomChanged, "after_delete", propagate=True)
def _row_changed(_mapper: Any, connection: Connection, target: Any) -> None:
    session = object_session(target)
    if session is None or session.info.get(_MARK) != _WRITTEN:
        changed(connection)
    if session is not None:
        session.info[_MARK] = _WRITTEN


@event.listens_for(Session, "after_begin")
@event.listens_for(Session, "after_soft_rollback")
def _other_transaction(session: Session, *_: Any) -> None:
    session.info.pop(_MARK, None)


@event.listens_for(Session, "do_orm_execute")
def _rows_change(state: ORMExecuteState) -> None:
    if state.is_select:
        return
    mapper = state.bind_mapper
    if mapper is not None and issubclass(mapper.class_, SeldomChanged):
        changed(state.session.connection())
        state.session.info.pop(_MARK, None)
