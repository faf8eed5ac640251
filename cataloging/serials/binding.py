"""Binding: issues become one volume, a copy with an accession number; and taken apart again."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from cataloging.change_sets import new_change_set, obstacles, undo_change_set
from cataloging.item_rows import keep_change
from cataloging.items import CopyFacts, add_items, withdraw_item
from cataloging.models import ChangeSet, Item
from cataloging.permissions import EDIT_ITEM, EDIT_SERIALS
from cataloging.serials.expecting import issue_of
from cataloging.serials.models import SerialIssue, SerialTitle, SerialVolume, SerialVolumeIssue
from cataloging.serials.rules.holding import by_year, line_of, runs
from cataloging.serials.titles import title_for
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.audit import audit
from ils.core.errors import Invalid, NotFound, Refused
from ils.org.units import unit

MOST_BOUND = 400
LONGEST_KEY = 40


@dataclass(frozen=True)
class VolumeFacts:
    """What is known of a volume that is bound. An empty label is worked out from the issues."""

    label: str = ""
    register_id: int | None = None
    item_type: str = "book"
    collection_id: int | None = None
    use: str = "reading_room"
    price: int | None = None


def is_bound(session: Session, issue_id: int) -> bool:
    """Tell whether an issue is part of a bound volume."""
    return session.get(SerialVolumeIssue, issue_id) is not None


def unbound(session: Session, serial_id: int, year: int | None = None) -> list[SerialIssue]:
    """Return the issues of a title that are here and not bound, in order."""
    query = (
        select(SerialIssue)
        .outerjoin(SerialVolumeIssue, SerialVolumeIssue.issue_id == SerialIssue.id)
        .where(SerialIssue.serial_id == serial_id, SerialIssue.state == "arrived")
        .where(SerialVolumeIssue.issue_id.is_(None))
        .order_by(SerialIssue.day, SerialIssue.id)
    )
    rows = session.scalars(query)
    return [row for row in rows if year is None or row.day.year == year]


def label_of(rows: Sequence[SerialIssue]) -> str:
    """Return what a volume of these issues is called: ``2026: số 1-26``."""
    years = by_year([issue_of(row) for row in rows])
    return "; ".join(line_of(one) for one in years)[:120]


def key_of(label: str, rows: Sequence[SerialIssue]) -> str:
    """Return the mark of a volume on its copy, for which there are forty letters: the label, or
    the years with the first and the last number."""
    if len(label) <= LONGEST_KEY:
        return label
    years = runs(sorted({row.day.year for row in rows}))
    numbers = [n for row in rows for n in (row.first_no, row.last_no) if n is not None]
    if len({row.day.year for row in rows}) > 1 or not numbers:
        return years[:LONGEST_KEY]
    return f"{years}: số {min(numbers)}-{max(numbers)}"[:LONGEST_KEY]


def bind_issues(
    session: Session, actor: Actor, serial_id: int, issue_ids: Sequence[int], facts: VolumeFacts
) -> SerialVolume:
    """Bind issues into a volume: one copy with the next number of a register.

    Where the issues were copies themselves, one copy of each goes out of stock into the volume;
    raises ``Refused`` while that one is lent or kept for a reader.
    """
    title = title_for(session, actor, serial_id, EDIT_SERIALS, lock=True)
    actor.require(EDIT_ITEM, at=unit(session, title.branch_id))
    free = {row.id: row for row in unbound(session, serial_id)}
    rows = [free[one] for one in sorted(set(issue_ids)) if one in free]
    if not rows or len(rows) != len(set(issue_ids)):
        raise Refused("volume_issues_gone", serial_id=serial_id)
    if len(rows) > MOST_BOUND:
        raise Refused("volume_too_thick", most=MOST_BOUND)
    label = facts.label.strip()[:120] or label_of(rows)
    made_in = new_change_set(session, actor, "items", label)
    [item] = add_items(
        session,
        actor,
        title.record_id,
        CopyFacts(
            title.branch_id,
            item_type=facts.item_type,
            collection_id=facts.collection_id,
            volume_key=key_of(label, rows),
            use=facts.use,
            price=facts.price,
            source="purchase",
            note=label if len(label) > LONGEST_KEY else "",
        ),
        register_id=_register_of(facts),
        change_set=made_in,
    )
    volume = SerialVolume(
        serial_id=serial_id,
        label=label,
        item_id=item.id,
        change_set_id=made_in.id,
        bound_on=clock.today(),
        made_by=actor.staff_id,
    )
    session.add(volume)
    session.flush()
    for row in rows:
        gone = _copy_into(session, actor, row, label, made_in)
        session.add(SerialVolumeIssue(issue_id=row.id, volume_id=volume.id, item_id=gone))
    audit(session, actor, "serial_bound", "serial", serial_id, issues=len(rows))
    session.flush()
    return volume


def _register_of(facts: VolumeFacts) -> int:
    if not facts.register_id:
        raise Invalid("volume_needs_register", field="register_id")
    return facts.register_id


def _copy_into(
    session: Session, actor: Actor, row: SerialIssue, label: str, made_in: ChangeSet
) -> int | None:
    """Take the first copy of an issue out of stock, where it has copies; return which.

    It belongs to the change set of the volume, which gives it back when it is undone.
    """
    if row.change_set_id is None:
        return None
    query = (
        select(Item.id)
        .where(Item.change_set_id == row.change_set_id, Item.lifecycle != "withdrawn")
        .order_by(Item.id)
    )
    item_id = session.scalars(query).first()
    if item_id is None:
        return None
    before = {"lifecycle": session.get_one(Item, item_id).lifecycle}
    item = withdraw_item(
        session,
        replace(actor, all_rights=True),
        item_id,
        reason="other",
        decision=f"Đóng tập: {label}"[:120],
    )
    keep_change(session, made_in, item, before)
    return item_id


def volumes_of(session: Session, serial_id: int) -> list[tuple[SerialVolume, Item, int]]:
    """Return the volumes of a title with their copies and how many issues are in each."""
    query = (
        select(SerialVolume, Item)
        .join(Item, Item.id == SerialVolume.item_id)
        .where(SerialVolume.serial_id == serial_id)
        .order_by(SerialVolume.bound_on, SerialVolume.id)
    )
    found = session.execute(query).all()
    counts: dict[int, int] = {}
    parts = select(SerialVolumeIssue.volume_id).where(
        SerialVolumeIssue.volume_id.in_([volume.id for volume, _item in found])
    )
    for one in session.scalars(parts):
        counts[one] = counts.get(one, 0) + 1
    return [(volume, item, counts.get(volume.id, 0)) for volume, item in found]


def unbind(session: Session, actor: Actor, volume_id: int) -> SerialTitle:
    """Take a binding back: the volume's copy goes, its issues are single again.

    Raises ``Refused`` once the volume was lent, moved, counted or withdrawn.
    """
    volume = session.get(SerialVolume, volume_id)
    if volume is None:
        raise NotFound("volume_unknown", volume_id=volume_id)
    title = title_for(session, actor, volume.serial_id, EDIT_SERIALS, lock=True)
    if obstacles(session, volume.change_set_id):
        raise Refused("volume_used", volume_id=volume_id)
    change_set_id = volume.change_set_id
    session.execute(delete(SerialVolumeIssue).where(SerialVolumeIssue.volume_id == volume_id))
    session.delete(volume)
    session.flush()
    undo_change_set(session, replace(actor, all_rights=True), change_set_id)
    audit(session, actor, "serial_unbound", "serial", title.id)
    session.flush()
    return title
