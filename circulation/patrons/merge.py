"""Two records of one person made one, and the undo of it for thirty days.

Every row that points at the one record is pointed at the other; nothing is copied, nothing deleted.
The record set aside keeps its cards, so that figures of the past stay, and they lead to the one
kept. The event log is not touched: what each record did is counted as before. When the thirty days
are over, the record set aside is emptied of everything personal.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Table, select, update
from sqlalchemy.orm import Session

from circulation.desk import Act
from circulation.facts import lock
from circulation.ledger import settle
from circulation.losses.settling import items_of_losses, review_losses
from circulation.models import HOLD_OPEN_STATES, Hold, LedgerAllocation, LedgerEntry, Transit
from circulation.patrons.cards import active_card
from circulation.patrons.models import Consent, Patron, PatronCard, PatronMerge
from circulation.patrons.patrons import patron_for
from circulation.queue import assign_rows, queue_of
from circulation.rules.merging import HoldOfTwo, join_holds
from ils.accounts.actor import Actor
from ils.accounts.permissions import declare_permission
from ils.core import clock
from ils.core.audit import audit
from ils.core.db import Base
from ils.core.errors import NotFound, Refused

MERGE = declare_permission("patrons:person:merge", "Merge two records of one person")

UNDO_DAYS = 30
# Not moved by pointer: cards stay for past figures, consents and the merges have rules of their own,
# and the one kept says how to be told.
_APART = (
    "patron_card",
    "consent",
    "patron_merge",
    "patrons_distinct",
    "patron_batch_line",
    "patron_batch_row",
    "door_visit",
    "notice_wish",
)
FILLED = (
    *("born_on", "born_year", "sex", "ethnicity", "occupation", "school", "school_class"),
    *("commune", "address", "phone", "email", "id_number_masked", "id_number_hash"),
    *("school_year", "student_code"),
    *("guardian_name", "guardian_phone", "guardian_id", "password_hash", "note"),
)


def pointers() -> list[tuple[Table, str]]:
    """Return every column of every table that points at a patron and is moved by a merge."""
    return [
        (table, column.name)
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if table.name not in _APART
        and column.name != "merged_into_id"
        and any(key.target_fullname == "patron.id" for key in column.foreign_keys)
    ]


# --- merging -----------------------------------------------------------------------------------


def merge_patrons(session: Session, actor: Actor, kept_id: int, gone_id: int) -> PatronMerge:
    """Make two records of one person one; ``gone_id`` is set aside.

    Raises ``Refused`` for the same record twice, records of two libraries, a guardian and their
    child, or where only the record to be set aside has a valid card.
    """
    kept, gone = _both(session, actor, kept_id, gone_id)
    _lock_both(session, kept.id, gone.id)
    session.refresh(kept)
    session.refresh(gone)
    _require_fitting(session, kept, gone)
    moved: dict[str, Any] = {"holds": _join_holds(session, actor, kept, gone)}
    moved["cards"] = _end_card(session, gone)
    moved["rows"] = _point_rows(session, gone.id, kept.id)
    moved["rows"]["consent.patron_id"] = _move_consents(session, gone.id, kept.id)
    moved["matched"] = _settle(session, actor, kept)
    moved["filled"] = _fill(kept, gone)
    if kept.photo_id is None and gone.photo_id is not None:  # moved, since one row owns a file
        moved["photo"] = kept.photo_id = gone.photo_id
        gone.photo_id = None
    gone.merged_into_id, gone.deleted_at = kept.id, clock.now()
    merge = PatronMerge(
        library_id=kept.library_id,
        kept_id=kept.id,
        gone_id=gone.id,
        by=actor.staff_id,
        until=clock.today() + timedelta(days=UNDO_DAYS),
        moved=moved,
    )
    session.add(merge)
    session.flush()
    moved["older"] = _repoint_older(session, gone.id, kept.id)
    merge.moved = dict(moved)
    _serve_queues(session, kept.id)
    audit(session, actor, "patrons_merged", "patron", kept.id, gone=gone.id)
    return merge


def _both(session: Session, actor: Actor, kept_id: int, gone_id: int) -> tuple[Patron, Patron]:
    if kept_id == gone_id:
        raise Refused("merge_same_record")
    kept = patron_for(session, actor, kept_id, MERGE)
    return kept, patron_for(session, actor, gone_id, MERGE)


def _lock_both(session: Session, kept_id: int, gone_id: int) -> None:
    """Lock the queues and copies both wait for, then both; a hold placed meanwhile: once more."""
    both = (kept_id, gone_id)
    before = _open_holds(session, both)
    lock(
        session,
        records={hold.record_id for hold in before},
        items={
            *(hold.item_id for hold in before if hold.item_id is not None),
            *(item for one in both for item in items_of_losses(session, one)),
        },
        patrons=both,
    )
    known = {hold.record_id for hold in before}
    if any(hold.record_id not in known for hold in _open_holds(session, both)):
        raise Refused("lost_race")


def _open_holds(session: Session, patron_ids: Collection[int]) -> list[Hold]:
    query = select(Hold).where(Hold.patron_id.in_(patron_ids), Hold.state.in_(HOLD_OPEN_STATES))
    fresh = query.order_by(Hold.id).execution_options(populate_existing=True)
    return list(session.scalars(fresh))


def _require_fitting(session: Session, kept: Patron, gone: Patron) -> None:
    if kept.deleted_at or gone.deleted_at:
        raise NotFound("patron_unknown")
    if kept.library_id != gone.library_id:
        raise Refused("merge_other_library")
    family = {kept.guardian_id, gone.guardian_id}
    wards = select(Patron.guardian_id).where(Patron.guardian_id.in_((kept.id, gone.id)))
    guards = {*session.scalars(wards)}
    if family & {kept.id, gone.id} or (guards and any(family)):
        raise Refused("merge_family")
    today = clock.today()
    mine, other = active_card(session, kept.id), active_card(session, gone.id)
    if other and other.expires_on >= today and (mine is None or mine.expires_on < today):
        raise Refused("merge_keeps_card")


def _join_holds(session: Session, actor: Actor, kept: Patron, gone: Patron) -> list[dict[str, Any]]:
    rows = {hold.id: hold for hold in _open_holds(session, (kept.id, gone.id))}
    facts = {
        owner: [_of_two(hold) for hold in rows.values() if hold.patron_id == owner]
        for owner in (kept.id, gone.id)
    }
    told = []
    for joined in join_holds(facts[kept.id], facts[gone.id]):
        stays, ends = rows[joined.keep], rows[joined.close]
        told.append(
            {
                "keep": stays.id,
                "close": ends.id,
                "was": ends.state,
                "item": ends.item_id,
                "order_ts": stays.order_ts.isoformat(),
                "set_to": joined.order_ts.isoformat(),
                "title": [stays.record_id, stays.volume_key],
            }
        )
        in_hand = ends.state in ("ready", "in_transit")
        ends.state, ends.end_reason = "cancelled", "merged"
        ends.ended_at, ends.ended_by = clock.now(), actor.staff_id
        ends.item_id = ends.item_id if in_hand else None
        session.flush()
        stays.order_ts = joined.order_ts
    session.flush()
    return told


def _of_two(hold: Hold) -> HoldOfTwo:
    return HoldOfTwo(hold.id, (hold.record_id, hold.volume_key), hold.state, hold.order_ts)


def _end_card(session: Session, gone: Patron) -> list[int]:
    card = active_card(session, gone.id)
    if card is None:
        return []
    card.state, card.ended_on = "replaced", clock.today()
    session.flush()
    return [card.id]


def _point_rows(session: Session, old: int, new: int) -> dict[str, list[int]]:
    """Point every row of ``old`` at ``new``; return which they were, by table and column."""
    told: dict[str, list[int]] = {}
    for table, column in pointers():
        if table.name == "patron" and column != "guardian_id":
            continue
        ids = list(session.scalars(select(table.c.id).where(table.c[column] == old)))
        if ids:
            told[f"{table.name}.{column}"] = ids
            _point(session, table, column, ids, old, new)
    return told


def _point(session: Session, table: Table, column: str, ids: list[int], old: int, new: int) -> None:
    """Point rows at another patron, those that still point where they did."""
    session.flush()
    for start in range(0, len(ids), 500):
        session.execute(
            update(table)
            .where(table.c.id.in_(ids[start : start + 500]), table.c[column] == old)
            .values({column: new})
        )
    session.expire_all()


def _move_consents(session: Session, old: int, new: int) -> list[int]:
    """Move consents; where both records hold a standing one of the same giver, the kept one's."""
    standing = select(Consent.given_by).where(
        Consent.patron_id == new, Consent.withdrawn_at.is_(None)
    )
    taken = {*session.scalars(standing)}
    rows = session.scalars(select(Consent).where(Consent.patron_id == old)).all()
    ids = [row.id for row in rows if row.withdrawn_at or row.given_by not in taken]
    _point(session, Consent.__table__, "patron_id", ids, old, new)  # type: ignore[arg-type]
    return ids


