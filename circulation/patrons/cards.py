"""Cards: issue, renew, replace. A card is valid for so many months from its day of issue."""

import calendar
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from cataloging.models import Barcode
from circulation.patrons.models import CARD_KINDS, Patron, PatronCard, PatronCategory
from circulation.patrons.patrons import EDIT, age_band, patron_for
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.audit import audit
from ils.core.errors import Invalid, NotFound, Refused
from ils.core.events import Event, publish_event
from ils.org.settings import setting


@dataclass(frozen=True)
class CardIssued(Event):
    """A person got a first card. A card for a lost one is not counted here."""

    kind: ClassVar[str] = "card_issued"
    expires_on: date | None = None


@dataclass(frozen=True)
class CardRenewed(Event):
    """A card's validity was extended for another term."""

    kind: ClassVar[str] = "card_renewed"
    expires_on: date | None = None


@dataclass(frozen=True)
class CardReplaced(Event):
    """A lost or worn card got a successor with the same validity."""

    kind: ClassVar[str] = "card_replaced"
    reason: str | None = None


ISSUED, RENEWED, REPLACED = "issued", "renewed", "replaced"


@dataclass(frozen=True)
class CardGiven:
    """A card was issued, renewed for a term, or replaced because it was lost or worn.

    ``exemption`` is the ground chosen for not paying (0: none chosen).
    """

    patron: Patron
    card: PatronCard
    occasion: str
    day: date
    exemption: int = 0
    lost: bool = False


Then = Callable[[Session, Actor, CardGiven], None]
_then: list[Then] = []


def when_card_given(then: Then) -> None:
    """Have something done in the same transaction whenever a card is given; safe to call twice."""
    if then not in _then:
        _then.append(then)


def _given(session: Session, actor: Actor, given: CardGiven) -> None:
    for then in _then:
        then(session, actor, given)


def add_months(day: date, months: int) -> date:
    """Return the same day so many months later, or the month's last day where there is none."""
    month0 = day.month - 1 + months
    year, month = day.year + month0 // 12, month0 % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def card_number_key(typed: str) -> str:
    """Return a card number as it is kept and compared: upper case, no spaces."""
    return "".join(typed.split()).upper()


def next_card_number(session: Session, library_id: int) -> str:
    """Return the next free number of a library's series: prefix and six digits."""
    prefix = str(setting(session, library_id, "patrons.card_prefix")).upper()
    width = 6
    highest = session.scalar(
        select(func.max(PatronCard.number)).where(
            PatronCard.number.startswith(prefix, autoescape=True),
            func.length(PatronCard.number) == len(prefix) + width,
        )
    )
    tail = highest[len(prefix) :] if highest else ""
    serial = int(tail) + 1 if tail.isdigit() else 1
    while session.get(Barcode, f"{prefix}{serial:0{width}d}") is not None:
        serial += 1
    return f"{prefix}{serial:0{width}d}"


def issue_card(
    session: Session,
    actor: Actor,
    patron_id: int,
    *,
    number: str = "",
    on: date | None = None,
    expires_on: date | None = None,
    kind: str = "lending",
    exemption: int = 0,
    charges: bool = True,
) -> PatronCard:
    """Issue a first card, numbered by hand or by the library's series.

    Its fee is charged or its holder exempted, unless ``charges`` is False: cards that were given
    before and are only entered. Raises ``Refused`` when the patron has an active card, ``Invalid`` for a number in use by any
    card or item.
    """
    patron = patron_for(session, actor, patron_id, EDIT)
    if active_card(session, patron.id) is not None:
        raise Refused("card_already_active")
    day = on or clock.today()
    category = session.get_one(PatronCategory, patron.category)
    ends = expires_on or add_months(day, category.card_months)
    card = _new_card(session, patron, number, day, ends, kind)
    first = session.scalar(
        select(func.count()).select_from(PatronCard).where(PatronCard.patron_id == patron.id)
    )
    if first == 1:
        _publish(session, actor, patron, CardIssued(card.expires_on), day)
    if charges:
        _given(session, actor, CardGiven(patron, card, ISSUED, day, exemption))
    return card


