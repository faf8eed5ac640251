"""The queue of a title as rows: who waits, which copies are free, who gets which.

Callers hold the lock of the title's queue.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, bindparam, exists, func, not_, or_, select
from sqlalchemy.orm import Session

from cataloging.models import Item
from circulation.blocks import patron_figures
from circulation.desk import Act
from circulation.facts import HAS_ITEM, open_holds
from circulation.journal import Journal
from circulation.models import Hold, ItemSearch, Loan, Transit
from circulation.patrons.models import Patron
from circulation.patrons.patrons import age_on
from circulation.policies import Branch, branch
from circulation.rotation.models import ConsignmentLine
from circulation.rules.blocks import PatronFacts, figure_reasons
from circulation.rules.holds import (
    CopyFacts,
    HoldFacts,
    assign,
    may_fill,
    pick_for_scanned,
    place_in_queue,
)
from circulation.rules.states import WAITING, next_state
from ils.core import clock

SKIP = timedelta(hours=24)  # how long a hold leaves alone a copy that was put back
LOOKED_FOR = timedelta(days=14)  # how long a copy that is searched for is not pulled again
READ_HERE = ("loan", "reading_room")  # uses of copies that a slip may ask for


@dataclass
class Queue:
    """The open holds of a title in the order they are served, with their readers."""

    session: Session
    record_id: int
    rows: Sequence[tuple[Hold, Patron]]
    now: datetime
    by_id: dict[int, tuple[Hold, Patron]] = field(init=False)

    def __post_init__(self) -> None:
        """Index the holds."""
        self.by_id = {hold.id: (hold, patron) for hold, patron in self.rows}

    def facts(self, states: Iterable[str] = (*WAITING, "suspended")) -> list[HoldFacts]:
        """Return the holds in some states as the rules see them."""
        wanted = set(states)
        return [
            HoldFacts(
                id=hold.id,
                queue_class=hold.queue_class,
                order_ts=hold.order_ts,
                pickup=hold.pickup_branch_id,
                item=hold.item_level_item_id,
                suspended=hold.state == "suspended",
                target=hold.item_id if hold.state == "targeted" else None,
                volume=hold.volume_key,
                skip_item=hold.skip_item_id if self._skips(hold) else None,
            )
            for hold, _ in self.rows
            if hold.state in wanted
        ]

    def _skips(self, hold: Hold) -> bool:
        return hold.skip_until is not None and hold.skip_until > self.now

    def of_patron(self, patron_id: int, volume: str = "") -> Hold | None:
        """Return the patron's own open hold that a copy of a volume would fill."""
        for hold, patron in self.rows:
            if patron.id == patron_id and hold.volume_key in ("", volume):
                return hold
        return None

    def fits(self, item: Item) -> "Fits":
        """Return the judge of whether an item may serve a hold's reader."""
        return Fits(self, {item.id: item})

    def place(self, hold_id: int) -> int | None:
        """Return a hold's place, 1 for the first, among those it shares copies with."""
        return place_in_queue(hold_id, self._sharing(hold_id))

    def length_for(self, hold_id: int) -> int:
        """Count those not paused who wait for the copies a hold waits for, itself among them."""
        return sum(not h.suspended or h.id == hold_id for h in self._sharing(hold_id))

    def _sharing(self, hold_id: int) -> list[HoldFacts]:
        found, facts = self.by_id.get(hold_id), self.facts()
        if found is None:
            return []
        pickup = branch(self.session, found[0].pickup_branch_id)
        if pickup.settings.transport == "province":
            return facts
        of = {at: branch(self.session, at).library_id for at in {h.pickup for h in facts}}
        return [h for h in facts if of[h.pickup] == pickup.library_id]


class Fits:
    """Judges whether a copy may go to a hold's reader: rules of the pickup branch, age, transport
    and, where the rules stop capture, the reader's figures."""

    def __init__(self, queue: Queue, items: dict[int, Item]) -> None:
        self.queue = queue
        self.items = items

    def __call__(self, hold: HoldFacts, copy: CopyFacts) -> bool:
        """Tell whether the copy fits."""
        row, patron = self.queue.by_id[hold.id]
        session, now = self.queue.session, self.queue.now
        pickup = branch(session, row.pickup_branch_id)
        item = self.items[copy.id]
        if not item_serves(item, patron, pickup, clock.local_day(now), row.kind):
            return False
        policy = pickup.policy(item.item_type, patron.category).policy
        if policy.capture_stopped_by:
            figures = patron_figures(session, [patron.id], now)[patron.id]
            return not figure_reasons("capture", PatronFacts(figures=figures), policy)
        return True