def _settle(session: Session, actor: Actor, kept: Patron) -> list[list[int]]:
    """Let what the one had too much settle what the other owed; return the pairs made by it."""
    before = {row.id for row in _matched(session, kept.id)}
    settle(session, kept.id)
    session.flush()
    _review(session, actor, kept)
    return [[row.id, row.amount] for row in _matched(session, kept.id) if row.id not in before]


def _matched(session: Session, patron_id: int) -> Sequence[LedgerAllocation]:
    query = select(LedgerAllocation).join(LedgerEntry, LedgerEntry.id == LedgerAllocation.debit_id)
    return session.scalars(query.where(LedgerEntry.patron_id == patron_id)).all()


def _review(session: Session, actor: Actor, patron: Patron) -> None:
    """Close or open again the cases of loss that this changes."""
    review_losses(Act(session, actor, "merge", None, unit_id=patron.branch_id), patron.id)


def _part_money(session: Session, merge: PatronMerge) -> None:
    """Take apart what only the merge had settled, where it still is as it was."""
    for pair_id, amount in merge.moved.get("matched", []):
        row = session.get(LedgerAllocation, pair_id)
        if row is not None and row.amount == amount:
            session.delete(row)
    session.flush()


def _fill(kept: Patron, gone: Patron) -> list[str]:
    """Fill in what only the record set aside knows; return the names of the boxes."""
    named = []
    for box in FILLED:
        if not getattr(kept, box) and getattr(gone, box):
            setattr(kept, box, getattr(gone, box))
            named.append(box)
    if kept.consent_at is None and gone.consent_at is not None:
        kept.consent_at = gone.consent_at
        named.append("consent_at")
    return named


