"""The database's own small full-text table of titles and authors, for times without an index.

Triggers fill it, so that it is right whoever writes: FTS5 on SQLite, ``tsvector`` on PostgreSQL.
Folding is done as far as SQL can: SQLite's tokenizer takes marks off but leaves đ, which is
replaced before; PostgreSQL's ``lower`` may know only ASCII, so capitals are translated too.
"""

import re
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, select, text
from sqlalchemy.orm import Session

from cataloging.models import Record
from cataloging.search.parse import Clause, Parsed, Word
from ils.core.db import in_parts, is_sqlite
from ils.text.alphabet import TONED
from ils.text.normal import fold
from ils.text.words import exact_words, folded_words

TABLE: Final = "fts_record"
MOST_COMPARED: Final = 5000

_LOWER: Final = "".join(sorted({c for c in TONED.values() if not c.isascii()})) + "đ"
_MARKED: Final = _LOWER + _LOWER.upper() + "Ðð"
_PLAIN: Final = fold(_MARKED)


def _sqlite_words(row: str = "") -> str:
    columns = ("title", "author", "publisher")
    return ", ".join(f"replace(replace({row}{c}, 'đ', 'd'), 'Đ', 'd')" for c in columns)


_SQLITE: Final = (
    f"""CREATE VIRTUAL TABLE {TABLE} USING fts5(title, author, publisher, content='',
        tokenize="unicode61 remove_diacritics 2")""",
    f"INSERT INTO {TABLE}(rowid, title, author, publisher) SELECT id, {_sqlite_words()} FROM record",
    f"""CREATE TRIGGER fts_record_insert AFTER INSERT ON record BEGIN
        INSERT INTO {TABLE}(rowid, title, author, publisher)
        VALUES (new.id, {_sqlite_words("new.")}); END""",
    f"""CREATE TRIGGER fts_record_delete AFTER DELETE ON record BEGIN
        INSERT INTO {TABLE}({TABLE}, rowid, title, author, publisher)
        VALUES ('delete', old.id, {_sqlite_words("old.")}); END""",
    f"""CREATE TRIGGER fts_record_update AFTER UPDATE OF title, author, publisher ON record
        WHEN old.title IS NOT new.title OR old.author IS NOT new.author
          OR old.publisher IS NOT new.publisher BEGIN
        INSERT INTO {TABLE}({TABLE}, rowid, title, author, publisher)
        VALUES ('delete', old.id, {_sqlite_words("old.")});
        INSERT INTO {TABLE}(rowid, title, author, publisher)
        VALUES (new.id, {_sqlite_words("new.")}); END""",
)

_POSTGRES: Final = (
    f"""CREATE OR REPLACE FUNCTION fts_record_words(title text, author text, publisher text)
        RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT to_tsvector('simple',
        lower(translate(title || ' ' || author || ' ' || publisher, '{_MARKED}', '{_PLAIN}'))) $$""",
    f"""CREATE TABLE {TABLE} (record_id integer PRIMARY KEY REFERENCES record(id) ON DELETE CASCADE,
        words tsvector NOT NULL)""",
    f"INSERT INTO {TABLE} SELECT id, fts_record_words(title, author, publisher) FROM record",
    f"CREATE INDEX ix_fts_record_words ON {TABLE} USING gin (words)",
    f"""CREATE OR REPLACE FUNCTION fts_record_follow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO {TABLE} VALUES (new.id, fts_record_words(new.title, new.author, new.publisher))
        ON CONFLICT (record_id) DO UPDATE SET words = excluded.words; RETURN NULL; END $$""",
    """CREATE TRIGGER fts_record_follow AFTER INSERT OR UPDATE OF title, author, publisher ON record
        FOR EACH ROW EXECUTE FUNCTION fts_record_follow()""",
)


def installed(session: Session) -> bool:
    """Tell whether the full-text table exists."""
    if is_sqlite(session):
        query = text("SELECT 1 FROM sqlite_master WHERE name = :table")
    else:
        query = text("SELECT 1 WHERE to_regclass(:table) IS NOT NULL")
    return bool(session.scalar(query, {"table": TABLE}))


def install(session: Session) -> bool:
    """Make the full-text table and its triggers where they lack; return True when made.

    Fills it from the records there are: about half a minute for a million.
    """
    if installed(session):
        return False
    connection = session.connection()
    for statement in _SQLITE if is_sqlite(session) else _POSTGRES:
        connection.exec_driver_sql(statement)
    return True


def with_words(session: Session, query: Select[int], parsed: Parsed) -> Select[int]:
    """Keep the records that have the words of a parsed query in title, author or publisher."""
    if not parsed.clauses:
        return query
    if not installed(session):
        return query.where(Record.id.in_(_compared(session, parsed)))
    write = _fts5 if is_sqlite(session) else _tsquery
    for at, either in enumerate(parsed.clauses):
        sides = [" AND ".join(map(write, clause.words)) for clause in either]
        if not is_sqlite(session):
            sides = [side.replace(" AND ", " & ") for side in sides]
        query = query.where(_condition(session, f"words{at}", sides, either[0].excluded))
    return query


def _condition(
    session: Session, name: str, sides: list[str], excluded: bool
) -> ColumnElement[bool]:
    if is_sqlite(session):
        inner = f"SELECT rowid FROM {TABLE} WHERE {TABLE} MATCH :{name}"
        asked = " OR ".join(f"({side})" for side in sides)
    else:
        inner = f"SELECT record_id FROM {TABLE} WHERE words @@ to_tsquery('simple', :{name})"
        asked = " | ".join(f"({side})" for side in sides)
    sign = "NOT IN" if excluded else "IN"
    clause: Any = text(f"record.id {sign} ({inner})").bindparams(**{name: asked})
    return clause  # type: ignore[no-any-return]


def _spellings(word: Word) -> tuple[str, ...]:
    """Return a folded word as titles may have it: the table knows ky thuat, the query ki thuat."""
    bare = re.sub(r"[^\w]", "", word.folded)
    y_too = re.fullmatch(r"(h|k|l|m|s|t|qu)i", bare) is not None
    return (bare, bare[:-1] + "y") if y_too else (bare,)


def _fts5(word: Word) -> str:
    star = "*" if word.prefix else ""
    return "(" + " OR ".join(f'"{one}"{star}' for one in _spellings(word)) + ")"


def _tsquery(word: Word) -> str:
    star = ":*" if word.prefix else ""
    return "(" + " | ".join(f"'{one}'{star}" for one in _spellings(word)) + ")"


def _compared(session: Session, parsed: Parsed) -> list[int]:
    """Compare titles one by one: for a database where the table was never made."""
    found: list[int] = []
    query = select(Record.id, Record.title, Record.author).where(Record.deleted_at.is_(None))
    for record_id, title, author in in_parts(session, query, Record.id):
        words = set(folded_words(exact_words(f"{title} {author}")).split())
        if all(_fits(either, words) for either in parsed.clauses):
            found.append(record_id)
            if len(found) >= MOST_COMPARED:
                break
    return found


def _fits(either: tuple[Clause, ...], words: set[str]) -> bool:
    has = any(all(_has(word, words) for word in clause.words) for clause in either)
    return has is not either[0].excluded


def _has(word: Word, words: set[str]) -> bool:
    if word.prefix:
        return any(one.startswith(word.folded) for one in words)
    return word.folded in words