def item_serves(
    item: Item, patron: Patron, pickup: Branch, today: date, kind: str = "hold"
) -> bool:
    """Tell whether an item may ever serve a reader who collects at a branch.

    A slip asks for what lies in the stack there, also for what is only read on the premises.
    """
    policy = pickup.policy(item.item_type, patron.category).policy
    if kind == "slip":
        if item.located_id != pickup.id or item.use not in READ_HERE or not policy.holdable:
            return False
    elif (
        (item.owner_id != pickup.library_id and pickup.settings.transport != "province")
        or not (policy.holdable and policy.loanable)
        or item.use != "loan"
    ):
        return False
    age = age_on(patron, today)
    return policy.min_age is None or age is None or age >= policy.min_age


def queue_of(session: Session, record_id: int, now: datetime, *, awaited: bool = True) -> Queue:
    """Read the queue of a title; it is not asked for where nobody is known to wait."""
    return Queue(session, record_id, open_holds(session, record_id) if awaited else [], now)


def looked_for() -> ColumnElement[bool]:
    """Return the condition that an item is being searched for (``since`` some day) and was not
    seen meanwhile."""
    return exists().where(
        ItemSearch.item_id == Item.id,
        ItemSearch.closed_at.is_(None),
        ItemSearch.flagged_at > bindparam("since"),
        or_(Item.last_seen_at.is_(None), Item.last_seen_at <= ItemSearch.flagged_at),
    )


def _lies_here() -> list[ColumnElement[bool]]:
    return [
        not_(exists().where(Loan.item_id == Item.id, Loan.closed_at.is_(None))),
        not_(
            exists().where(
                Transit.item_id == Item.id,
                Transit.received_at.is_(None),
                Transit.cancelled_at.is_(None),
            )
        ),
        not_(
            exists().where(ConsignmentLine.item_id == Item.id, ConsignmentLine.closed_at.is_(None))
        ),
    ]


def lies_free() -> list[ColumnElement[bool]]:
    """Return the conditions that a copy lies on its shelf and no hold was given it."""
    return [*_lies_here(), not_(exists().where(and_(Hold.item_id == Item.id, HAS_ITEM)))]


_FREE_ITEMS = (
    select(Item)
    .where(
        Item.record_id == bindparam("record_id"),
        Item.lifecycle == "active",
        Item.use.in_(READ_HERE),
        not_(looked_for()),
        *_lies_here(),
        not_(exists().where(and_(Hold.item_id == Item.id, HAS_ITEM, Hold.state != "targeted"))),
    )
    .order_by(Item.id)
)


def free_items(session: Session, record_id: int) -> Sequence[Item]:
    """Return the copies of a title that lie on their shelves and could be given to a hold."""
    since = clock.now() - LOOKED_FOR
    return session.scalars(_FREE_ITEMS, {"record_id": record_id, "since": since}).all()


def copy_facts(item: Item, uses: int = 0) -> CopyFacts:
    """Return a copy as the rules see it."""
    return CopyFacts(
        id=item.id,
        at=item.located_id,
        uses=uses,
        barcode=item.barcode or "",
        volume=item.volume_key,
    )


def unserved_ahead(queue: Queue, item: Item, patron_id: int | None) -> tuple[int, int]:
    """Count others who wait before a patron for this very copy, and those of them whom other
    free copies can serve."""
    facts, copy = queue.facts(WAITING), copy_facts(item)
    fits = queue.fits(item)
    ahead = []
    for one in facts:
        if patron_id is not None and queue.by_id[one.id][1].id == patron_id:
            break
        if may_fill(one, copy) and fits(one, copy):
            ahead.append(one)
    if not ahead:
        return 0, 0
    others = [i for i in free_items(queue.session, queue.record_id) if i.id != item.id]
    served = assign(ahead, [copy_facts(i) for i in others], Fits(queue, {i.id: i for i in others}))
    return len(ahead), len(served)


