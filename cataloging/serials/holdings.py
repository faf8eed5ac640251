"""What is held of newspapers and magazines, for readers and for other libraries."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cataloging.marc.model import data_field
from cataloging.models import Item, Record
from cataloging.serials.binding import volumes_of
from cataloging.serials.expecting import Slot, slots_of, wanting
from cataloging.serials.models import SerialIssue, SerialTitle, SerialVolumeIssue
from cataloging.serials.models import SerialVolume as Volume
from cataloging.serials.rules.holding import statement
from cataloging.serials.rules.pattern import Issue
from ils.core import clock
from ils.org.units import unit_names

LATEST = 5


@dataclass(frozen=True)
class Holding:
    """What a branch holds of a title: a line a year, the latest issues, the bound volumes."""

    title: SerialTitle
    place: str
    lines: Sequence[str]
    latest: Sequence[Issue] = ()
    volumes: Sequence[tuple[str, str]] = ()  # label, accession number
    wanting: Sequence[Slot] = field(default_factory=list)


def holding_of(session: Session, title: SerialTitle, place: str = "") -> Holding:
    """Work out what is held of a title: nothing of it is stored anywhere."""
    today = clock.today()
    here = SerialIssue.serial_id == title.id, SerialIssue.state == "arrived"
    first = session.scalar(select(func.min(SerialIssue.day)).where(*here))
    last = session.scalar(select(func.max(SerialIssue.day)).where(*here))
    if first is None:
        return Holding(title, place, [])
    until = max(today, last or today)  # magazines come before the day on their cover
    slots = slots_of(session, [title], first, until)
    gone = _gone(session, title)
    held = [
        slot.issue
        for slot in slots[title.id]
        if slot.row is not None and slot.state == "arrived" and slot.row.id not in gone
    ]
    begun = held[0].day if held else today
    lack = [slot for slot in wanting(slots[title.id], today) if slot.issue.day >= begun]
    bound = volumes_of(session, title.id)
    return Holding(
        title,
        place,
        statement(held, [slot.issue for slot in lack]),
        list(reversed(held[-LATEST:])),
        [
            (volume.label, item.accession_no or "")
            for volume, item, _count in bound
            if item.lifecycle != "withdrawn"
        ],
        lack,
    )


def _gone(session: Session, title: SerialTitle) -> set[int]:
    """Return the issues whose volume, or whose every copy, was withdrawn from stock."""
    bound = select(SerialVolumeIssue.issue_id, Item.lifecycle)
    bound = bound.join(Volume, Volume.id == SerialVolumeIssue.volume_id)
    bound = bound.join(Item, Item.id == Volume.item_id).where(Volume.serial_id == title.id)
    volumes = dict(session.execute(bound).all())
    copies = (
        select(SerialIssue.id, Item.lifecycle)
        .join(Item, Item.change_set_id == SerialIssue.change_set_id)
        .where(SerialIssue.serial_id == title.id)
    )
    states: dict[int, set[str]] = {}
    for issue_id, lifecycle in session.execute(copies):
        states.setdefault(issue_id, set()).add(lifecycle)
    loose = {one for one, found in states.items() if found == {"withdrawn"} and one not in volumes}
    return loose | {one for one, lifecycle in volumes.items() if lifecycle == "withdrawn"}


def holdings_of(session: Session, record_id: int, library_id: int | None = None) -> list[Holding]:
    """Return what each branch holds of a title, of one library or of all."""
    query = select(SerialTitle).where(SerialTitle.record_id == record_id)
    if library_id is not None:
        query = query.where(SerialTitle.library_id == library_id)
    names = unit_names(session)
    titles = session.scalars(query.order_by(SerialTitle.library_id, SerialTitle.branch_id))
    return [holding_of(session, title, _place(names, title)) for title in titles]


def _place(names: Any, title: SerialTitle) -> str:
    library, branch = names.get(title.library_id, ""), names.get(title.branch_id, "")
    return branch if branch.startswith(library) else f"{library}, {branch}"


def fields_of(session: Session, record_ids: Iterable[int]) -> dict[int, list[dict[str, Any]]]:
    """Return the fields 866 of records, one for each branch and year: $a the line, $z the place.

    They go out with the record and are not part of it. Source: MARC 21 Holdings, 866 (textual
    holdings, basic unit): second indicator 0, non-standard; $8 0, no linked caption (853).
    """
    ids = list(record_ids)
    query = (
        select(SerialTitle)
        .join(Record, Record.id == SerialTitle.record_id)
        .where(SerialTitle.record_id.in_(ids), Record.deleted_at.is_(None))
        .order_by(SerialTitle.library_id, SerialTitle.branch_id)
    )
    found: dict[int, list[dict[str, Any]]] = {}
    names = unit_names(session)
    for title in session.scalars(query):
        held = holding_of(session, title, _place(names, title))
        found.setdefault(title.record_id, []).extend(
            data_field("866", " ", "0", ("8", "0"), ("a", line), ("z", held.place))
            for line in held.lines
        )
    return {record_id: fields for record_id, fields in found.items() if fields}
