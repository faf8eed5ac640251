"""People who are registered twice: found by name without marks and birth date (weaker: its year),
telephone or identity number.

A pair that somebody looked at and found to be two people is not shown again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, or_, select, union
from sqlalchemy.orm import Session, aliased

from circulation.patrons.merge import MERGE
from circulation.patrons.models import Patron, PatronCard, PatronsDistinct
from circulation.patrons.patrons import patron_for
from ils.accounts.actor import Actor
from ils.core.audit import audit
from ils.core.errors import Invalid
from ils.org.models import OrgUnit


@dataclass(frozen=True)
class Pair:
    """Two records that may be one person; ``why`` names what is the same."""

    first: Patron
    second: Patron
    first_card: PatronCard | None
    second_card: PatronCard | None
    why: tuple[str, ...]  # id | born | year (weak) | phone


def likely_pairs(
    session: Session, actor: Actor, *, limit: int = 50, offset: int = 0
) -> tuple[int, Sequence[Pair]]:
    """Return how many likely pairs the actor's libraries have, and a page of them by name."""
    one, two, same = aliased(Patron), aliased(Patron), _same_ids()
    distinct = (
        select(PatronsDistinct.id)
        .where(PatronsDistinct.low_id == one.id, PatronsDistinct.high_id == two.id)
        .exists()
    )
    paths = actor.scope_paths(MERGE) or ["?"]
    query = (
        select(one, two)
        .join(same, same.c.low == one.id)
        .join(two, two.id == same.c.high)
        .join(OrgUnit, OrgUnit.id == one.branch_id)
        .where(~distinct, or_(*(OrgUnit.path.startswith(path) for path in paths)))
    )
    total = session.scalar(query.with_only_columns(func.count())) or 0
    rows = session.execute(
        query.order_by(one.name_key, one.id, two.id).limit(limit).offset(offset)
    ).all()
    cards = _active_cards(session, {p.id for row in rows for p in row})
    return total, [
        Pair(a, b, cards.get(a.id), cards.get(b.id), what_is_same(a, b)) for a, b in rows
    ]


def _same_ids() -> Any:
    """SQL: pairs of ids that may be one person, each found by an index of its own."""
    a, b = aliased(Patron), aliased(Patron)
    pair = (
        select(a.id.label("low"), b.id.label("high"))
        .where(a.id < b.id, a.deleted_at.is_(None), b.deleted_at.is_(None))
        .where(a.library_id - b.library_id == 0)  # not the index of the library: all would match
    )
    by_name = pair.where(a.name_folded == b.name_folded)
    only_year = (a.born_year == b.born_year) & (a.born_on.is_(None) | b.born_on.is_(None))
    same_phone = (a.phone == b.phone) & (a.phone != "")
    by_name = by_name.where((a.born_on == b.born_on) | same_phone | only_year)
    return union(by_name, pair.where(a.id_number_hash == b.id_number_hash)).subquery()


def what_is_same(one: Patron, two: Patron) -> tuple[str, ...]:
    """Return what makes two records look like one person."""
    same_name = one.name_folded == two.name_folded
    found = []
    if one.id_number_hash and one.id_number_hash == two.id_number_hash:
        found.append("id")
    if same_name and one.born_on and one.born_on == two.born_on:
        found.append("born")
    one_day_unknown = one.born_on is None or two.born_on is None
    if same_name and one_day_unknown and one.born_year and one.born_year == two.born_year:
        found.append("year")  # weak: only the year is known of one of them
    if same_name and one.phone and one.phone == two.phone:
        found.append("phone")
    return tuple(found)


def _active_cards(session: Session, ids: set[int]) -> dict[int, PatronCard]:
    query = select(PatronCard).where(PatronCard.patron_id.in_(ids), PatronCard.state == "active")
    return {card.patron_id: card for card in session.scalars(query)}


def not_the_same(session: Session, actor: Actor, one_id: int, two_id: int) -> None:
    """Write down that two records are two people. Doing it twice changes nothing."""
    low, high = sorted((one_id, two_id))
    if low == high:
        raise Invalid("merge_same_record")
    for each in (low, high):
        patron_for(session, actor, each, MERGE)
    known = select(PatronsDistinct.id).where(
        PatronsDistinct.low_id == low, PatronsDistinct.high_id == high
    )
    if session.scalar(known) is None:
        session.add(PatronsDistinct(low_id=low, high_id=high, by=actor.staff_id))
        audit(session, actor, "patrons_distinct", "patron", low, other=high)
