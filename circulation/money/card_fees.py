"""The fee of a card: charged or exempted in the same act in which the card is given."""

from datetime import date

from sqlalchemy.orm import Session

from circulation.desk import Act
from circulation.events import CardExempted
from circulation.facts import lock, patron_at_desk
from circulation.ledger import post_charge
from circulation.money.models import ANNUAL, REPLACEMENT, ExemptCard
from circulation.money.rates import card_fees, exemptions
from circulation.patrons.cards import REPLACED, CardGiven
from circulation.patrons.models import Patron, PatronCard
from circulation.patrons.patrons import age_on
from circulation.rules.card_fee import Exemption, Fee, exemption_for, fee_for, in_force
from ils.accounts.actor import Actor
from ils.org.units import place


def fee_of_card(
    session: Session, branch_id: int, *, card_kind: str, category: str, occasion: str, day: date
) -> Fee | None:
    """Return what a card costs at a branch on a day; None where no fee is set."""
    return fee_for(
        card_fees(session),
        path=place(session, branch_id).ids,
        card_kind=card_kind,
        category=category,
        occasion=occasion,
        day=day,
    )


def grounds_at(session: Session, branch_id: int, day: date) -> list[Exemption]:
    """Return the grounds that may be chosen at a branch: those the age does not decide."""
    path = place(session, branch_id).ids
    return [
        one
        for one in exemptions(session)
        if one.unit_id in path and in_force(one, day) and not one.by_age
    ]


def annual_fee(
    session: Session, patron: Patron, card: PatronCard, day: date, chosen: int = 0
) -> tuple[Fee | None, Exemption | None]:
    """Return what another term of a card costs its holder, and the ground for not asking it."""
    fee = _fee(session, patron, card, ANNUAL, day)
    if fee is None or fee.amount == 0:
        return None, None
    ground = exemption_for(
        exemptions(session),
        path=place(session, patron.branch_id).ids,
        age=age_on(patron, day),
        day=day,
        chosen=chosen,
    )
    return fee, ground


def charge_for_card(session: Session, actor: Actor, given: CardGiven) -> None:
    """Charge the fee of a card just given, or note on which ground it was not asked for.

    A worn card is replaced free; a lost one costs the replacement fee.
    """
    if given.occasion == REPLACED and not given.lost:
        return
    ground = None
    if given.occasion == REPLACED:
        fee = _fee(session, given.patron, given.card, REPLACEMENT, given.day)
    else:
        fee, ground = annual_fee(session, given.patron, given.card, given.day, given.exemption)
    if fee is not None and fee.amount:
        _post(session, actor, given, fee, ground)


def _fee(
    session: Session, patron: Patron, card: PatronCard, occasion: str, day: date
) -> Fee | None:
    return fee_of_card(
        session,
        patron.branch_id,
        card_kind=card.kind,
        category=patron.category,
        occasion=occasion,
        day=day,
    )


def _post(
    session: Session, actor: Actor, given: CardGiven, fee: Fee, ground: Exemption | None
) -> None:
    patron = given.patron
    act = Act(session, actor, "card_fee", None, unit_id=patron.branch_id)
    lock(session, patrons=[patron.id])
    known = patron_at_desk(session, act.here, act.today, patron_id=patron.id)
    if known is None:
        return
    if ground is None:
        trace = {"resolution": fee.resolution, "fee_id": fee.id, "occasion": fee.occasion}
        note = f"{given.card.number}: {fee.resolution}"
        post_charge(act, patron=known, kind="card_fee", amount=fee.amount, note=note, trace=trace)
        return
    session.add(
        ExemptCard(
            patron_id=patron.id,
            library_id=act.here.library_id,
            exemption_id=ground.id,
            fee_id=fee.id,
            amount=fee.amount,
            on=given.day,
            actor_id=actor.staff_id,
        )
    )
    act.event(CardExempted(ground.id), amount=fee.amount, on=given.day, **known.statistics())
    session.flush()
