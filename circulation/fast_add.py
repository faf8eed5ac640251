"""A copy that the catalogue does not know, in a reader's hand: entered in a minute and lent."""

from datetime import datetime

from sqlalchemy.orm import Session

from cataloging.quick import QuickTitle, add_quick_title
from circulation.checkout import check_out
from circulation.desk import DeskResult
from circulation.models import DeskCommand
from circulation.permissions import CHECK_OUT
from ils.accounts.actor import Actor


def add_and_lend(
    session: Session,
    actor: Actor,
    *,
    facts: QuickTitle,
    patron_id: int,
    key: str,
    now: datetime | None = None,
) -> DeskResult:
    """Enter a minimal title with its copy, flagged for a cataloger, then lend it.

    If lending is refused the copy stays entered, and the reasons are answered as for any copy. The
    same key again enters nothing twice.
    """
    actor.require(CHECK_OUT)
    done = session.get(DeskCommand, key)
    barcode = facts.barcode
    if done is None:
        barcode = add_quick_title(session, actor, facts).barcode or facts.barcode
    return check_out(session, actor, barcode=barcode, patron_id=patron_id, key=key, now=now)
