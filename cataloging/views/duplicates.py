"""Before a new record is saved: those that may describe the same book, to be looked at."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cataloging.marc.display import isbd
from cataloging.marc.model import Marc
from cataloging.marc.project import Projection, project
from cataloging.models import Item, Record, RecordIdentifier
from cataloging.search import SearchRequest, search
from ils.text.normal import fold

MOST_SHOWN = 5


@dataclass(frozen=True)
class Alike:
    """A record that may be the same, and why it is thought so: isbn, key or words."""

    record: Record
    why: str
    card: str
    copies: int


def likely_same(session: Session, marc: Marc) -> list[Alike]:
    """Return records with the same number, the same title–author–year, or the same words.

    Words are compared without marks here, since somebody looks at both before anything happens.
    """
    seen = project(marc)
    found: dict[int, tuple[Record, str]] = {}
    for why, records in (
        ("isbn", _by_number(session, seen)),
        ("key", _by_key(session, seen)),
        ("words", _by_words(session, seen)),
    ):
        for record in records:
            found.setdefault(record.id, (record, why))
    return [
        Alike(record, why, isbd(record.marc), _copies(session, record.id))  # type: ignore[arg-type]
        for record, why in list(found.values())[:MOST_SHOWN]
    ]


def _by_number(session: Session, seen: Projection) -> list[Record]:
    numbers = [*seen.isbns, *seen.issns]
    if not numbers:
        return []
    return list(
        session.scalars(
            select(Record)
            .join(RecordIdentifier, RecordIdentifier.record_id == Record.id)
            .where(RecordIdentifier.value.in_(numbers), Record.deleted_at.is_(None))
            .order_by(Record.id)
            .limit(MOST_SHOWN)
        )
    )


def _by_key(session: Session, seen: Projection) -> list[Record]:
    if not seen.match_key:
        return []
    same = select(Record).where(Record.match_key == seen.match_key, Record.deleted_at.is_(None))
    return list(session.scalars(same.limit(MOST_SHOWN)))


def _by_words(session: Session, seen: Projection) -> list[Record]:
    if not seen.title:
        return []
    result = search(session, SearchRequest(query=seen.title[:200], page_size=20, hidden=True))
    if result.correction is not None or not result.ids:
        return []
    rows = session.scalars(select(Record).where(Record.id.in_(result.ids)))
    title, author = fold(seen.title), set(fold(seen.author).replace(",", " ").split())
    return [
        record
        for record in rows
        if fold(record.title) == title
        and (not author or not record.author or author & set(fold(record.author).split()))
        and (seen.year is None or record.year is None or seen.year == record.year)
    ]


def _copies(session: Session, record_id: int) -> int:
    live = select(func.count()).select_from(Item).where(Item.lifecycle != "withdrawn")
    return session.scalar(live.where(Item.record_id == record_id)) or 0
