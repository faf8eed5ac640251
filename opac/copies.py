"""Where the copies of titles are now, as readers need it: branch, shelf, call number, free or not.

Availability is read live from the database each time; the search index never decides it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cataloging.hooks import Availability, availability_of
from cataloging.models import Collection, Item, Record
from circulation.models import HOLD_OPEN_STATES, Hold
from ils.core import clock
from ils.org.units import unit_names
from ils.web.i18n import day

SHOWN_LIFECYCLES = ("in_process", "active", "repair", "damaged")


@dataclass(frozen=True)
class Copy:
    """One copy on a record's page. ``kind`` and ``state`` are a status chip's words."""

    item_id: int
    library_id: int
    branch_id: int
    branch: str
    library: str
    call_number: str
    shelf: str
    collection: str
    accession_no: str
    volume: str
    kind: str
    state: str
    available: bool
    lendable: bool


@dataclass(frozen=True)
class Summary:
    """A title's copies in one line, for lists of results."""

    total: int = 0
    free: int = 0  # may be borrowed at once
    readable: int = 0  # on the shelf for reading on the premises
    place: str = ""  # where the first free copy stands
    elsewhere: int = 0  # further places with free copies
    call_number: str = ""
    due: str = ""  # when none is free: the day the first one is expected
    late: bool = False  # that day is past

    @property
    def kind(self) -> str:
        """The kind of the status chip."""
        return "ok" if self.free else "info" if self.readable else "warn" if self.total else "off"

    @property
    def text(self) -> str:
        """The words of the status chip."""
        if self.free:
            return str(_("Available: %(free)s of %(total)s", free=self.free, total=self.total))
        if self.readable:
            return str(_("To be read in the library"))
        if not self.total:
            return str(_("No copies here"))
        if self.late:
            return str(_("All lent, overdue"))
        if self.due:
            return str(_("All lent, expected back %(day)s", day=self.due))
        return str(_("Not available now"))


@dataclass(frozen=True)
class Copies:
    """All copies of a title, those of the site's own library first."""

    here: Sequence[Copy] = field(default_factory=list)
    elsewhere: Sequence[Copy] = field(default_factory=list)
    holds: int = 0

    @property
    def every(self) -> list[Copy]:
        """All of them."""
        return [*self.here, *self.elsewhere]

    @property
    def free(self) -> int:
        """How many of the site's own copies may be borrowed at once."""
        return sum(copy.available and copy.lendable for copy in self.here)

    @property
    def lendable(self) -> bool:
        """Whether any copy is ever lent; the others are read in the library."""
        return any(copy.lendable for copy in self.every)

    @property
    def readable(self) -> bool:
        """Whether one of the site's own copies can be read in the library now."""
        return any(copy.available and copy.kind == "info" for copy in self.here)


def summaries(
    session: Session, record_ids: Iterable[int], library_id: int | None = None
) -> dict[int, Summary]:
    """Return one line per title; with ``library_id``, of that library's copies only."""
    ids = list(record_ids)
    items = _items(session, ids, library_id)
    live = _live(session, ids)
    names = unit_names(session)
    calls = _call_numbers(session, ids)
    grouped: dict[int, list[Item]] = defaultdict(list)
    for item in items:
        grouped[item.record_id].append(item)
    return {rid: _summary(grouped.get(rid, []), live, names, calls.get(rid, "")) for rid in ids}


def _summary(
    items: Sequence[Item],
    live: Mapping[int, Availability],
    names: Mapping[int, str],
    call_number: str,
) -> Summary:
    free = [i for i in items if i.use == "loan" and _free(i, live)]
    readable = [i for i in items if i.use == "reading_room" and _free(i, live)]
    shown = free or readable or items
    first = next(iter(shown), None)
    dues = sorted(found.due_on for i in items if (found := live.get(i.id)) and found.due_on)
    coming = [due for due in dues if due >= clock.today()]
    return Summary(
        total=len(items),
        free=len(free),
        readable=len(readable),
        place=names.get(first.branch_id, "") if first else "",
        elsewhere=max(len({i.branch_id for i in shown}) - 1, 0),
        call_number=(first.call_number or call_number) if first else "",
        due="" if free or readable or not dues else day((coming or dues)[0]),
        late=bool(dues) and dues[-1] < clock.today() and not free and not readable,
    )


