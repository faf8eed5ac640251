"""Cards of many renewed: chosen by class, kind, expiry or by scanning; looked at first; one act.

Who is refused, and why, is what stands against the person at the desk, but for the card's own end.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, func, insert, or_, select
from sqlalchemy.orm import Session

from circulation.blocks import patron_blocks
from circulation.journal import plain
from circulation.money.card_fees import annual_fee
from circulation.patrons.batch_models import PatronBatch, PatronBatchRow
from circulation.patrons.batch_runs import Work, counts_of, do_many, rows_of, work_of
from circulation.patrons.batches import Batch
from circulation.patrons.cards import add_months, card_number_key, renew_card
from circulation.patrons.models import Patron, PatronCard, PatronCategory
from circulation.patrons.patrons import EDIT
from circulation.rules.reasons import Reason, reason
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.errors import Invalid
from ils.org.models import OrgUnit

TICKED = 300  # cards shown to be ticked one by one; of more, all are looked at first
CARDS = 20  # judged or renewed in one transaction
READY, RENEWED, REFUSED = "ready", "renewed", "refused"
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


def propose_renewals(
    session: Session,
    actor: Actor,
    choice: Choice,
    until: date | None = None,
    *,
    limit: int | None = None,
) -> list[RenewalRow]:
    """Return the active cards chosen, each with what renewing it would do."""
    if choice.empty:
        return []
    order = (PatronCard.expires_on, Patron.name_key, Patron.id)
    query = _chosen(actor, choice).order_by(*order).limit(limit)
    return [_judged(session, row, until) for row in session.execute(query)]


def count_renewals(session: Session, actor: Actor, choice: Choice) -> int:
    """Return how many active cards are chosen."""
    if choice.empty:
        return 0
    ids = _chosen(actor, choice).with_only_columns(PatronCard.id).subquery()
    return session.scalar(select(func.count()).select_from(ids)) or 0


def unknown_numbers(session: Session, actor: Actor, choice: Choice) -> list[str]:
    """Return the numbers chosen that are no active card of the library."""
    if not choice.numbers:
        return []
    query = _chosen(actor, Choice(numbers=choice.numbers)).with_only_columns(PatronCard.number)
    known = set(session.scalars(query))
    return [one for one in choice.numbers if one not in known]


def _chosen(actor: Actor, choice: Choice) -> Select[Patron, PatronCard, PatronCategory]:
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
    return query


def numbers_in(text: str) -> tuple[str, ...]:
    """Return card numbers pasted or scanned, one after the other, each once."""
    words = text.replace(",", " ").replace(";", " ").split()
    return tuple(dict.fromkeys(card_number_key(word) for word in words))


def _judged(session: Session, chosen: Any, until: date | None) -> RenewalRow:
    """Judge a card: ``chosen`` are its patron, itself and the kind of patron."""
    patron, card, category = chosen
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
) -> PatronBatch:
    """Renew cards, each with its fee as the rates say; who may not is left out and told."""
    chosen = _chosen(actor, Choice()).where(PatronCard.id.in_(card_ids))
    batch = Batch.begin(session, actor, "renewal", plan=_plan(until))
    total = _write_rows(session, batch.row, chosen)
    if not total:
        raise Invalid("cards_none_chosen", field="card", most=TICKED)
    return do_many(session, actor, batch, total)


def look_at_renewals(
    session: Session, actor: Actor, choice: Choice, *, until: date | None = None
) -> PatronBatch:
    """Find out whose of many cards could be renewed, until when and for how much."""
    if choice.empty:
        raise Invalid("cards_none_chosen", field="card", most=TICKED)
    batch = Batch.begin(session, actor, "renewal", plan=_plan(until), state="trying")
    total = _write_rows(session, batch.row, _chosen(actor, choice))
    if not total:
        raise Invalid("cards_none_chosen", field="card", most=TICKED)
    return do_many(session, actor, batch, total)


def _plan(until: date | None) -> dict[str, Any]:
    return {"facts": {"until": until.isoformat() if until else ""}}


def _write_rows(
    session: Session, row: PatronBatch, chosen: Select[Patron, PatronCard, PatronCategory]
) -> int:
    """Write down whose cards are chosen, in the order of the patrons; returns how many."""
    query = chosen.with_only_columns(Patron.id, Patron.name, PatronCard.id).order_by(Patron.id)
    rows = [
        {
            "batch_id": row.id,
            "number": number,
            "patron_id": patron_id,
            "name": name,
            "facts": {"card_id": card_id},
        }
        for number, (patron_id, name, card_id) in enumerate(session.execute(query), start=1)
    ]
    if rows:
        session.execute(insert(PatronBatchRow), rows)
    return len(rows)


@work_of("renewal")
class RenewalWork(Work):
    """Cards of many: judged one by one, and renewed where nothing stands against it."""

    def __init__(self, _session: Session, _actor: Actor, row: PatronBatch) -> None:
        typed = row.plan["facts"]["until"]
        self.until = date.fromisoformat(typed) if typed else None

    @classmethod
    def begin(cls, _session: Session, _row: PatronBatch) -> None:
        """Keep the rows: they say whose cards were chosen."""

    def part(self, batch: Batch) -> bool:
        """Judge the next cards and renew those that may be."""
        session, row = batch.session, batch.row
        rows = rows_of(session, row.id, limit=CARDS, offset=row.done_to)
        for one in rows:
            query = _chosen(batch.actor, Choice()).where(PatronCard.id == one.facts["card_id"])
            found = session.execute(query).first()
            judged = _judged(session, found, self.until) if found is not None else None
            if judged is not None and not judged.against and row.state == "running":
                one.facts = self._renew(batch, judged)
                one.what = RENEWED
            else:
                one.what = READY if judged is not None and not judged.against else REFUSED
                one.facts = _told(judged) | {"card_id": one.facts["card_id"]}
        row.done_to += len(rows)
        return row.done_to < row.total

    def _renew(self, batch: Batch, judged: RenewalRow) -> dict[str, Any]:
        patron, told = judged.patron, _told(judged)
        batch.begin_money(patron)
        old = judged.card.expires_on.isoformat()
        card = renew_card(batch.session, batch.actor, patron.id, until=self.until)
        new = card.expires_on.isoformat()
        batch.note(patron, ["patron_card", card.id, {"expires_on": [old, new]}])
        asked = sum(line.amount for line in batch.end_money(patron))
        return told | {"card_id": card.id, "amount": asked}

    def figures(self, session: Session, row: PatronBatch) -> dict[str, Any]:
        """Count what is renewed or could be, and add the fees up."""
        counts = counts_of(session, row.id)
        told = {what: counts[what] for what in (READY, RENEWED, REFUSED) if counts[what]}
        good = rows_of(session, row.id, what=(READY, RENEWED))
        return told | {"charged": sum(one.facts.get("amount", 0) for one in good)}


def _told(judged: RenewalRow | None) -> dict[str, Any]:
    """Return what is stored of a card judged: days, fee, and reasons as code and facts."""
    if judged is None:
        return {"against": [["card_none_active", {}]]}
    return {
        "number": judged.card.number,
        "was": judged.card.expires_on.isoformat(),
        "until": judged.until.isoformat(),
        "amount": judged.amount,
        "exempt": judged.exempt,
        "against": [[one.code, plain(one.facts)] for one in judged.against],
    }
