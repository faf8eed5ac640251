"""A title that nobody entered yet and that somebody wants to borrow now: the least that is needed.

The desk types a title; the record is marked preliminary (leader/17 is 5) and stays on the list of
the catalogers until one of them has saved it. The copy has no accession number yet.
Source: MARC 21 Bibliographic, Leader/17 (encoding level).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from cataloging.change_sets import new_change_set
from cataloging.editor.boxes import write
from cataloging.items import CopyFacts, add_items
from cataloging.models import ChangeSet, Item, Record, RecordVersion
from cataloging.permissions import EDIT_RECORD, QUICK_TITLE
from cataloging.records import create_record
from ils.accounts.actor import Actor
from ils.core.errors import Invalid
from ils.org.units import unit

KIND = "quick"
PRELIMINARY = "5"


@dataclass(frozen=True)
class QuickTitle:
    """What the desk knows of a title; ``barcode`` is what was scanned."""

    branch_id: int
    title: str
    barcode: str
    author: str = ""
    item_type: str = "book"
    price: int | None = None


def add_quick_title(session: Session, actor: Actor, facts: QuickTitle) -> Item:
    """Make a minimal record and one copy with the barcode scanned, for a cataloger to finish.

    Raises ``Invalid`` without a title or barcode, ``Refused`` for a barcode that is taken.
    """
    actor.require(QUICK_TITLE, at=unit(session, facts.branch_id))
    title, barcode = facts.title.strip(), facts.barcode.strip()
    if not title:
        raise Invalid("title_missing", field="title")
    if not barcode or not barcode.isascii() or " " in barcode:
        raise Invalid("barcode_wrong", field="barcode")
    writer = replace(actor, all_rights=True)  # the right to this one act was asked above
    made_in = new_change_set(session, actor, KIND, title)
    marc = write(None, {"title": title, "authors": facts.author.strip()})
    leader = str(marc["leader"])
    marc["leader"] = leader[:17] + PRELIMINARY + leader[18:]
    record = create_record(session, writer, marc, change_set=made_in, numbered=True)
    copy = CopyFacts(facts.branch_id, item_type=facts.item_type, price=facts.price)
    [item] = add_items(session, writer, record.id, copy, barcodes=[barcode], change_set=made_in)
    return item


@dataclass(frozen=True)
class ToFinish:
    """A quick title that waits for a cataloger."""

    record: Record
    item: Item | None
    actor_id: int | None


def titles_to_finish(
    session: Session, actor: Actor, *, limit: int = 50, offset: int = 0
) -> tuple[Sequence[ToFinish], int]:
    """Return the actor's library's quick titles that no cataloger has saved yet, oldest first."""
    actor.require(EDIT_RECORD)
    total = session.scalar(select(func.count()).select_from(_waiting(actor).subquery())) or 0
    rows = session.execute(_waiting(actor).order_by(Record.id).limit(limit).offset(offset)).all()
    ids = [record.id for record, _ in rows]
    found = select(Item).where(Item.record_id.in_(ids)).order_by(Item.id.desc())
    copies = {item.record_id: item for item in session.scalars(found)}
    return [ToFinish(record, copies.get(record.id), by) for record, by in rows], total


def _waiting(actor: Actor) -> Select[Record, int | None]:
    return (
        select(Record, ChangeSet.actor_id)
        .join(RecordVersion, (RecordVersion.record_id == Record.id) & (RecordVersion.version == 1))
        .join(ChangeSet, ChangeSet.id == RecordVersion.change_set_id)
        .where(
            ChangeSet.kind == KIND,
            Record.version == 1,
            Record.deleted_at.is_(None),
            Record.owner_id == actor.library_id,
        )
    )
