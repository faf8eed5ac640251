"""Copies: entered in an accession register, changed, withdrawn, and what befell them.

What a copy is doing (on loan, on its way) is not stored here; ``cataloging.hooks`` asks those who
know. A copy that came in stays in the books for ever: it is withdrawn, never deleted.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.change_sets import new_change_set
from cataloging.events import ItemAccessioned, ItemWithdrawn, item_facts
from cataloging.hooks import item_vetoes, let_back
from cataloging.models import ITEM_USES, ChangeSet, Collection, Item, ItemType, Record, Register
from cataloging.numbers import (
    accession_key,
    claim_barcode,
    claim_serials,
    is_barcode_free,
    lock_register,
    release_barcode,
    serial_of,
    take_serials,
    write_number,
)
from cataloging.permissions import EDIT_ITEM, VIEW_ITEM, WITHDRAW_ITEM
from cataloging.record_rows import announce_changed, lock_present
from cataloging.records import record_for
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.audit import audit
from ils.core.errors import Invalid, NotFound, Refused, StaleVersion
from ils.core.events import EventRow, publish_event, void_event
from ils.org.models import OrgUnit
from ils.org.units import library_of, unit
from ils.text.filing import shelf_key
from ils.text.normal import fold

SOURCES = ("purchase", "gift", "allotted", "exchange", "deposit", "transfer", "other")
WITHDRAWAL_REASONS = ("worn", "outdated", "surplus", "lost", "transferred", "mistake", "other")
# An inventory's own states; lost and withdrawn are reached by acts of their own.
EDITABLE_LIFECYCLES = ("in_process", "active", "repair", "damaged")  # missing: by a search
MOST_COPIES = 500
HIGHEST_PRICE = 200_000_000  # đồng; a price above is a slip of the finger


@dataclass(frozen=True)
class CopyFacts:
    """What is known of a copy when it is entered, or changed later."""

    branch_id: int
    item_type: str = "book"
    collection_id: int | None = None
    call_number: str = ""
    shelf: str = ""
    volume_key: str = ""
    use: str = "loan"
    lifecycle: str = "active"
    price: int | None = None
    source: str = ""
    voucher: str = ""
    condition: str = ""
    note: str = ""


def add_items(
    session: Session,
    actor: Actor,
    record_id: int,
    facts: CopyFacts,
    *,
    copies: int = 1,
    register_id: int | None = None,
    numbers: Sequence[str] = (),
    barcodes: Sequence[str] = (),
    accessioned_on: date | None = None,
    opening_balance: bool = False,
    change_set: ChangeSet | None = None,
) -> list[Item]:
    """Enter copies of a record with the next accession numbers, or with those given.

    ``numbers`` come from the old book when stock is entered late; ``barcodes`` default to the
    accession number. ``accessioned_on`` is the day in the book; ``opening_balance`` says that the
    copy was there before the books began here, so it counts as stock but not as an addition.
    """
    record = lock_present(session, record_id)
    branch = unit(session, facts.branch_id)
    actor.require(EDIT_ITEM, at=branch)
    count = len(numbers) or copies
    _check(session, facts, library_of(session, branch.id).id)
    _check_entry(count, barcodes, accessioned_on)
    library = library_of(session, branch.id)
    made_in = change_set or new_change_set(session, actor, "items")
    written = _numbers(session, library, register_id, numbers, count)
    items = []
    for place, (serial, number) in enumerate(written):
        item = Item(
            record_id=record.id,
            owner_id=library.id,
            located_id=branch.id,
            issuing_library_id=library.id,
            register_id=register_id,
            serial=serial,
            accession_no=number,
            accession_key=accession_key(number) if number else None,
            call_sort=shelf_key(facts.call_number or record.call_number)[:200],
            accessioned_on=accessioned_on or clock.today(),
            opening_balance=opening_balance,
            change_set_id=made_in.id,
            **_columns(facts),
        )
        session.add(item)
        session.flush()
        given = barcodes[place] if place < len(barcodes) else ""
        if given or number:
            item.barcode = claim_barcode(
                session, given or _own_barcode(session, library, number or ""), item_id=item.id
            )
        items.append(item)
    session.flush()
    collection = session.get(Collection, facts.collection_id) if facts.collection_id else None
    for item in items:
        _publish_accession(session, actor, item, record, collection)
    announce_changed(session, [record.id])
    session.flush()
    return items


def _columns(facts: CopyFacts) -> dict[str, Any]:
    return {f.name: getattr(facts, f.name) for f in fields(facts)}


def _check(session: Session, facts: CopyFacts, library_id: int) -> None:
    """Refuse what cannot be: an unknown type, another library's kho, a price of a billion."""
    if session.get(ItemType, facts.item_type) is None:
        raise Invalid("item_type_unknown", field="item_type", value=facts.item_type)
    if facts.use not in ITEM_USES:
        raise Invalid("item_use_unknown", field="use", value=facts.use)
    if facts.lifecycle not in EDITABLE_LIFECYCLES:
        raise Invalid("item_lifecycle_unknown", field="lifecycle", value=facts.lifecycle)
    if facts.price is not None and not 0 <= facts.price <= HIGHEST_PRICE:
        raise Invalid("price_impossible", field="price", value=facts.price)
    if facts.collection_id is not None:
        collection = session.get(Collection, facts.collection_id)
        if collection is None or collection.library_id != library_id:
            raise Invalid("collection_unknown", field="collection_id", value=facts.collection_id)


