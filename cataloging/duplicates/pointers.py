"""Rows that point at a record, pointed at another and back, by what their columns say of
themselves (``cataloging.record_pointers``). Copies and holds are moved by code of their own."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Column, Date, Index, Table, UniqueConstraint, delete, insert, select, update
from sqlalchemy.orm import Session

from cataloging.record_pointers import KEY
from ils.core.db import Base, UTCDateTime
from ils.core.errors import Refused

# Of the ground floor, which knows no records: what happened, happened to the record it names.
LOGS: Final = frozenset({"event.record_id"})

Told = dict[str, dict[str, list[Any]]]


def columns(*how: str) -> Iterator[tuple[Table, Column[Any]]]:
    """Give every column that points at a record and says that it is treated so."""
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if column.info.get(KEY) in how:
                yield table, column


def counted(session: Session, record_ids: Sequence[int]) -> dict[str, int]:
    """Return how many rows of each table would move from these records."""
    found = {}
    for table, column in columns("moves", "moves_alone"):
        rows = session.scalars(select(column).where(column.in_(record_ids))).all()
        if rows:
            found[table.name] = len(rows)
    return found


def move(session: Session, gone: int, kept: int) -> Told:
    """Point rows at the record that stays; return which, and those that were there already.

    Raises ``Refused`` where one that cannot go was there already.
    """
    session.flush()
    told: Told = {}
    for table, column in columns("moves", "moves_alone"):
        moved, doubled = [], []
        for row in session.execute(select(table).where(column == gone)).mappings().all():
            whole = dict(row)
            if _is_there(session, table, column, whole, kept):
                if column.info[KEY] == "moves_alone":
                    raise Refused("merge_doubled", table=table.name)
                doubled.append({name: _plain(value) for name, value in whole.items()})
                session.execute(delete(table).where(*_this(table, column, whole, gone)))
            else:
                moved.append(_identity(table, column, whole))
                session.execute(
                    update(table).where(*_this(table, column, whole, gone)).values({column: kept})
                )
        if moved or doubled:
            told[f"{table.name}.{column.name}"] = {"moved": moved, "doubled": doubled}
    for _table, column in columns("with_item"):
        session.execute(update(column.table).where(column == gone).values({column: kept}))
    session.expire_all()
    return told


def give_back(session: Session, kept: int, gone: int, told: Told, item_ids: Sequence[int]) -> None:
    """Point rows back that still are where the merge put them; rows that repeat the record of a
    copy follow the copies given back."""
    session.flush()
    known = {
        f"{table.name}.{column.name}": (table, column)
        for table, column in columns("moves", "moves_alone")
    }
    for name, rows in told.items():
        if name not in known:
            continue
        table, column = known[name]
        for one in rows["moved"]:
            session.execute(
                update(table).where(*_this(table, column, one, kept)).values({column: gone})
            )
        for one in rows["doubled"]:
            if _still_stands(session, table, column, one):
                session.execute(insert(table).values(typed_row(table, one)))
    for table, column in columns("with_item"):
        session.execute(
            update(table)
            .where(column == kept, table.c.item_id.in_(item_ids))
            .values({column: gone})
        )
    session.expire_all()


def _is_there(
    session: Session, table: Table, column: Column[Any], row: dict[str, Any], kept: int
) -> bool:
    """Tell whether the row, pointed at the other record, would be there a second time."""
    keys: list[list[Column[Any]]] = [list(table.primary_key.columns)]
    keys += [list(c.columns) for c in table.constraints if isinstance(c, UniqueConstraint)]
    keys += [list(i.columns) for i in table.indexes if isinstance(i, Index) and i.unique]
    for key in keys:
        if column not in key or any(row[c.name] is None for c in key):
            continue
        same = [c == (kept if c is column else row[c.name]) for c in key]
        if session.execute(select(column).where(*same)).first() is not None:
            return True
    return False


def _still_stands(session: Session, table: Table, column: Column[Any], row: dict[str, Any]) -> bool:
    """Tell whether everything a row points at is still there, and the row itself not again."""
    for key in table.foreign_keys:
        value = row.get(key.parent.name)
        if value is not None and key.parent is not column:
            there = select(key.column).where(key.column == value)
            if session.execute(there).first() is None:
                return False
    typed = typed_row(table, row)
    return not _is_there(session, table, column, typed, typed[column.name])


def _identity(table: Table, column: Column[Any], row: dict[str, Any]) -> dict[str, Any]:
    return {c.name: _plain(row[c.name]) for c in table.primary_key.columns if c is not column}


def _this(table: Table, column: Column[Any], row: dict[str, Any], at: int) -> list[Any]:
    own = [c == row[c.name] for c in table.primary_key.columns if c is not column]
    return [column == at, *own]


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime) else value


def plain_row(row: Base) -> dict[str, Any]:
    """Return a row by its columns, as it is kept with a merge."""
    return {c.name: _plain(getattr(row, c.name)) for c in row.__table__.columns}


def typed_row(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    """Return a row as kept, in the types of its columns."""
    typed: dict[str, Any] = {}
    for name, value in row.items():
        kind = table.c[name].type
        if isinstance(value, str) and isinstance(kind, UTCDateTime):
            typed[name] = datetime.fromisoformat(value)
        elif isinstance(value, str) and isinstance(kind, Date):
            typed[name] = date.fromisoformat(value)
        else:
            typed[name] = value
    return typed