def _repoint_older(session: Session, old: int, new: int) -> list[int]:
    """What was merged into the record now set aside leads on to the one kept."""
    ids = list(session.scalars(select(Patron.id).where(Patron.merged_into_id == old)))
    _point(session, Patron.__table__, "merged_into_id", ids, old, new)  # type: ignore[arg-type]
    return ids


def _serve_queues(session: Session, *patron_ids: int) -> None:
    """Give out the free copies of the titles they wait for anew."""
    session.flush()
    for record_id in sorted({hold.record_id for hold in _open_holds(session, patron_ids)}):
        assign_rows(session, queue_of(session, record_id, clock.now()))


# --- taking it back ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Undone:
    """What an undo gave back: ``left`` counts, by table, what stays since it was touched."""

    merge: PatronMerge
    left: dict[str, int]


def undo_merge(session: Session, actor: Actor, merge_id: int) -> Undone:
    """Make two records of one again, with exactly what was moved and nobody touched since.

    Raises ``Refused`` when it is undone already, thirty days are over, or one of the two records
    was merged again or erased meanwhile.
    """
    merge = merge_for(session, actor, merge_id)
    kept, gone = session.get_one(Patron, merge.kept_id), session.get_one(Patron, merge.gone_id)
    holds = session.scalars(select(Hold).where(Hold.id.in_(_hold_ids(merge)))).all()
    records = {h.record_id for h in (*holds, *_open_holds(session, (kept.id,)))}
    items = {
        *(h.item_id for h in holds if h.item_id is not None),
        *items_of_losses(session, kept.id),
    }
    lock(session, records=records, items=items, patrons=(kept.id, gone.id))
    for row in (merge, kept, gone):
        session.refresh(row)
    if merge.ended_at or merge.until < clock.today():
        raise Refused("merge_ended")
    if kept.deleted_at or gone.merged_into_id != kept.id:
        raise Refused("merge_built_upon")
    left: dict[str, int] = {}
    gone.merged_into_id = gone.deleted_at = None
    session.flush()
    _part_money(session, merge)
    _give_back_rows(session, merge, left)
    for one in (kept, gone):
        settle(session, one.id)
        _review(session, actor, one)
    _reopen_holds(session, merge, left)
    _give_back_cards(session, merge)
    _empty_filled(session, merge, kept, gone)
    photo = merge.moved.get("photo")
    if photo is not None and kept.photo_id == photo:
        kept.photo_id, gone.photo_id = None, photo
    merge.ended_at, merge.undone, merge.undone_by = clock.now(), True, actor.staff_id
    merge.moved = {}
    _serve_queues(session, kept.id, gone.id)
    audit(session, actor, "patrons_parted", "patron", kept.id, gone=gone.id, left=left)
    return Undone(merge, left)


