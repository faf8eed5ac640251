"""Registering from the public site: sent by anybody, counted for nothing until staff confirm it.

What is sent waits as a row beside the patrons. At the desk, paper in hand, it becomes a patron and
a card, or is declined with a reason. What nobody came for is erased. The public page never tells
whether somebody is registered already; staff see who may be the same person.
"""

import secrets
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from circulation.notices.answers import answer_declined, answer_registered
from circulation.patrons.cards import issue_card
from circulation.patrons.consent import notice_for
from circulation.patrons.models import Patron, PatronCard, Registration
from circulation.patrons.patrons import (
    EDIT,
    PLAIN,
    PatronFacts,
    age_of,
    normal_phone,
    register_patron,
)
from circulation.rules.consent import LENDING, givers_needed
from ils.accounts import guessing
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.audit import audit
from ils.core.errors import Invalid, NotFound, Refused
from ils.org.models import OrgUnit
from ils.org.settings import setting
from ils.org.units import library_of, place, unit
from ils.text.normal import clean

REALM = "register"
SENT = tuple(name for name in PLAIN if name not in ("name", "category", "note"))
_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # none that are read for another


def send_registration(session: Session, facts: PatronFacts, *, address: str = "") -> Registration:
    """Take a registration from the public site.

    Raises ``Invalid`` naming the box that is wrong, ``Refused('sign_in_wait')`` where many were
    sent for one person, or from one address, in a short time.
    """
    branch = unit(session, facts.branch_id)
    library = library_of(session, branch.id)
    if branch.kind not in ("branch", "point") or not setting(session, branch.id, "patrons.online"):
        raise Refused("registration_closed")
    _check(session, facts, library.id)
    who = f"{clean(facts.name)} {facts.born_on or facts.born_year}"
    guessing.require_may_try(session, REALM, who, f"{REALM} {address}")
    guessing.note_failure(session, REALM, who, f"{REALM} {address}")
    days = int(setting(session, library.id, "patrons.registration_days"))
    notice = notice_for(session, branch.id)
    row = Registration(
        reference="".join(secrets.choice(_LETTERS) for _ in range(6)),
        library_id=library.id,
        branch_id=branch.id,
        name=clean(facts.name)[:120],
        facts=_sent(facts) | {"notice_id": notice.id, "text_sha256": notice.sha256},
        expires_on=clock.today() + timedelta(days=days),
        sent_at=clock.now(),
    )
    session.add(row)
    session.flush()
    return row


def _check(session: Session, facts: PatronFacts, library_id: int) -> None:
    if len(clean(facts.name)) < 2:
        raise Invalid("name_missing", field="name")
    today = clock.today()
    if facts.born_on is None and facts.born_year is None:
        raise Invalid("birth_missing", field="born_on")
    if facts.born_on and not date(1900, 1, 1) <= facts.born_on <= today:
        raise Invalid("birth_date_impossible", field="born_on")
    age = age_of(facts.born_on, facts.born_year, today)
    child = age is not None and age < int(setting(session, library_id, "patrons.child_below"))
    if child and not clean(facts.guardian_name):
        raise Invalid("guardian_missing", field="guardian_name")
    phone = normal_phone(facts.guardian_phone if child else facts.phone)
    if len(phone) < 9 and "@" not in facts.email:
        raise Invalid("reach_missing", field="guardian_phone" if child else "phone")
    needed = givers_needed(age, child=child)
    if "self" in needed and not facts.consent:
        raise Invalid("consent_unsaid", field="consent")
    if "guardian" in needed and not facts.guardian_consent:
        raise Invalid("consent_unsaid", field="guardian_consent")


def _sent(facts: PatronFacts) -> dict[str, Any]:
    """Return what is kept of a registration. An identity number is not taken over the line."""
    kept: dict[str, Any] = {}
    for name in SENT:
        value = getattr(facts, name)
        kept[name] = clean(value) if isinstance(value, str) else value
    kept["born_on"] = facts.born_on.isoformat() if facts.born_on else None
    kept["consent"] = facts.consent
    kept["guardian_consent"] = bool(facts.guardian_consent)
    kept["purposes"] = list(facts.purposes)
    return kept