def wanted_by(queue: Queue, item: Item, at: int, local_first_days: int = 0) -> Hold | None:
    """Return the hold a scanned copy is to be captured for."""
    facts, others = queue.facts(WAITING), []
    if len(facts) > 1 and any(hold.item == item.id for hold in facts):
        others = [i for i in free_items(queue.session, queue.record_id) if i.id != item.id]
    picked = pick_for_scanned(
        facts,
        replace(copy_facts(item), at=at),
        Fits(queue, {i.id: i for i in (item, *others)}),
        others=[copy_facts(i) for i in others],
        now=queue.now,
        local_first_days=local_first_days,
    )
    return queue.by_id[picked.id][0] if picked else None


def release(journal: Journal, hold: Hold) -> None:
    """Put a hold back into the queue; it keeps its place."""
    journal.change(
        hold,
        state=next_state(hold.state, "release"),
        item_id=None,
        targeted_at=None,
        printed_at=None,
        ready_on=None,
        shelf_until=None,
        shelf_was=None,
    )


def shelf_days(pickup: Branch, hold: Hold, item_type: str, category: str) -> int:
    """Return how many open days a hold waits on the shelf; a slip only today."""
    if hold.kind == "slip":
        return 0
    return pickup.policy(item_type, category).policy.pickup_open_days


def assign_rows(session: Session, queue: Queue) -> int:
    """Give the free copies of a title to its holds; returns how many are assigned now.

    Holds that lose their copy are written first, so that no copy is ever held twice.
    """
    waiting = queue.facts(WAITING)
    if not waiting:
        return 0
    items = {item.id: item for item in free_items(session, queue.record_id)}
    uses = _uses(session, items) if len(items) > 1 else {}
    copies = [copy_facts(item, uses.get(item.id, 0)) for item in items.values()]
    given = assign(waiting, copies, Fits(queue, items))
    changed = [h for h in waiting if given.get(h.id) != h.target]
    for one in changed:
        hold = queue.by_id[one.id][0]
        hold.state, hold.item_id, hold.targeted_at = "queued", None, None
    session.flush()
    for one in changed:
        if one.id in given:
            hold = queue.by_id[one.id][0]
            hold.state = next_state(hold.state, "assign")
            hold.item_id, hold.targeted_at = given[one.id], queue.now
            hold.printed_at = None  # another copy, another slip
    _mark_hopeless(session, queue)
    session.flush()
    return len(given)


def _uses(session: Session, items: dict[int, Item]) -> dict[int, int]:
    rows = session.execute(
        select(Loan.item_id, func.count())
        .where(Loan.item_id.in_(list(items)))
        .group_by(Loan.item_id)
    )
    return {row[0]: row[1] for row in rows}


def _mark_hopeless(session: Session, queue: Queue) -> None:
    """Flag holds that no copy of the library can ever fill, and unflag those that one can."""
    if not any(hold.hopeless or hold.state == "queued" for hold, _ in queue.rows):
        return
    items = {item.id: item for item in holdable_items(session, queue.record_id)}
    copies = [copy_facts(item) for item in items.values()]
    fits = Fits(queue, items)
    for one in queue.facts(("queued", "targeted", "in_transit", "ready")):
        hold = queue.by_id[one.id][0]
        patient = replace(one, skip_item=None)
        served = hold.item_id is not None or any(
            may_fill(patient, c) and fits(patient, c) for c in copies
        )
        if hold.hopeless == served:
            hold.hopeless = not served


def holdable_items(session: Session, record_id: int) -> Sequence[Item]:
    """Return the copies of a title that could fill a hold now or when they come back."""
    return session.scalars(
        select(Item).where(
            Item.record_id == record_id,
            Item.lifecycle.in_(("active", "in_process")),
            Item.use.in_(READ_HERE),
        )
    ).all()


def reassign(act: Act, record_id: int) -> None:
    """Let the rules give out the free copies of a title again, after an act changed them."""
    act.flush()
    assign_rows(act.session, queue_of(act.session, record_id, act.now))
