"""Registering patrons and keeping what is known of them right.

A patron belongs to one library. Names are one string (Vietnamese order); lists are filed by the
given name. Sources: docs/circulation.md; for children's consent, the personal-data law.
"""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, aliased

import circulation.patrons.settings  # noqa: F401 — declares them
from circulation.patrons.models import Patron, PatronCard, PatronCategory
from circulation.rules.consent import GUARDIAN, LENDING, SELF, givers_needed
from ils.accounts.actor import Actor
from ils.accounts.permissions import declare_permission
from ils.core import clock
from ils.core.audit import audit
from ils.core.config import config
from ils.core.errors import Invalid, NotFound
from ils.core.events import REFERENCES
from ils.org.models import OrgUnit
from ils.org.settings import setting
from ils.org.units import library_of, place, unit
from ils.text.filing import name_key
from ils.text.normal import clean, fold

EDIT = declare_permission("patrons:patron:edit", "Register and change patrons")
VIEW = declare_permission("patrons:patron:view", "See patrons")
PASSWORD = declare_permission("patrons:patron:password", "Set patrons' passwords")


@dataclass(frozen=True)
class PatronFacts:
    """What a registration says. Empty text and None mean 'not told'."""

    name: str
    category: str
    branch_id: int
    born_on: date | None = None
    born_year: int | None = None
    sex: str | None = None
    ethnicity: str = ""
    occupation: str = ""
    school: str = ""
    school_class: str = ""
    school_year: str = ""
    student_code: str = ""
    commune: str = ""
    address: str = ""
    phone: str = ""
    email: str = ""
    id_number: str = field(default="", repr=False)
    guardian_name: str = ""
    guardian_phone: str = ""
    guardian_card: str = ""
    language: str = "vi"
    note: str = ""
    consent: bool = False
    guardian_consent: bool | None = None  # None: as the patron's own, on one signed form
    purposes: tuple[str, ...] = (LENDING,)


_APART = ("id_number", "branch_id", "guardian_card", "consent", "guardian_consent", "purposes")
PLAIN = tuple(f.name for f in fields(PatronFacts) if f.name not in _APART)


def register_patron(
    session: Session,
    actor: Actor,
    facts: PatronFacts,
    *,
    on: date | None = None,
    consent_channel: str | None = None,
    consent_at: datetime | None = None,
) -> Patron:
    """Register a patron at the library of a branch; the card is issued apart.

    A guardian who is a patron is named by card and becomes the child's family. Consents are
    recorded as said. Raises ``Invalid`` naming the box that is wrong; a child needs a guardian.
    """
    branch = unit(session, facts.branch_id)
    actor.require(EDIT, branch)
    patron = Patron(
        library_id=library_of(session, branch.id).id,
        branch_id=branch.id,
        registered_on=on or clock.today(),
    )
    _fill(session, actor, patron, facts)
    session.add(patron)
    session.flush()
    _agree(session, actor, patron, facts, consent_channel, consent_at)
    return patron


def change_patron(session: Session, actor: Actor, patron_id: int, facts: PatronFacts) -> Patron:
    """Change what is known of a patron; the names of changed boxes go into the audit log."""
    patron = patron_for(session, actor, patron_id, EDIT)
    before = {name: getattr(patron, name) for name in PLAIN}
    branch = unit(session, facts.branch_id)
    if library_of(session, branch.id).id != patron.library_id:
        raise Invalid("branch_of_other_library", field="branch_id")
    patron.branch_id = branch.id
    _fill(session, actor, patron, facts)
    session.flush()
    if patron.consent_at is None:
        _agree(session, actor, patron, facts)
    changed = sorted(name for name in PLAIN if before[name] != getattr(patron, name))
    audit(session, actor, "patron_changed", "patron", patron.id, boxes=changed)
    return patron


