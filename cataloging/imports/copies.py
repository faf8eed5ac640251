"""Making items of the copies a file describes: many at once, none lost, none twice.

An item whose number the library has already on this record is there already. A barcode that
belongs to something else, or an accession number that is taken, is told and left off; the item
comes in all the same, with the number in its note. What is brought in so is opening balance, unless
told otherwise: it was there before the books were begun here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from cataloging.events import ItemAccessioned
from cataloging.imports.profiles import CopyDraft
from cataloging.items import HIGHEST_PRICE, SOURCES
from cataloging.marc.project import Projection
from cataloging.models import Barcode, ChangeSet, Collection, Item, ItemType, Register
from cataloging.numbers import accession_key, barcode_key
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.db import next_ids
from ils.core.errors import Invalid
from ils.core.events import EventRow
from ils.org.models import OrgUnit
from ils.org.units import branches_of, library_of, unit
from ils.text.filing import shelf_key
from ils.text.normal import fold

EARLIEST = date(1900, 1, 1)


@dataclass(frozen=True)
class Wanted:
    """Copies of one record, with what is known of the record."""

    record_id: int
    seen: Projection
    drafts: Sequence[CopyDraft]


@dataclass
class Outcome:
    """What became of the copies of one record. Problems are facts for its line."""

    added: int = 0
    there_already: int = 0
    problems: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Target:
    """Where copies go: the library with its branches, kho, registers and kinds of copies."""

    library: OrgUnit
    default_branch: int
    branches: dict[str, int]
    collections: dict[str, int]
    collection_codes: dict[int, str]
    registers: dict[str, tuple[int, int]]  # normal prefix → (id, width)
    item_types: frozenset[str]
    opening_balance: bool = True


def target_for(session: Session, library_id: int, options: dict[str, Any]) -> Target:
    """Gather where a library's copies go. ``options['branches']`` maps codes to unit ids.

    Raises ``Invalid('import_unit_lends_nothing')`` for a province.
    """
    chosen = unit(session, library_id)
    library = library_of(session, library_id)
    if library.kind != "library":
        raise Invalid("import_unit_lends_nothing", library_id=library_id)
    places = branches_of(session, library.id)
    default = chosen.id if chosen.id != library.id else (places[0].id if places else library.id)
    branches = {_code(word): place.id for place in places for word in (place.code, place.slug)}
    branches |= {_code(code): int(to) for code, to in options.get("branches", {}).items()}
    kho = session.scalars(select(Collection).where(Collection.library_id == library.id)).all()
    books = session.scalars(select(Register).where(Register.library_id == library.id)).all()
    return Target(
        library,
        int(options.get("branch_id") or default),
        branches,
        {_code(word): one.id for one in kho for word in (one.name, one.code)},
        {one.id: one.code for one in kho},
        {accession_key(one.prefix): (one.id, one.width) for one in books},
        frozenset(session.scalars(select(ItemType.code))),
        bool(options.get("opening_balance", True)),
    )


def branch_of(target: Target, code: str) -> int | None:
    """Return the branch that a code of a file names, if it names one."""
    return target.branches.get(_code(code))


def _code(text: str) -> str:
    """Return a code in the form codes are compared in."""
    return "".join(fold(text).lower().split())


@dataclass
class Numbers:
    """Which numbers are taken: barcodes and accession keys, by whom (record, or None)."""

    barcodes: dict[str, int | None] = field(default_factory=dict)
    accessions: dict[str, int | None] = field(default_factory=dict)
    notes: set[tuple[int, str]] = field(default_factory=set)


def store_copies(
    session: Session, actor: Actor, target: Target, change_set: ChangeSet, wanted: Sequence[Wanted]
) -> list[Outcome]:
    """Make the items of many records in the caller's transaction; outcomes in the same order."""
    taken = _taken(session, target, wanted)
    outcomes: list[Outcome] = []
    rows: list[dict[str, Any]] = []
    described: list[Projection] = []
    highest: dict[int, int] = {}
    for one in wanted:
        outcome = Outcome()
        for draft in one.drafts:
            row = _row(target, change_set, one, draft, taken, outcome)
            if row is not None:
                rows.append(row)
                described.append(one.seen)
                if row["register_id"]:
                    number = row["register_id"]
                    highest[number] = max(highest.get(number, 0), row["serial"])
        outcomes.append(outcome)
    if rows:
        _insert(session, actor, target, rows, described)
        _raise_registers(session, highest)
    return outcomes


