"""The waiting time of a hold, from the rows; and the sentence for it."""

from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from cataloging.models import Item
from circulation.models import Hold, Loan
from circulation.policies import branch
from circulation.queue import Queue, copy_facts, free_items, holdable_items, item_serves
from circulation.rules.holds import may_fill
from circulation.rules.waiting import FEW, Wait, waiting_time
from ils.core import clock
from ils.org.units import branches_of

LOOKED_AT = 300  # of past loans, the newest

_PAST = (
    select(Loan.started_on, Loan.effective_return_on)
    .where(
        Loan.branch_id.in_(bindparam("branches", expanding=True)),
        Loan.kind == "home",
        Loan.closed_how == "returned",
        Loan.effective_return_on.is_not(None),
    )
    .order_by(Loan.started_on.desc(), Loan.id.desc())
    .limit(LOOKED_AT)
)
_OF_TITLE = _PAST.where(Loan.record_id == bindparam("record_id"))
_OF_TYPE = _PAST.join(Item, Item.id == Loan.item_id).where(Item.item_type == bindparam("type"))


def waiting_for(session: Session, queue: Queue, hold: Hold) -> Wait | None:
    """Return how long a waiting hold will wait by what is known of this library; None where too
    little is known, where no copy can serve it, or where it is paused."""
    place = queue.place(hold.id) if hold.state == "queued" else None
    if place is None or hold.kind != "hold":
        return None
    items = _serving(session, queue, hold)
    if not items:
        return None
    free = {item.id for item in free_items(session, queue.record_id)}
    out = _days_out(session, [item.id for item in items], queue.now)
    copies = [None if item.id in free else out.get(item.id, 0) for item in items]
    return waiting_time(place, copies, past_loans(session, hold, items[0].item_type))


def past_loans(session: Session, hold: Hold, item_type: str) -> list[int]:
    """Return how many days loans of the title lasted at the hold's library, or where these are
    few, loans of copies of its type."""
    library_id = branch(session, hold.pickup_branch_id).library_id
    words = {
        "branches": [library_id, *(b.id for b in branches_of(session, library_id))],
        "record_id": hold.record_id,
        "type": item_type,
    }
    past = _days(session, _OF_TITLE, words)
    if len(past) < FEW:
        past = _days(session, _OF_TYPE, words)
    return past


def _days(session: Session, query: Any, words: dict[str, Any]) -> list[int]:
    return [(back - began).days for began, back in session.execute(query, words)]


def _serving(session: Session, queue: Queue, hold: Hold) -> list[Item]:
    """Return the copies in stock that may ever serve the hold."""
    facts = next((f for f in queue.facts() if f.id == hold.id), None)
    if facts is None:
        return []
    patron, pickup = queue.by_id[hold.id][1], branch(session, hold.pickup_branch_id)
    today = clock.local_day(queue.now)
    return [
        item
        for item in holdable_items(session, queue.record_id)
        if item.lifecycle == "active"
        and may_fill(facts, copy_facts(item))
        and item_serves(item, patron, pickup, today, hold.kind)
    ]


def _days_out(session: Session, item_ids: list[int], now: datetime) -> dict[int, int]:
    today = clock.local_day(now)
    rows = session.execute(
        select(Loan.item_id, Loan.started_on).where(
            Loan.item_id.in_(item_ids), Loan.closed_at.is_(None)
        )
    )
    return {item_id: (today - began).days for item_id, began in rows}


def waiting_sentence(wait: Wait | None) -> str:
    """Say a waiting time; nothing where none is known."""
    if wait is None:
        return ""
    low, high = wait
    if high <= 2:
        return str(_("probably within a few days"))
    if high < 14 and max(1, low) == high:
        return str(ngettext("about %(num)s day", "about %(num)s days", high))
    if high < 14:
        return str(_("probably %(low)s to %(high)s days", low=max(1, low), high=high))
    first, last = max(1, low // 7), -(-high // 7)
    if first == last:
        return str(ngettext("about %(num)s week", "about %(num)s weeks", last))
    return str(_("about %(low)s to %(high)s weeks", low=first, high=last))
