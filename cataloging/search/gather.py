"""Reading from the database what the index needs: documents of records as they are now."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from cataloging.authorities.forms import other_forms
from cataloging.hooks import availability_of
from cataloging.marc.project import project
from cataloging.models import Item, Record
from cataloging.search.document import Document, ItemFacts, RecordFacts, completed, content
from ils.core.db import let_acts_end
from ils.org.models import OrgUnit

BATCH = 500

Known = Mapping[int, tuple[int, Document]]  # record id → version, its content for the index


def documents(
    session: Session, record_ids: Sequence[int], known: Known | None = None
) -> Iterator[Document]:
    """Yield the documents of those records that are not deleted.

    ``known`` spares reading and taking apart the MARC of records just written, as long as the
    version is still the one given.
    """
    libraries = _libraries(session)
    for ids in _batches(record_ids, BATCH):
        rows = _rows(session, ids)
        items = _items(session, [row.id for row in rows], libraries)
        contents = _contents(session, rows, known or {})
        forms = other_forms(session, [row.id for row in rows])
        for row in rows:
            facts = RecordFacts(
                *(row.id, row.version, row.suppressed, tuple(items.get(row.id, ()))),
                tuple(forms.get(row.id, ())),
            )
            let_acts_end()
            yield completed(contents[row.id], facts)


def _batches(ids: Iterable[int], size: int) -> Iterator[tuple[int, ...]]:
    found: list[int] = []
    for one in ids:
        found.append(one)
        if len(found) == size:
            yield tuple(found)
            found = []
    if found:
        yield tuple(found)


def _rows(session: Session, ids: Sequence[int]) -> Sequence[Row[int, int, bool]]:
    return session.execute(
        select(Record.id, Record.version, Record.suppressed).where(
            Record.id.in_(ids), Record.deleted_at.is_(None)
        )
    ).all()


def _contents(
    session: Session, rows: Sequence[Row[int, int, bool]], known: Known
) -> dict[int, Document]:
    found: dict[int, Document] = {}
    unread = []
    for row in rows:
        version, there = known.get(row.id, (None, None))
        if there is not None and version == row.version:
            found[row.id] = there
        else:
            unread.append(row.id)
    if unread:
        query = select(Record.id, Record.marc).where(Record.id.in_(unread))
        for record_id, marc in session.execute(query):
            let_acts_end()
            found[record_id] = content(project(marc))
    return found


def _libraries(session: Session) -> dict[int, int]:
    """Return the library of every unit: the nearest one above that is no branch or point."""
    units = {unit.id: unit for unit in session.scalars(select(OrgUnit))}
    found: dict[int, int] = {}
    for unit in units.values():
        above = unit
        while above.kind in ("branch", "point") and above.parent_id in units:
            above = units[above.parent_id]
        found[unit.id] = above.id
    return found


def _items(
    session: Session, record_ids: Sequence[int], libraries: Mapping[int, int]
) -> dict[int, list[ItemFacts]]:
    """Return the copies of records, with who can have them now as circulation says."""
    rows = session.execute(
        select(Item.id, Item.record_id, Item.branch_id, Item.call_number, Item.lifecycle).where(
            Item.record_id.in_(record_ids), Item.lifecycle != "withdrawn"
        )
    ).all()
    if not rows:
        return {}
    said = availability_of(session, {row.record_id for row in rows})
    available = {one.item_id: one.available for copies in said.values() for one in copies}
    found: dict[int, list[ItemFacts]] = {}
    for row in rows:
        found.setdefault(row.record_id, []).append(
            ItemFacts(
                libraries.get(row.branch_id, row.branch_id),
                row.branch_id,
                available.get(row.id, row.lifecycle == "active"),
                row.call_number,
            )
        )
    return found