def pretend_copies(
    session: Session, target: Target, wanted: Sequence[Wanted], seen: Numbers
) -> list[Outcome]:
    """Return what ``store_copies`` would answer, storing nothing.

    ``seen`` gathers the numbers of a whole trial. New records have any ids below 0 in ``wanted``.
    """
    stored = _taken(session, target, wanted)
    for ours, theirs in (
        (seen.barcodes, stored.barcodes),
        (seen.accessions, stored.accessions),
    ):
        ours.update({number: who for number, who in theirs.items() if number not in ours})
    seen.notes |= stored.notes
    outcomes = [Outcome() for _ in wanted]
    for one, outcome in zip(wanted, outcomes, strict=True):
        for draft in one.drafts:
            _settled(one, draft, seen, outcome)
    return outcomes


def _taken(session: Session, target: Target, wanted: Sequence[Wanted]) -> Numbers:
    drafts = [draft for one in wanted for draft in one.drafts]
    codes = {barcode_key(draft.barcode) for draft in drafts if draft.barcode}
    keys = {accession_key(draft.accession_no) for draft in drafts if draft.accession_no}
    barcodes: dict[str, int | None] = {}
    if codes:
        found = session.execute(
            select(Barcode.value, Item.record_id, Item.owner_id)
            .outerjoin(Item, Item.id == Barcode.item_id)
            .where(Barcode.value.in_(codes))
        )
        mine = target.library.id
        barcodes = {value: record if owner == mine else None for value, record, owner in found}
    accessions: dict[str, int | None] = {}
    if keys:
        rows = session.execute(
            select(Item.accession_key, Item.record_id).where(
                Item.issuing_library_id == target.library.id, Item.accession_key.in_(keys)
            )
        )
        accessions = {str(key): record for key, record in rows}
    ids = {one.record_id for one in wanted if one.drafts}
    noted = session.execute(
        select(Item.record_id, Item.note).where(
            Item.record_id.in_(ids), Item.owner_id == target.library.id, Item.note != ""
        )
    )
    return Numbers(barcodes, accessions, {(record, note) for record, note in noted})


def _row(
    target: Target,
    change_set: ChangeSet,
    one: Wanted,
    draft: CopyDraft,
    taken: Numbers,
    outcome: Outcome,
) -> dict[str, Any] | None:
    """Return the columns of an item, or None when the library has it already."""
    settled = _settled(one, draft, taken, outcome)
    if settled is None:
        return None
    code, key, note = settled
    return _columns(target, change_set, one, replace(draft, note=note), code, key)


def _settled(
    one: Wanted, draft: CopyDraft, taken: Numbers, outcome: Outcome
) -> tuple[str, str, str] | None:
    """Return barcode, accession key and note that a copy can have; None when it is there already."""
    code = barcode_key(draft.barcode)
    key = accession_key(draft.accession_no) if draft.accession_no else ""
    mine = (code and taken.barcodes.get(code) == one.record_id) or (
        key and taken.accessions.get(key) == one.record_id
    )
    if mine:
        outcome.there_already += 1
        return None
    left_off = []
    if code and (code in taken.barcodes or len(code) > 60):
        left_off.append(("barcode_taken", draft.barcode))
        code = ""
    if key and key in taken.accessions:
        left_off.append(("accession_taken", draft.accession_no))
        key = ""
    note = draft.note
    if left_off:
        numbers = " / ".join(dict.fromkeys(number for _, number in left_off))
        note = f"{note} ({numbers})".strip()
        if (one.record_id, note) in taken.notes:
            outcome.there_already += 1
            return None
        taken.notes.add((one.record_id, note))
        outcome.problems += [{"code": what, "number": number} for what, number in left_off]
    if code:
        taken.barcodes[code] = one.record_id
    if key:
        taken.accessions[key] = one.record_id
    outcome.added += 1
    return code, key, note