def merge_for(session: Session, actor: Actor, merge_id: int) -> PatronMerge:
    """Return a merge the actor may deal with. Raises ``NotFound``."""
    merge = session.get(PatronMerge, merge_id)
    if merge is None:
        raise NotFound("merge_unknown")
    patron_for(session, actor, merge.kept_id, MERGE)
    return merge


def _hold_ids(merge: PatronMerge) -> list[int]:
    pairs = merge.moved.get("holds", [])
    return [*merge.moved.get("rows", {}).get("hold.patron_id", []), *(p["keep"] for p in pairs)]


def _give_back_rows(session: Session, merge: PatronMerge, left: dict[str, int]) -> None:
    rows = {name: list(ids) for name, ids in merge.moved.get("rows", {}).items()}
    if _money_is_mixed(session, rows):
        for name in ("ledger_entry.patron_id", "receipt.patron_id"):
            left["ledger"] = left.get("ledger", 0) + len(rows.pop(name, []))
    touched = _loans_with_new_money(session, rows)
    if touched:
        left["loans"] = len(touched)
        rows["loan.patron_id"] = [i for i in rows["loan.patron_id"] if i not in touched]
    by_name = {f"{table.name}.{column}": (table, column) for table, column in pointers()}
    by_name["consent.patron_id"] = (Consent.__table__, "patron_id")  # type: ignore[assignment]
    for name, ids in rows.items():
        if name in by_name:
            _point(session, *by_name[name], ids, merge.kept_id, merge.gone_id)
    older = merge.moved.get("older", [])
    table: Any = Patron.__table__
    _point(session, table, "merged_into_id", older, merge.kept_id, merge.gone_id)


def _money_is_mixed(session: Session, rows: dict[str, list[int]]) -> bool:
    """Tell whether a payment since settled lines of both: then the account stays in one."""
    mine = set(rows.get("ledger_entry.patron_id", []))
    if not mine:
        return False
    pairs = session.execute(
        select(LedgerAllocation.credit_id, LedgerAllocation.debit_id).where(
            LedgerAllocation.credit_id.in_(mine) | LedgerAllocation.debit_id.in_(mine)
        )
    )
    if any((credit in mine) != (debit in mine) for credit, debit in pairs):
        return True
    reversed_since = select(LedgerEntry.id).where(
        LedgerEntry.reverses_id.in_(mine), LedgerEntry.id.not_in(mine)
    )
    return session.scalar(reversed_since.limit(1)) is not None