def _fill(session: Session, actor: Actor, patron: Patron, facts: PatronFacts) -> None:
    guardian = _guardian(session, actor, patron, facts)
    name = clean(facts.name)
    if not name:
        raise Invalid("name_missing", field="name")
    category = session.get(PatronCategory, facts.category)
    if category is None:
        raise Invalid("category_unknown", field="category")
    if facts.born_on and not date(1900, 1, 1) <= facts.born_on <= clock.today():
        raise Invalid("birth_date_impossible", field="born_on")
    if category.child and not clean(facts.guardian_name) and guardian is None:
        raise Invalid("guardian_missing", field="guardian_name")
    for box in PLAIN:
        value = getattr(facts, box)
        setattr(patron, box, clean(value) if isinstance(value, str) else value)
    patron.sex = facts.sex or None
    patron.name = name
    patron.name_key = name_key(name)[:250]
    patron.name_folded = fold(name)[:120]
    patron.phone = normal_phone(facts.phone)
    patron.born_year = facts.born_on.year if facts.born_on else facts.born_year
    if facts.id_number.strip():
        patron.id_number_masked, patron.id_number_hash = masked_id(facts.id_number)
    if guardian is not None:
        patron.guardian_id = guardian.id
        patron.guardian_name = patron.guardian_name or guardian.name
        patron.guardian_phone = patron.guardian_phone or guardian.phone
    patron.guardian_phone = normal_phone(patron.guardian_phone)


def _guardian(session: Session, actor: Actor, patron: Patron, facts: PatronFacts) -> Patron | None:
    """Return the patron whose card was given as the guardian's, if one was."""
    number = "".join(facts.guardian_card.split()).upper()
    if not number:
        return None
    guardian_id = session.scalar(
        select(func.coalesce(Patron.merged_into_id, Patron.id))
        .join(PatronCard, PatronCard.patron_id == Patron.id)
        .where(PatronCard.number == number)
    )
    if guardian_id is None:
        raise Invalid("guardian_card_unknown", field="guardian_card", number=number)
    guardian = patron_for(session, actor, guardian_id)
    if guardian.id == patron.id or guardian.guardian_id is not None:
        raise Invalid("guardian_is_child", field="guardian_card")
    return guardian


def _agree(
    session: Session,
    actor: Actor,
    patron: Patron,
    facts: PatronFacts,
    channel: str | None = None,
    at: datetime | None = None,
) -> None:
    """Record the consents a form says; one tick on an old form stands for all who had to sign."""
    from circulation.patrons.consent import record_consent  # it needs this module's patrons

    category = session.get_one(PatronCategory, patron.category)
    today = clock.today()
    child = is_child(session, patron, today, category_is_child=category.child)
    by_guardian = facts.consent if facts.guardian_consent is None else facts.guardian_consent
    said = {SELF: facts.consent, GUARDIAN: by_guardian}
    givers = [one for one in givers_needed(age_on(patron, today), child=child) if said[one]]
    if givers:
        record_consent(
            session,
            actor,
            patron,
            givers=givers,
            purposes=facts.purposes,
            channel=channel,
            at=at,
        )


# Mobile prefixes that became ten digits in September 2018: old prefix → new.
_OLD_MOBILES = {
    **{f"016{d}": f"03{d}" for d in "23456789"},
    **{"0120": "070", "0121": "079", "0122": "077", "0126": "076", "0128": "078"},
    **{"0123": "083", "0124": "084", "0125": "085", "0127": "081", "0129": "082"},
    **{"0186": "056", "0188": "058", "0199": "059"},
}


def normal_phone(typed: str) -> str:
    """Return a telephone number as digits, national form; old 11-digit mobiles are renewed."""
    digits = "".join(c for c in typed if c.isdigit() or c == "+")
    if digits.startswith("+84"):
        digits = "0" + digits[3:]
    digits = digits.replace("+", "")
    if len(digits) == 11 and digits[:4] in _OLD_MOBILES:
        return _OLD_MOBILES[digits[:4]] + digits[4:]
    return digits[:20]


def masked_id(number: str) -> tuple[str, str]:
    """Return an identity number as shown (last three digits) and its keyed hash for finding."""
    digits = "".join(c for c in number if c.isalnum()).upper()
    key = config().secret_key.encode()
    digest = hmac.new(key, digits.encode(), hashlib.sha256).hexdigest()
    return "•" * max(0, len(digits) - 3) + digits[-3:], digest


def event_ref(session: Session, patron_id: int) -> int:
    """Return the number that stands for a patron in the event log."""
    patron = session.get(Patron, patron_id)
    return patron_id if patron is None or patron.event_ref is None else patron.event_ref


REFERENCES[:] = [event_ref]


def patron_for(session: Session, actor: Actor, patron_id: int, permission: str = VIEW) -> Patron:
    """Return a patron the actor may deal with. Raises ``NotFound`` outside the actor's scope."""
    patron = session.get(Patron, patron_id)
    if patron is None or patron.deleted_at is not None:
        raise NotFound("patron_unknown")
    if not actor.can(permission, place(session, patron.branch_id).path):
        raise NotFound("patron_unknown")
    return patron


