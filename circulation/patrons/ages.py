"""Who has outgrown a kind of patrons: proposed by age, changed when a person says so, one act.

A kind says up to which age it fits; a kind of children without such an age fits up to the
library's age of children. Price and term of the new kind hold from the next card or renewal on.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from circulation.patrons.batch_models import PatronBatch
from circulation.patrons.batches import Batch
from circulation.patrons.models import Patron, PatronCard, PatronCategory
from circulation.patrons.patrons import EDIT, PatronFacts, age_of, age_on
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.errors import Invalid
from ils.org.models import OrgUnit
from ils.org.settings import setting


@dataclass(frozen=True)
class Outgrown:
    """A patron older than their kind allows; ``then`` is the kind that follows, if one is named."""

    patron: Patron
    card: PatronCard | None
    age: int
    kind: PatronCategory
    then: PatronCategory | None


@dataclass(frozen=True)
class TooOld:
    """Somebody to be registered is older than the kind chosen allows: whole years, the last age
    at which it fits, and the kind that follows, if one is named."""

    age: int
    last_age: int
    kind: PatronCategory
    then: PatronCategory | None


def too_old_for(session: Session, facts: PatronFacts, library_id: int) -> TooOld | None:
    """Tell whether the kind chosen at registering is one for younger people; the clerk decides."""
    kinds = {kind.code: kind for kind in session.scalars(select(PatronCategory))}
    kind = kinds.get(facts.category)
    age = age_of(facts.born_on, facts.born_year, clock.today())
    last_age = _last_ages(session, kinds, library_id).get(facts.category)
    if kind is None or age is None or last_age is None or age <= last_age:
        return None
    return TooOld(age, last_age, kind, _fitting(kinds, kind, age))


def kind_offered(session: Session, age: int | None, library_id: int) -> str:
    """Return the kind to offer for an age: the first of children or of others that fits it."""
    below = int(setting(session, library_id, "patrons.child_below"))
    child = age is not None and age < below
    by_order = select(PatronCategory).order_by(PatronCategory.order)
    kinds = {kind.code: kind for kind in session.scalars(by_order)}
    first = next((kind for kind in kinds.values() if kind.child == child), None)
    last_age = _last_ages(session, kinds, library_id)
    if first is None or age is None or age <= last_age.get(first.code, age):
        return first.code if first else ""
    return (_fitting(kinds, first, age) or first).code


def _last_ages(
    session: Session, kinds: dict[str, PatronCategory], library_id: int
) -> dict[str, int]:
    """Return the last age at which each kind fits, of those that end with an age."""
    child_below = int(setting(session, library_id, "patrons.child_below"))
    return {
        kind.code: kind.to_age if kind.to_age is not None else child_below - 1
        for kind in kinds.values()
        if kind.to_age is not None or kind.child
    }


def outgrown(
    session: Session, actor: Actor, patron_ids: Collection[int] | None = None
) -> Sequence[Outgrown]:
    """Return who has outgrown their kind today, by name."""
    kinds = {kind.code: kind for kind in session.scalars(select(PatronCategory))}
    last_age = _last_ages(session, kinds, actor.library_id or 0)
    query = (
        select(Patron, PatronCard)
        .join(OrgUnit, OrgUnit.id == Patron.branch_id)
        .outerjoin(PatronCard, (PatronCard.patron_id == Patron.id) & (PatronCard.state == "active"))
        .where(Patron.library_id == actor.library_id, Patron.deleted_at.is_(None))
        .where(Patron.category.in_(last_age))
        .where(or_(Patron.born_on.is_not(None), Patron.born_year.is_not(None)))
        .where(or_(*(OrgUnit.path.startswith(p) for p in actor.scope_paths(EDIT) or ["?"])))
        .order_by(Patron.name_key, Patron.id)
    )
    if patron_ids is not None:
        query = query.where(Patron.id.in_(patron_ids))
    today, found = clock.today(), []
    for patron, card in session.execute(query):
        age = age_on(patron, today)
        if age is not None and age > last_age[patron.category]:
            kind = kinds[patron.category]
            found.append(Outgrown(patron, card, age, kind, _fitting(kinds, kind, age)))
    return found


def _fitting(
    kinds: dict[str, PatronCategory], kind: PatronCategory, age: int
) -> PatronCategory | None:
    """Return the first kind along the chain that fits the age: a child of 19 is no pupil either."""
    seen = {kind.code}
    following = kinds.get(kind.next_code or "")
    while following is not None and following.code not in seen:
        if following.to_age is None or age <= following.to_age:
            return following
        seen.add(following.code)
        following = kinds.get(following.next_code or "")
    return None


def change_kinds(
    session: Session, actor: Actor, patron_ids: Collection[int], *, otherwise: str = ""
) -> PatronBatch:
    """Give patrons the kind that follows; ``otherwise`` where none is named.

    Who has not outgrown their kind (any more) is left alone. Raises ``Invalid`` for nobody.
    """
    if not patron_ids:
        raise Invalid("ages_none_chosen", field="patron")
    if otherwise and session.get(PatronCategory, otherwise) is None:
        raise Invalid("category_unknown", field="category")
    batch = Batch.begin(session, actor, "ages")
    changed = 0
    for one in sorted(outgrown(session, actor, patron_ids), key=lambda row: row.patron.id):
        code = one.then.code if one.then is not None else otherwise
        if code and code != one.patron.category:
            batch.change(one.patron, one.patron, category=code)
            changed += 1
    return batch.close(changed=changed)
