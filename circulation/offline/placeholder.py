"""A reader nobody knows yet: an unknown card was lent to while the server was away."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.models import Barcode
from circulation.offline.models import CONFLICT, OfflineLine
from circulation.patrons.cards import CardIssued, card_number_key, issue_card
from circulation.patrons.merge import merge_patrons
from circulation.patrons.models import Patron, PatronCategory
from circulation.patrons.patrons import PatronFacts, event_ref, register_patron
from ils.accounts.actor import Actor, system_actor
from ils.core import clock
from ils.core.events import EventRow, void_event

MARK = "? "  # before the card number, as the name: in every language


def placeholder_for(session: Session, line: OfflineLine) -> Patron:
    """Return the placeholder of an unknown card; the lines of one card share one."""
    query = select(OfflineLine.patron_id).where(
        OfflineLine.library_id == line.library_id,
        OfflineLine.card == line.card,
        OfflineLine.conflict == "unknown_card",
        OfflineLine.state == CONFLICT,
        OfflineLine.patron_id.is_not(None),
    )
    for patron_id in session.scalars(query.order_by(OfflineLine.id)):
        patron = session.get(Patron, patron_id)
        if patron is not None and patron.deleted_at is None:
            return patron
    actor = system_actor(session, line.unit_id)
    day = clock.local_day(line.effective_at)
    category = session.scalars(
        select(PatronCategory.code)
        .order_by(PatronCategory.child, PatronCategory.order, PatronCategory.code)
        .limit(1)
    ).one()
    facts = PatronFacts(name=f"{MARK}{line.card}", category=category, branch_id=line.unit_id)
    patron = register_patron(session, actor, facts, on=day)
    number = card_number_key(line.card)[:40]
    taken = not number or session.get(Barcode, number) is not None
    issue_card(session, actor, patron.id, number="" if taken else number, on=day, charges=False)
    return patron


def assign_placeholder(session: Session, actor: Actor, placeholder_id: int, to: Patron) -> None:
    """Merge a placeholder into the patron whose card it was; undone as every merge may be.

    The number that was scanned leads to that patron from now on. Raises what merging raises.
    """
    _void_card(session, actor, placeholder_id)
    merge_patrons(session, actor, to.id, placeholder_id)


def _void_card(session: Session, actor: Actor, patron_id: int) -> None:
    """The placeholder's card was never given to anybody: no figure counts it."""
    query = select(EventRow).where(
        EventRow.kind == CardIssued.kind, EventRow.patron_ref == event_ref(session, patron_id)
    )
    for row in session.scalars(query).all():
        void_event(session, actor, row)