def age_on(patron: Patron, day: date) -> int | None:
    """Return a patron's age in whole years on a day; by year of birth where the day is unknown."""
    return age_of(patron.born_on, patron.born_year, day)


def age_of(born: date | None, born_year: int | None, day: date) -> int | None:
    """Return an age in whole years on a day, None where neither date nor year is known."""
    if born:
        return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
    return day.year - born_year if born_year else None


def age_band(session: Session, patron: Patron, day: date, category_is_child: bool) -> str:
    """Return ``child`` or ``adult`` on a day, by the age limit in force at the library."""
    child = is_child(session, patron, day, category_is_child=category_is_child)
    return "child" if child else "adult"


def is_child(session: Session, patron: Patron, day: date, *, category_is_child: bool) -> bool:
    """Tell whether a patron counts as a child on a day, by age; by category where it is unknown."""
    age = age_on(patron, day)
    if age is None:
        return category_is_child
    return age < int(setting(session, patron.library_id, "patrons.child_below"))


@dataclass(frozen=True)
class FoundPatron:
    """A line of a list of patrons."""

    patron: Patron
    card: PatronCard | None


def find_patrons(
    session: Session,
    actor: Actor,
    words: str = "",
    *,
    category: str = "",
    branch_id: int | None = None,
    limit: int = 50,
    offset: int = 0,
) -> tuple[Sequence[FoundPatron], int]:
    """Find patrons in the actor's scope by card, telephone, identity number or name.

    Words match names with or without marks, in any order. Returns one page and the exact total,
    in order of given names.
    """
    query = (
        select(Patron, PatronCard)
        .join(OrgUnit, OrgUnit.id == Patron.branch_id)
        .outerjoin(PatronCard, (PatronCard.patron_id == Patron.id) & (PatronCard.state == "active"))
        .where(Patron.deleted_at.is_(None))
        .where(or_(*(OrgUnit.path.startswith(p) for p in actor.scope_paths(VIEW) or ["?"])))
    )
    query = _matching(query, clean(words))
    if category:
        query = query.where(Patron.category == category)
    if branch_id:
        query = query.where(Patron.branch_id == branch_id)
    total = session.scalar(
        select(func.count()).select_from(
            query.with_only_columns(Patron.id).order_by(None).subquery()
        )
    )
    rows = session.execute(query.order_by(Patron.name_key, Patron.id).limit(limit).offset(offset))
    return [FoundPatron(patron, card) for patron, card in rows], total or 0


def _matching(query: Any, words: str) -> Any:
    if not words:
        return query
    compact = words.replace(" ", "").replace(".", "")
    if any(c.isdigit() for c in compact):
        clauses = [
            PatronCard.number.startswith(compact.upper()),
            Patron.id.in_(_holders_of([words.replace(" ", "").upper(), compact.upper()])),
        ]
        if len(compact) >= 6 and compact.lstrip("+").isdigit():
            clauses += [Patron.phone == normal_phone(compact)]
            clauses += [Patron.guardian_phone == normal_phone(compact)]
            clauses += [Patron.id_number_hash == masked_id(compact)[1]]
        return query.where(or_(*clauses))
    for word in fold(words).split():
        query = query.where(Patron.name_folded.contains(word, autoescape=True))
    return query


def _holders_of(numbers: Sequence[str]) -> Any:
    """SQL: whose card this is or was, also where it belonged to a record merged into theirs."""
    registered = aliased(Patron)
    return (
        select(func.coalesce(registered.merged_into_id, registered.id))
        .join(PatronCard, PatronCard.patron_id == registered.id)
        .where(PatronCard.number.in_(numbers))
    )


def likely_same(session: Session, facts: PatronFacts, library_id: int) -> list[Patron]:
    """Return registered patrons who may be the same person: name without marks, and the birth
    date, telephone or identity number."""
    hints: list[ColumnElement[bool]] = []
    if facts.born_on:
        hints.append(Patron.born_on == facts.born_on)
    if facts.phone.strip():
        hints.append(Patron.phone == normal_phone(facts.phone))
    same_name = Patron.name_folded == fold(clean(facts.name))
    clauses: list[ColumnElement[bool]] = [same_name & or_(*hints)] if hints else []
    if facts.id_number.strip():
        clauses.append(Patron.id_number_hash == masked_id(facts.id_number)[1])
    if not clauses:
        return []
    query = select(Patron).where(Patron.deleted_at.is_(None), Patron.library_id == library_id)
    return list(session.scalars(query.where(or_(*clauses)).limit(5)))
