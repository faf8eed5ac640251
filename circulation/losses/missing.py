"""A copy that nobody finds: first it is searched for, and only the search makes it missing."""

from datetime import datetime

from sqlalchemy.orm import Session

from circulation.desk import AMBER, DeskResult
from circulation.facts import find_scanned
from circulation.losses.lost import begin_item
from circulation.queue import reassign
from circulation.rules.reasons import reason
from circulation.searches import flag_search
from ils.accounts.actor import Actor
from ils.core.errors import NotFound


def start_search(
    session: Session,
    actor: Actor,
    *,
    barcode: str,
    key: str | None,
    now: datetime | None = None,
) -> DeskResult:
    """Put a copy that should stand on the shelf on the list of what is searched for.

    Raises ``NotFound`` where no copy has this number.
    """
    found = find_scanned(session, barcode, actor.library_id or 0)
    if found.item_id is None:
        raise NotFound("item_unknown", scanned=barcode)
    act, item = begin_item(session, actor, "start_search", found.item_id, key, now)
    if stored := act.stored():
        return stored
    if item.position != "on_shelf" or item.item.lifecycle != "active":
        return act.refuse([reason("not_on_shelf", position=item.position)], item=item.about())
    flag_search(act, item.item, "not_on_shelf", [item.item.located_id])
    reassign(act, item.item.record_id)
    return act.answer("search_started", tone=AMBER, undo=False, item=item.about())