def copies_of(session: Session, record_id: int, library_id: int | None) -> Copies:
    """Return every copy readers may know of, with its state in words."""
    items = _items(session, [record_id], None)
    live = _live(session, [record_id])
    names = unit_names(session)
    collections = {
        row.id: row.name
        for row in session.scalars(
            select(Collection).where(Collection.id.in_({i.collection_id for i in items}))
        )
    }
    call_number = _call_numbers(session, [record_id]).get(record_id, "")
    rows = [_copy(item, live, names, collections, call_number) for item in items]
    rows.sort(key=lambda c: (c.volume, c.library, c.branch, not c.available, c.accession_no))
    own = [c for c in rows if library_id is None or c.library_id == library_id]
    others = [c for c in rows if library_id is not None and c.library_id != library_id]
    return Copies(own, others, holds_waiting(session, record_id))


def holds_waiting(session: Session, record_id: int) -> int:
    """Count the open holds on a title."""
    query = select(func.count()).where(Hold.record_id == record_id)
    return session.scalar(query.where(Hold.state.in_(HOLD_OPEN_STATES))) or 0


def _items(session: Session, record_ids: Sequence[int], library_id: int | None) -> list[Item]:
    query = select(Item).where(Item.record_id.in_(record_ids), Item.lifecycle.in_(SHOWN_LIFECYCLES))
    if library_id is not None:
        query = query.where(Item.owner_id == library_id)
    return list(session.scalars(query.order_by(Item.id)))


def _call_numbers(session: Session, record_ids: Sequence[int]) -> dict[int, str]:
    """Return the records' call numbers, which hold for copies without one of their own."""
    query = select(Record.id, Record.call_number).where(Record.id.in_(record_ids))
    return {row.id: row.call_number or "" for row in session.execute(query)}


def _live(session: Session, record_ids: Sequence[int]) -> dict[int, Availability]:
    found = availability_of(session, record_ids)
    return {one.item_id: one for rows in found.values() for one in rows}


def _free(item: Item, live: Mapping[int, Availability]) -> bool:
    known = live.get(item.id)
    return known.available if known else item.lifecycle == "active"


def _copy(
    item: Item,
    live: Mapping[int, Availability],
    names: Mapping[int, str],
    collections: Mapping[int, str],
    call_number: str,
) -> Copy:
    kind, state = _state(item, live.get(item.id))
    return Copy(
        item_id=item.id,
        library_id=item.owner_id,
        branch_id=item.branch_id,
        branch=names.get(item.branch_id, ""),
        library=names.get(item.owner_id, ""),
        call_number=item.call_number or call_number,
        shelf=item.shelf,
        collection=collections.get(item.collection_id or 0, ""),
        accession_no=item.accession_no or "",
        volume=item.volume_key,
        kind=kind,
        state=state,
        available=_free(item, live),
        lendable=item.use == "loan",
    )


def _state(item: Item, live: Availability | None) -> tuple[str, str]:
    """Say in words what a reader may do with a copy, and the kind of chip that says it."""
    lifecycle = {
        "in_process": ("off", _("Being processed")),
        "repair": ("off", _("Being repaired")),
        "damaged": ("off", _("Damaged")),
    }
    if item.lifecycle in lifecycle:
        return lifecycle[item.lifecycle]
    if live and not live.available:
        return _away(live)
    use = {
        "restricted": ("off", _("Use restricted: please ask")),
        "reading_room": ("info", _("To be read in the library")),
        "not_for_loan": ("off", _("Not for loan")),
    }
    if item.use in use:
        return use[item.use]
    if live and live.position == "to_shelve":
        return "ok", _("Just returned, being shelved")
    return "ok", _("Available")


def _away(live: Availability) -> tuple[str, str]:
    """Say where a copy is that cannot be taken from the shelf."""
    if live.position == "on_loan" and live.due_on and live.due_on < clock.today():
        return "warn", _("Lent and overdue")
    if live.position == "on_loan" and live.due_on:
        return "warn", _("Lent, expected back %(day)s", day=day(live.due_on))
    if live.position == "at_point" and live.place and live.packed:
        return "info", _("Packed for reading point %(place)s", place=live.place)
    if live.position == "at_point" and live.place:
        return "info", _("At reading point %(place)s", place=live.place)
    known = {
        "on_loan": ("warn", _("On loan")),
        "in_transit": ("info", _("On its way between branches")),
        "at_point": ("info", _("At a reading point")),
    }
    return known.get(live.position, ("info", _("Kept for a reader")))
