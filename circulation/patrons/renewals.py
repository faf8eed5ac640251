"""Cards of many renewed: chosen by class, kind, expiry or by scanning; looked at first; one act.

Who is refused, and why, is what stands against the person at the desk, but for the card's own end.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from circulation.blocks import patron_blocks
from circulation.money.card_fees import annual_fee
from circulation.patrons.batch_models import PatronBatch
from circulation.patrons.batches import Batch
from circulation.patrons.cards import add_months, card_number_key, renew_card
from circulation.patrons.models import Patron, PatronCard, PatronCategory
from circulation.patrons.patrons import EDIT
from circulation.rules.reasons import Reason, reason
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.errors import Invalid
from ils.org.models import OrgUnit

MOST = 300  # cards in one act
_OF_THE_CARD = ("card_expired",)


@dataclass(frozen=True)
class Choice:
    """Whose cards: of a class, of a kind, running out between two days, or these numbers."""

    school: str = ""
    school_class: str = ""
    category: str = ""
    first: date | None = None
    last: date | None = None
    numbers: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Tell whether nothing was chosen yet."""
        return self == Choice()


@dataclass(frozen=True)
class RenewalRow:
    """A card with its new end and its price, or with what stands against renewing it."""

    patron: Patron
    card: PatronCard
    until: date
    amount: int = 0
    exempt: str = ""  # the ground for not asking the fee
    against: tuple[Reason, ...] = ()


@dataclass(frozen=True)
class RenewalsDone:
    """What was renewed and what was not."""

    batch: PatronBatch
    renewed: int
    refused: Sequence[RenewalRow] = field(default_factory=tuple)


def propose_renewals(
    session: Session, actor: Actor, choice: Choice, until: date | None = None
) -> list[RenewalRow]:
    """Return the active cards chosen, each with what renewing it would do."""
    if choice.empty:
        return []
    query = (
        select(Patron, PatronCard, PatronCategory)
        .join(PatronCard, PatronCard.patron_id == Patron.id)
        .join(PatronCategory, PatronCategory.code == Patron.category)
        .join(OrgUnit, OrgUnit.id == Patron.branch_id)
        .where(PatronCard.state == "active", Patron.deleted_at.is_(None))
        .where(Patron.library_id == actor.library_id)
        .where(or_(*(OrgUnit.path.startswith(p) for p in actor.scope_paths(EDIT) or ["?"])))
    )
    if choice.numbers:
        query = query.where(PatronCard.number.in_(choice.numbers))
    if choice.school_class:
        query = query.where(
            Patron.school_class == choice.school_class, Patron.school == choice.school
        )
    if choice.category:
        query = query.where(Patron.category == choice.category)
    if choice.first:
        query = query.where(PatronCard.expires_on >= choice.first)
    if choice.last:
        query = query.where(PatronCard.expires_on <= choice.last)
    order = (PatronCard.expires_on, Patron.name_key, Patron.id)
    rows = session.execute(query.order_by(*order).limit(MOST)).all()
    return [_row(session, *row, until) for row in rows]


def numbers_in(text: str) -> tuple[str, ...]:
    """Return card numbers pasted or scanned, one after the other, each once."""
    words = text.replace(",", " ").replace(";", " ").split()
    return tuple(dict.fromkeys(card_number_key(word) for word in words))[:MOST]


def _row(
    session: Session,
    patron: Patron,
    card: PatronCard,
    category: PatronCategory,
    until: date | None,
) -> RenewalRow:
    today = clock.today()
    ends = until or add_months(max(today, card.expires_on), category.card_months)
    against = [
        one
        for one in patron_blocks(session, patron.id, "borrow", patron.branch_id)
        if one.stops and one.code not in _OF_THE_CARD
    ]
    if ends <= max(today, card.expires_on):
        against.append(reason("no_gain", due_on=card.expires_on))
    fee, ground = annual_fee(session, patron, card, today)
    return RenewalRow(
        patron,
        card,
        ends,
        amount=fee.amount if fee is not None and ground is None else 0,
        exempt=ground.name if ground is not None else "",
        against=tuple(against),
    )


def renew_cards(
    session: Session,
    actor: Actor,
    card_ids: Collection[int],
    *,
    until: date | None = None,
) -> RenewalsDone:
    """Renew cards, each with its fee as the rates say; who may not is left out and named."""
    numbers = session.scalars(select(PatronCard.number).where(PatronCard.id.in_(card_ids))).all()
    if not numbers or len(numbers) > MOST:
        raise Invalid("cards_none_chosen", field="card", most=MOST)
    rows = propose_renewals(session, actor, Choice(numbers=tuple(numbers)), until)
    batch = Batch(session, actor, "renewal", actor.library_id or 0)
    refused, renewed, owed = [], 0, 0
    for row in sorted(rows, key=lambda one: one.patron.id):
        if row.against:
            refused.append(row)
            continue
        batch.begin_money(row.patron)
        old = row.card.expires_on.isoformat()
        card = renew_card(session, actor, row.patron.id, until=until)
        new = card.expires_on.isoformat()
        batch.note(row.patron, ["patron_card", card.id, {"expires_on": [old, new]}])
        owed += sum(line.amount for line in batch.end_money(row.patron))
        renewed += 1
    made = batch.close(renewed=renewed, refused=len(refused), charged=owed)
    return RenewalsDone(made, renewed, refused)