def facts_of(row: Registration) -> PatronFacts:
    """Return what was sent, for the form in which staff confirm it."""
    kept = dict(row.facts)
    born = kept.get("born_on")
    known = {name: kept[name] for name in SENT if name in kept and name != "born_on"}
    return PatronFacts(
        name=row.name,
        category="",
        branch_id=row.branch_id,
        born_on=date.fromisoformat(born) if born else None,
        consent=bool(kept.get("consent")),
        guardian_consent=bool(kept.get("guardian_consent")),
        purposes=tuple(kept.get("purposes", ())),
        **known,
    )


def registration_for(session: Session, actor: Actor, registration_id: int) -> Registration:
    """Return a registration the actor may decide on. Raises ``NotFound``."""
    row = session.get(Registration, registration_id)
    if row is None or not actor.can(EDIT, place(session, row.branch_id).path):
        raise NotFound("registration_unknown")
    return row


def find_registrations(
    session: Session, actor: Actor, *, state: str = "waiting", limit: int = 50, offset: int = 0
) -> tuple[int, Sequence[Registration]]:
    """Return how many registrations of a state the actor may decide on, and a page of them,
    those that have waited longest first."""
    paths = actor.scope_paths(EDIT) or ["?"]
    query = (
        select(Registration)
        .join(OrgUnit, OrgUnit.id == Registration.branch_id)
        .where(or_(*(OrgUnit.path.startswith(path) for path in paths)))
        .where(Registration.state == state)
    )
    total = session.scalar(query.with_only_columns(func.count(Registration.id))) or 0
    order = Registration.id if state == "waiting" else Registration.id.desc()
    return total, session.scalars(query.order_by(order).limit(limit).offset(offset)).all()


def confirm_registration(
    session: Session,
    actor: Actor,
    registration_id: int,
    facts: PatronFacts,
    *,
    paper_seen: bool,
    card_number: str = "",
) -> tuple[Patron, PatronCard]:
    """Make a patron with a card of a registration, as corrected with the person's paper in hand.

    Consents count from when they were sent, where nothing was agreed to beyond. Raises ``Refused`` where it was decided already or
    no paper was seen.
    """
    row = _waiting(session, actor, registration_id)
    if not paper_seen:
        raise Invalid("paper_unseen", field="paper_seen")
    sent = facts_of(row)
    same_text = row.facts.get("text_sha256") == notice_for(session, row.branch_id).sha256
    by_sender = facts.consent == sent.consent and facts.guardian_consent == sent.guardian_consent
    online = same_text and by_sender and set(facts.purposes) <= {LENDING, *sent.purposes}
    patron = register_patron(
        session,
        actor,
        facts,
        consent_channel="opac" if online else "desk",
        consent_at=row.sent_at if online else None,
    )
    card = issue_card(session, actor, patron.id, number=card_number)
    row.patron_id = patron.id
    _decide(session, actor, row, "confirmed")
    answer_registered(session, row, card)
    return patron, card


def decline_registration(
    session: Session, actor: Actor, registration_id: int, reason: str, *, tell: bool = True
) -> bool:
    """Decline a registration with a reason; what was sent is erased at once.

    ``tell`` sends the reason to the person; returns whether there is a way to do so.
    """
    row = _waiting(session, actor, registration_id)
    if not clean(reason).strip():
        raise Invalid("decline_reason_missing", field="reason")
    row.reason = clean(reason).strip()[:250]
    told = tell and answer_declined(session, row, facts_of(row))
    _decide(session, actor, row, "declined")
    return told


def _waiting(session: Session, actor: Actor, registration_id: int) -> Registration:
    row = registration_for(session, actor, registration_id)
    session.refresh(row, with_for_update=True)
    if row.state != "waiting":
        raise Refused("registration_decided", state=row.state)
    return row


def _decide(session: Session, actor: Actor, row: Registration, state: str) -> None:
    row.state, row.decided_at, row.decided_by = state, clock.now(), actor.staff_id
    _erase(row)
    session.flush()
    audit(session, actor, f"registration_{state}", "registration", row.id, patron=row.patron_id)


def _erase(row: Registration) -> None:
    """Take the person out of the row; that something was sent, when and what came of it stays."""
    row.facts, row.name = {}, ""


def expire_registrations(session: Session, now: datetime | None = None) -> int:
    """Erase what nobody came for in time; returns how many."""
    day = clock.local_day(now or clock.now())
    rows = session.scalars(
        select(Registration).where(Registration.state == "waiting", Registration.expires_on < day)
    ).all()
    for row in rows:
        row.state, row.decided_at = "expired", now or clock.now()
        _erase(row)
    return len(rows)
