"""The boxes of copies on the editor's page: what they begin with and what stays for the next title."""

from typing import Any

from sqlalchemy.orm import Session

from cataloging.items import latest_item
from cataloging.stock import first_register
from cataloging.views.forms import NewCopiesForm
from ils.web.door import current_actor

# What stays in the form from one new title to the next: the shelf one enters from.
KEPT = (
    *("branch_id", "item_type", "collection_id", "use", "source", "voucher", "register_id"),
    *("opening_balance",),
)


def begin_copies(
    db: Session, copies: NewCopiesForm, kept: dict[str, Any], drafted: dict[str, Any] | None
) -> None:
    """Fill the boxes with what is usual here, was kept from the last title, or stood in a draft."""
    copies.branch_id.data = current_actor().unit_id
    copies.copies.data = 1
    copies.use.data, copies.source.data, copies.item_type.data = "loan", "", "book"
    last = latest_item(db, current_actor().library_id)
    copies.register_id.data = first_register(db, current_actor().library_id)
    if last is not None:
        copies.register_id.data = last.register_id or copies.register_id.data
        copies.collection_id.data = last.collection_id
        copies.item_type.data = last.item_type
    for name, value in (kept | (drafted or {})).items():
        if name in copies:
            copies[name].data = value


def kept_of(copies: NewCopiesForm) -> dict[str, Any]:
    """Return what stays in the boxes for the next title."""
    return {name: copies[name].data for name in KEPT}


def drafted_of(copies: NewCopiesForm) -> dict[str, Any]:
    """Return what stands in the boxes, as a draft keeps it."""
    names = (*KEPT, "copies", "call_number", "shelf", "volume_key", "condition", "note")
    return {name: copies[name].data for name in (*names, "price", "numbers", "barcodes")}
