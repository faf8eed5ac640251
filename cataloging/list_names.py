"""What records and copies are called in the lists of other rooms."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.models import Item, Record
from ils.reporting.registry import Named, name_subjects


def declare() -> None:
    """Tell reporting how to name what an event was about."""
    name_subjects("record", record_names)
    name_subjects("item", item_names)


def record_names(session: Session, ids: list[int]) -> dict[int, Named]:
    """Return titles by record id."""
    rows = session.execute(select(Record.id, Record.title).where(Record.id.in_(ids)))
    return {record_id: Named(title, _page(record_id)) for record_id, title in rows}


def item_names(session: Session, ids: list[int]) -> dict[int, Named]:
    """Return titles with accession numbers by item id."""
    query = (
        select(Item.id, Item.record_id, Record.title, Item.accession_no, Item.barcode)
        .join(Record, Record.id == Item.record_id)
        .where(Item.id.in_(ids))
    )
    return {
        item_id: Named(f"{title} · {accession_no or barcode or item_id}", _page(record_id))
        for item_id, record_id, title, accession_no, barcode in session.execute(query)
    }


def _page(record_id: int) -> str:
    return f"/staff/catalog/{record_id}"