def _check_entry(count: int, barcodes: Sequence[str], day: date | None) -> None:
    if not 1 <= count <= MOST_COPIES:
        raise Invalid("too_many_copies", field="copies", most=MOST_COPIES)
    if len(barcodes) > count:
        raise Invalid("too_many_barcodes", field="barcodes", count=count)
    if day is not None and not date(1900, 1, 1) <= day <= clock.today():
        raise Invalid("accession_date_impossible", field="accessioned_on", value=day.isoformat())


def _numbers(
    session: Session,
    library: OrgUnit,
    register_id: int | None,
    numbers: Sequence[str],
    count: int,
) -> list[tuple[int | None, str | None]]:
    """Return serial and written number for each copy; without a register, as they are typed."""
    if register_id is None:
        for number in numbers:
            _refuse_taken(session, library.id, number)
        return [(None, n) for n in numbers] if numbers else [(None, None)] * count
    register = lock_register(session, register_id)
    if register.library_id != library.id:
        raise Invalid("register_of_other_library", field="register_id", value=register_id)
    if numbers:
        serials = [serial_of(register, n) for n in numbers]
        claim_serials(session, register, serials)
    else:
        serials = take_serials(session, register, count)
    return [(serial, write_number(register, serial)) for serial in serials]


def _refuse_taken(session: Session, library_id: int, number: str) -> None:
    query = select(Item.id).where(
        Item.issuing_library_id == library_id, Item.accession_key == accession_key(number)
    )
    if session.scalar(query.limit(1)) is not None:
        raise Refused("accession_taken", number=number)


def _own_barcode(session: Session, library: OrgUnit, number: str) -> str:
    """Return the accession number as barcode: in letters every scanner knows, and with the
    library's code in front where another library has it."""
    text = number if number.isascii() else fold(number).upper()
    return text if is_barcode_free(session, text) else f"{library.code}-{text}"


def _publish_accession(
    session: Session, actor: Actor, item: Item, record: Record, collection: Collection | None
) -> None:
    happened = ItemAccessioned(
        accession_no=item.accession_no,
        source=item.source or None,
        opening_balance=item.opening_balance or None,
        price=item.price,
        voucher=item.voucher or None,
    )
    publish_event(
        session,
        actor,
        happened,
        unit_id=item.branch_id,
        library_id=item.owner_id,
        effective_on=item.accessioned_on,
        **item_facts(item, record, collection),
    )