def renew_card(
    session: Session,
    actor: Actor,
    patron_id: int,
    *,
    on: date | None = None,
    until: date | None = None,
    exemption: int = 0,
) -> PatronCard:
    """Extend the active card by another term, from its end or from today if that is past; or until
    a day. Raises ``Invalid`` for a day the card reaches already."""
    patron = patron_for(session, actor, patron_id, EDIT)
    card = active_card(session, patron.id)
    if card is None:
        raise Refused("card_none_active")
    day = on or clock.today()
    category = session.get_one(PatronCategory, patron.category)
    if until is not None and until <= max(day, card.expires_on):
        raise Invalid("card_renewal_gains_nothing", field="until")
    card.expires_on = until or add_months(max(day, card.expires_on), category.card_months)
    _publish(session, actor, patron, CardRenewed(card.expires_on), day)
    audit(session, actor, "card_renewed", "patron", patron.id)
    _given(session, actor, CardGiven(patron, card, RENEWED, day, exemption))
    return card


def replace_card(
    session: Session,
    actor: Actor,
    patron_id: int,
    *,
    number: str = "",
    reason: str = "lost",
    exemption: int = 0,
) -> PatronCard:
    """Give a new number; the old card is refused from now on and says why."""
    patron = patron_for(session, actor, patron_id, EDIT)
    old = active_card(session, patron.id)
    if old is None:
        raise Refused("card_none_active")
    old.state = "lost" if reason == "lost" else "replaced"
    old.ended_on = clock.today()
    session.flush()
    card = _new_card(session, patron, number, clock.today(), old.expires_on, old.kind)
    _publish(session, actor, patron, CardReplaced(reason), clock.today())
    audit(session, actor, "card_replaced", "patron", patron.id, reason=reason)
    given = CardGiven(patron, card, REPLACED, clock.today(), exemption, lost=reason == "lost")
    _given(session, actor, given)
    return card


def _new_card(
    session: Session, patron: Patron, number: str, day: date, expires_on: date, kind: str
) -> PatronCard:
    key = card_number_key(number) or next_card_number(session, patron.library_id)
    if len(key) > 40:
        raise Invalid("card_number_too_long", field="number")
    if session.get(Barcode, key) is not None:
        raise Invalid("card_number_taken", field="number", number=key)
    if expires_on < day:
        raise Invalid("card_expiry_before_issue", field="expires_on")
    if kind not in CARD_KINDS:
        raise Invalid("card_kind_unknown", field="kind", kind=kind)
    card = PatronCard(
        patron_id=patron.id, number=key, kind=kind, issued_on=day, expires_on=expires_on
    )
    session.add(card)
    session.flush()
    session.add(Barcode(value=key, card_id=card.id))
    session.flush()
    return card


def active_card(session: Session, patron_id: int) -> PatronCard | None:
    """Return the patron's active card."""
    return session.scalar(
        select(PatronCard).where(PatronCard.patron_id == patron_id, PatronCard.state == "active")
    )


def cards_of(session: Session, patron_id: int) -> Sequence[PatronCard]:
    """Return all cards a patron ever had, newest first, also those of records merged into it."""
    return session.scalars(
        select(PatronCard)
        .join(Patron, Patron.id == PatronCard.patron_id)
        .where(or_(Patron.id == patron_id, Patron.merged_into_id == patron_id))
        .order_by(PatronCard.id.desc())
    ).all()


def holder_of(session: Session, card: PatronCard) -> int:
    """Return whose card this is, which a merge of two records may have changed."""
    patron = session.get_one(Patron, card.patron_id)
    return patron.merged_into_id or patron.id


def card_by_number(session: Session, typed: str) -> PatronCard:
    """Return a card by the number typed or scanned. Raises ``NotFound``."""
    found = session.scalar(select(PatronCard).where(PatronCard.number == card_number_key(typed)))
    if found is None:
        raise NotFound("card_unknown", number=typed)
    return found


def _publish(session: Session, actor: Actor, patron: Patron, happened: Event, day: date) -> None:
    category = session.get_one(PatronCategory, patron.category)
    publish_event(
        session,
        actor,
        happened,
        unit_id=patron.branch_id,
        library_id=patron.library_id,
        effective_on=day,
        patron_ref=patron.id,
        age_band=age_band(session, patron, day, category.child),
        sex=patron.sex,
        category=patron.category,
        commune=patron.commune or None,
    )
