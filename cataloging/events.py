"""What happens to records and items, for the event log."""

from dataclasses import dataclass
from typing import Any, ClassVar

from cataloging.models import Collection, Item, Record
from ils.core.events import Event


@dataclass(frozen=True)
class RecordCreated(Event):
    """A record came into the catalogue; ``by`` says how: edit, import, copy."""

    kind: ClassVar[str] = "record_created"
    by: str | None = None


@dataclass(frozen=True)
class ItemAccessioned(Event):
    """A copy was entered in an accession register, effective on the accession date.

    ``opening_balance``: it belonged to the library before the books were begun here, so it is
    stock, but no addition. ``price`` in đồng is also the log's ``amount``.
    """

    kind: ClassVar[str] = "item_accessioned"
    accession_no: str | None = None
    source: str | None = None
    opening_balance: bool | None = None
    price: int | None = None
    voucher: str | None = None


@dataclass(frozen=True)
class ItemWithdrawn(Event):
    """A copy was struck off the stock, by a decision."""

    kind: ClassVar[str] = "item_withdrawn"
    accession_no: str | None = None
    reason: str | None = None
    decision: str | None = None
    price: int | None = None


def record_facts(record: Record) -> dict[str, Any]:
    """Return the log's columns that freeze what a record is."""
    return {
        "record_id": record.id,
        "item_class": record.main_class or "x",
        "language": record.language or None,
        "material": record.material,
    }


def item_facts(item: Item, record: Record, collection: Collection | None) -> dict[str, Any]:
    """Return the log's columns that freeze what a copy is."""
    return record_facts(record) | {
        "item_id": item.id,
        "item_type": item.item_type,
        "collection": collection.code if collection else None,
        "amount": item.price,
    }