def _columns(
    target: Target, change_set: ChangeSet, one: Wanted, draft: CopyDraft, code: str, key: str
) -> dict[str, Any]:
    register_id, serial = _register_of(target, key)
    branch = branch_of(target, draft.branch) or target.default_branch
    collection = target.collections.get(_code(draft.collection)) if draft.collection else None
    shelf = draft.shelf or (draft.collection if collection is None else "")
    day = draft.accessioned_on
    kind = _code(draft.item_type)
    return {
        "record_id": one.record_id,
        "owner_id": target.library.id,
        "branch_id": branch,
        "located_id": branch,
        "issuing_library_id": target.library.id,
        "register_id": register_id,
        "serial": serial,
        "accession_no": draft.accession_no if key else None,
        "accession_key": key or None,
        "barcode": code or None,
        "item_type": kind if kind in target.item_types else "book",
        "collection_id": collection,
        "call_number": draft.call_number,
        "call_sort": shelf_key(draft.call_number or one.seen.call_number)[:200],
        "shelf": shelf[:80],
        "volume_key": draft.volume_key,
        "use": "not_for_loan" if draft.not_for_loan else "loan",
        "lifecycle": "active",
        "price": draft.price if draft.price and draft.price <= HIGHEST_PRICE else None,
        "source": draft.source if draft.source in SOURCES else "",
        "voucher": draft.voucher[:60],
        "accessioned_on": day if day and EARLIEST <= day <= clock.today() else None,
        "opening_balance": target.opening_balance,
        "condition": draft.condition,
        "note": draft.note,
        "withdrawal_reason": "",
        "withdrawal_decision": "",
        "last_act": "",
        "change_set_id": change_set.id,
        "version": 1,
        "created_at": clock.now(),
    }


def _register_of(target: Target, key: str) -> tuple[int | None, int | None]:
    """Return the register and serial a number belongs to, where the library keeps such a book."""
    prefix = key.rstrip("0123456789")
    digits = key[len(prefix) :]
    if prefix in target.registers and digits and len(digits) < 10:
        return target.registers[prefix][0], int(digits)
    return None, None


def _insert(
    session: Session,
    actor: Actor,
    target: Target,
    rows: list[dict[str, Any]],
    described: list[Projection],
) -> None:
    table: Any = Item.__table__
    ids = next_ids(session, table, len(rows))
    session.execute(
        insert(table), [{"id": item_id, **row} for item_id, row in zip(ids, rows, strict=True)]
    )
    codes = [
        {"value": row["barcode"], "item_id": item_id}
        for item_id, row in zip(ids, rows, strict=True)
        if row["barcode"]
    ]
    if codes:
        session.execute(insert(Barcode.__table__), codes)  # type: ignore[arg-type]
    now, today = clock.now(), clock.today()
    events = [
        {
            "kind": ItemAccessioned.kind,
            "facts": ItemAccessioned(
                row["accession_no"],
                row["source"] or None,
                row["opening_balance"] or None,
                row["price"],
            ).facts(),
            "unit_id": row["branch_id"],
            "library_id": target.library.id,
            "actor_id": actor.staff_id,
            "recorded_at": now,
            "effective_at": now,
            "effective_on": row["accessioned_on"] or today,
            "quantity": 1,
            "amount": row["price"],
            "record_id": row["record_id"],
            "item_id": item_id,
            "item_class": seen.main_class or "x",
            "item_type": row["item_type"],
            "language": seen.language[:3] or None,
            "material": seen.material,
            "collection": target.collection_codes.get(row["collection_id"]),
        }
        for item_id, row, seen in zip(ids, rows, described, strict=True)
    ]
    session.execute(insert(EventRow.__table__), events)  # type: ignore[arg-type]


def _raise_registers(session: Session, highest: dict[int, int]) -> None:
    """Let each series go on behind the highest number that came in."""
    for register_id, serial in sorted(highest.items()):
        register = session.scalars(
            select(Register).where(Register.id == register_id).with_for_update()
        ).one()
        register.next_serial = max(register.next_serial, serial + 1)