def _loans_with_new_money(session: Session, rows: dict[str, list[int]]) -> set[int]:
    """Return loans for which a line was written since: they stay beside it."""
    loans, lines = rows.get("loan.patron_id", []), set(rows.get("ledger_entry.patron_id", []))
    found = session.execute(
        select(LedgerEntry.loan_id, LedgerEntry.id).where(LedgerEntry.loan_id.in_(loans))
    )
    return {loan for loan, line in found if loan is not None and line not in lines}


def _reopen_holds(session: Session, merge: PatronMerge, left: dict[str, int]) -> None:
    """Open again the holds that the merge closed, and give places back, where nothing happened."""
    for pair in merge.moved.get("holds", []):
        stays, ends = session.get(Hold, pair["keep"]), session.get(Hold, pair["close"])
        closed = ends is not None and (ends.state, ends.end_reason) == ("cancelled", "merged")
        standing = stays is not None and stays.state in HOLD_OPEN_STATES
        if not closed or not standing or _waits_again(session, ends):
            left["holds"] = left.get("holds", 0) + 1
            continue
        assert ends is not None
        assert stays is not None
        if stays.order_ts.isoformat() == pair["set_to"]:
            stays.order_ts = type(stays.order_ts).fromisoformat(pair["order_ts"])
        ends.state, ends.item_id = _state_again(session, ends, pair)
        ends.ended_at = ends.end_reason = ends.ended_by = None
        session.flush()


def _waits_again(session: Session, hold: Hold | None) -> bool:
    """Tell whether the person asked for the title anew under the record now given back."""
    if hold is None:
        return True
    again = select(Hold.id).where(
        Hold.patron_id == hold.patron_id,
        Hold.record_id == hold.record_id,
        Hold.volume_key == hold.volume_key,
        Hold.state.in_(HOLD_OPEN_STATES),
    )
    return session.scalar(again) is not None


def _state_again(session: Session, hold: Hold, pair: dict[str, Any]) -> tuple[str, int | None]:
    was, item = pair["was"], pair["item"]
    if was == "ready" and hold.cleared_at is None and hold.item_id == item:
        return "ready", item
    on_its_way = select(Transit.id).where(
        Transit.hold_id == hold.id, Transit.received_at.is_(None), Transit.cancelled_at.is_(None)
    )
    if was == "in_transit" and hold.item_id == item and session.scalar(on_its_way):
        return "in_transit", item
    return ("suspended" if was == "suspended" else "queued"), None


def _give_back_cards(session: Session, merge: PatronMerge) -> None:
    for card_id in merge.moved.get("cards", []):
        card = session.get(PatronCard, card_id)
        if card is not None and card.state == "replaced" and card.patron_id == merge.gone_id:
            card.state, card.ended_on = "active", None


def _empty_filled(session: Session, merge: PatronMerge, kept: Patron, gone: Patron) -> None:
    """Take back what was filled in, where it still says the same."""
    session.flush()
    for box in merge.moved.get("filled", []):
        if getattr(kept, box) == getattr(gone, box):
            setattr(kept, box, None if kept.__table__.c[box].nullable else "")


# --- lists, and the end ------------------------------------------------------------------------


def merges_of(session: Session, actor: Actor) -> list[tuple[PatronMerge, Patron, Patron]]:
    """Return the merges that can still be undone, newest first, with the record kept and the other."""
    query = select(PatronMerge).where(
        PatronMerge.ended_at.is_(None), PatronMerge.until >= clock.today()
    )
    found = []
    for merge in session.scalars(query.order_by(PatronMerge.id.desc())):
        try:
            kept = patron_for(session, actor, merge.kept_id, MERGE)
        except NotFound:
            continue
        found.append((merge, kept, session.get_one(Patron, merge.gone_id)))
    return found


def merged_records(session: Session, patron_ids: Iterable[int]) -> list[Patron]:
    """Return the records that were merged into these."""
    return list(session.scalars(select(Patron).where(Patron.merged_into_id.in_([*patron_ids]))))