def item_for(
    session: Session, actor: Actor, item_id: int, permission: str = VIEW_ITEM, *, lock: bool = False
) -> Item:
    """Return an item the actor may act on, locked if wanted. Raises ``NotFound``, ``Forbidden``."""
    query = select(Item).where(Item.id == item_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = session.scalar(query)
    if found is None:
        raise NotFound("item_unknown", item_id=item_id)
    actor.require(permission, at=unit(session, found.branch_id))
    return found


def facts_of(item: Item) -> CopyFacts:
    """Return the changeable facts of an item, to change some with ``dataclasses.replace``."""
    return CopyFacts(**{f.name: getattr(item, f.name) for f in fields(CopyFacts)})


def change_item(
    session: Session,
    actor: Actor,
    item_id: int,
    facts: CopyFacts,
    *,
    expected_version: int,
    barcode: str | None = None,
) -> Item:
    """Change a copy. The accession number and its date stay as the book has them.

    A copy that moves to another branch must be free to move. Raises ``StaleVersion``, ``Refused``.
    """
    item = item_for(session, actor, item_id, EDIT_ITEM)
    if facts.branch_id != item.branch_id:
        _check_move(session, actor, item, facts.branch_id)
    item = item_for(session, actor, item_id, EDIT_ITEM, lock=True)
    if item.version != expected_version:
        raise StaleVersion("item_stale", item_id=item_id)
    if item.lifecycle == "withdrawn":
        raise Refused("item_withdrawn", item_id=item_id)
    if item.lifecycle not in EDITABLE_LIFECYCLES and facts.lifecycle == item.lifecycle:
        _check(session, replace(facts, lifecycle="active"), item.owner_id)
    else:
        _check(session, facts, item.owner_id)
    before = facts_of(item)
    changes = {
        f.name: [getattr(before, f.name), getattr(facts, f.name)]
        for f in fields(facts)
        if getattr(before, f.name) != getattr(facts, f.name)
    }
    for name, (_, value) in changes.items():
        setattr(item, name, value)
    if "call_number" in changes:
        record = record_for(session, item.record_id, deleted=True)
        item.call_sort = shelf_key(facts.call_number or record.call_number)[:200]
    if "branch_id" in changes and item.located_id == before.branch_id:
        item.located_id = facts.branch_id
    if barcode is not None:
        _change_barcode(session, item, barcode, changes)
    if changes:
        audit(session, actor, "item_changed", "item", item.id, changes=changes)
        announce_changed(session, [item.record_id])
    session.flush()
    return item


def _check_move(session: Session, actor: Actor, item: Item, branch_id: int) -> None:
    there = unit(session, branch_id)
    actor.require(EDIT_ITEM, at=there)
    if library_of(session, branch_id).id != item.owner_id:
        raise Invalid("branch_of_other_library", field="branch_id", value=branch_id)
    refuse_vetoed(session, item.id)


def _change_barcode(
    session: Session, item: Item, barcode: str, changes: dict[str, list[Any]]
) -> None:
    old = item.barcode
    if (barcode or "").strip().upper() == (old or ""):
        return
    if old:
        release_barcode(session, old, item.id)
    item.barcode = claim_barcode(session, barcode, item_id=item.id) if barcode.strip() else None
    changes["barcode"] = [old, item.barcode]


def refuse_vetoed(session: Session, item_id: int) -> None:
    """Raise ``Refused`` with every reason why an item must stay as it is.

    Circulation answers and locks the queue of the title, then the item; so this comes before any
    lock of our own.
    """
    vetoes = item_vetoes(session, item_id)
    if vetoes:
        raise Refused("item_vetoed", item_id=item_id, reasons=[veto.code for veto in vetoes])


def withdraw_item(
    session: Session,
    actor: Actor,
    item_id: int,
    *,
    reason: str,
    decision: str = "",
    on: date | None = None,
) -> Item:
    """Strike a copy off the stock. Its line, number and history stay.

    Raises ``Refused`` while it is on loan, on its way or held for a patron.
    """
    item_for(session, actor, item_id, WITHDRAW_ITEM)
    refuse_vetoed(session, item_id)
    item = item_for(session, actor, item_id, WITHDRAW_ITEM, lock=True)
    if item.lifecycle == "withdrawn":
        raise Refused("item_withdrawn", item_id=item_id)
    if reason not in WITHDRAWAL_REASONS:
        raise Invalid("withdrawal_reason_unknown", field="reason", value=reason)
    day = on or clock.today()
    if day > clock.today() or (item.accessioned_on and day < item.accessioned_on):
        raise Invalid("withdrawal_date_impossible", field="on", value=day.isoformat())
    before = item.lifecycle
    item.lifecycle = "withdrawn"
    item.withdrawn_on, item.withdrawal_reason = day, reason
    item.withdrawal_decision = decision.strip()[:120]
    record = record_for(session, item.record_id, deleted=True)
    collection = session.get(Collection, item.collection_id) if item.collection_id else None
    happened = ItemWithdrawn(
        item.accession_no, reason, item.withdrawal_decision or None, item.price
    )
    publish_event(
        session,
        actor,
        happened,
        unit_id=item.branch_id,
        library_id=item.owner_id,
        effective_on=day,
        **item_facts(item, record, collection),
    )
    audit(session, actor, "item_withdrawn", "item", item.id, before=before, reason=reason)
    announce_changed(session, [item.record_id])
    session.flush()
    return item


def take_back_withdrawal(session: Session, actor: Actor, item_id: int) -> Item:
    """Put a withdrawn copy back into the stock, as if it had never left it."""
    item = item_for(session, actor, item_id, WITHDRAW_ITEM, lock=True)
    if item.lifecycle != "withdrawn":
        return item
    goes_back_to = let_back(session, item_id)
    withdrawal = session.scalar(
        select(EventRow)
        .where(EventRow.item_id == item_id, EventRow.kind == ItemWithdrawn.kind)
        .order_by(EventRow.id.desc())
        .limit(1)
    )
    if withdrawal is not None:
        void_event(session, actor, withdrawal)
    item.lifecycle = goes_back_to
    item.withdrawn_on, item.withdrawal_reason, item.withdrawal_decision = None, "", ""
    audit(session, actor, "item_withdrawal_undone", "item", item.id)
    announce_changed(session, [item.record_id])
    session.flush()
    return item


def items_of(session: Session, record_id: int, *, withdrawn: bool = True) -> list[Item]:
    """Return the copies of a record, in the order of their numbers."""
    query = select(Item).where(Item.record_id == record_id)
    if not withdrawn:
        query = query.where(Item.lifecycle != "withdrawn")
    return list(session.scalars(query.order_by(Item.owner_id, Item.register_id, Item.serial)))


def latest_item(session: Session, library_id: int | None) -> Item | None:
    """Return the copy a library entered last: the next one is most likely of its kind."""
    query = select(Item).where(Item.owner_id == library_id, Item.register_id.is_not(None))
    return session.scalar(query.order_by(Item.id.desc()).limit(1))


def registers_of(session: Session, library_id: int) -> list[Register]:
    """Return the accession registers of a library."""
    query = select(Register).where(Register.library_id == library_id).order_by(Register.prefix)
    return list(session.scalars(query))


def collections_of(session: Session, library_id: int) -> list[Collection]:
    """Return the collections (kho) of a library."""
    query = select(Collection).where(Collection.library_id == library_id).order_by(Collection.code)
    return list(session.scalars(query))
