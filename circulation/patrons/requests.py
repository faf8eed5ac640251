"""Requests of persons about their data: to correct, erase, restrict, object; answered in time."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from circulation.patrons.models import REQUEST_KINDS, Patron, PersonRequest
from circulation.patrons.patrons import EDIT, patron_for
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.audit import audit
from ils.core.errors import Invalid, NotFound, Refused
from ils.org.models import OrgUnit
from ils.org.settings import setting
from ils.text.normal import clean

MOST_OPEN = 5  # of one person


def ask(session: Session, actor: Actor, patron: Patron, kind: str, text: str) -> PersonRequest:
    """Write down a request of a patron, from their account or told at the desk."""
    if kind not in REQUEST_KINDS:
        raise Invalid("request_kind_unknown", field="kind")
    if not clean(text).strip() and kind in ("correct", "other"):
        raise Invalid("request_text_missing", field="text")
    count = select(func.count(PersonRequest.id)).where(
        PersonRequest.patron_id == patron.id, PersonRequest.state == "open"
    )
    if (session.scalar(count) or 0) >= MOST_OPEN:
        raise Refused("requests_too_many")
    days = int(setting(session, patron.library_id, "patrons.request_days"))
    row = PersonRequest(
        patron_id=patron.id,
        kind=kind,
        text=clean(text).strip()[:4000],
        channel=actor.channel,
        due_on=clock.today() + timedelta(days=days),
        asked_at=clock.now(),
    )
    session.add(row)
    session.flush()
    audit(session, actor, "request_asked", "patron", patron.id, kind=kind)
    return row


def ask_at_desk(
    session: Session, actor: Actor, patron_id: int, kind: str, text: str
) -> PersonRequest:
    """Write down a request told at the desk."""
    return ask(session, actor, patron_for(session, actor, patron_id, EDIT), kind, text)


def requests_of(session: Session, patron_id: int) -> Sequence[PersonRequest]:
    """Return a patron's requests, newest first."""
    return session.scalars(
        select(PersonRequest)
        .where(PersonRequest.patron_id == patron_id)
        .order_by(PersonRequest.id.desc())
    ).all()


def find_requests(
    session: Session, actor: Actor, *, state: str = "open", limit: int = 50, offset: int = 0
) -> tuple[int, Sequence[Any]]:
    """Return how many requests of a state there are, and a page of them, the most urgent first."""
    paths = actor.scope_paths(EDIT) or ["?"]
    query = (
        select(PersonRequest, Patron)
        .join(Patron, Patron.id == PersonRequest.patron_id)
        .join(OrgUnit, OrgUnit.id == Patron.branch_id)
        .where(or_(*(OrgUnit.path.startswith(path) for path in paths)))
        .where(PersonRequest.state == state)
    )
    total = session.scalar(query.with_only_columns(func.count(PersonRequest.id))) or 0
    order = (PersonRequest.due_on, PersonRequest.id)
    return total, session.execute(query.order_by(*order).limit(limit).offset(offset)).all()


def answer_request(
    session: Session, actor: Actor, request_id: int, *, done: bool, answer: str
) -> PersonRequest:
    """Close a request: done, or refused with a reason the person is shown."""
    row = session.get(PersonRequest, request_id)
    if row is None:
        raise NotFound("request_unknown")
    patron_for(session, actor, row.patron_id, EDIT)
    if row.state != "open":
        raise Refused("request_closed")
    if not done and not clean(answer).strip():
        raise Invalid("request_answer_missing", field="answer")
    row.state = "done" if done else "refused"
    row.answer = clean(answer).strip()[:4000]
    row.decided_at, row.decided_by = clock.now(), actor.staff_id
    audit(session, actor, "request_answered", "patron", row.patron_id, done=done, kind=row.kind)
    return row
