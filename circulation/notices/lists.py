"""Notices as lists: of a library with filters, of a patron; and what staff decide about one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, String, cast, func, or_, select
from sqlalchemy.orm import Session

from cataloging.models import Record
from circulation.models import Hold, Loan, Receipt
from circulation.notices.models import Notice, NoticeMessage
from circulation.notices.sending import end_notice, finish, form_for
from circulation.patrons.models import Patron, Registration
from circulation.permissions import HANDLE_NOTICES
from circulation.policies import require_within
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.audit import audit
from ils.core.errors import NotFound, Refused
from ils.printing.listing import Column
from ils.text.filing import filing_key
from ils.text.normal import fold

COLUMNS = (
    Column("planned_on", _l("Day"), "date", "22mm"),
    Column("patron", _l("Patron"), width="1.2fr"),
    Column("kind", _l("Kind of notice"), width="30mm"),
    Column("title", _l("Title"), width="1.6fr"),
    Column("way", _l("Way of telling"), width="24mm"),
    Column("said", _l("State"), width="28mm"),
)
SORTS: dict[str, Any] = {
    "planned_on": Notice.planned_on,
    "patron": Patron.name_key,
    "what": Notice.what,
    "title": Record.title_sort,
}


@dataclass(frozen=True)
class Asked:
    """What is asked of the list: library, state, kind, way, words of name or title, order."""

    library_id: int
    state: str = ""
    what: str = ""
    channel: str = ""
    words: str = ""
    sort: str = ""


def how_many(session: Session, asked: Asked) -> int:
    """Count the notices asked for."""
    return session.scalar(select(func.count()).select_from(_query(asked).subquery())) or 0


def counts(session: Session, library_id: int) -> dict[str, int]:
    """Count the notices of a library by state."""
    rows = session.execute(
        select(Notice.state, func.count(Notice.id))
        .where(Notice.library_id == library_id)
        .group_by(Notice.state)
    )
    return {state: count for state, count in rows.all()}  # noqa: C416 — rows are no mapping


def rows_of(session: Session, asked: Asked, *, limit: int, offset: int = 0) -> list[dict[str, Any]]:
    """Return a page of the notices asked for."""
    column = SORTS.get(asked.sort.removeprefix("-"))
    if column is None:
        order: list[Any] = [Notice.planned_on.desc(), Notice.id.desc()]
    else:
        order = [column.desc() if asked.sort.startswith("-") else column, Notice.id]
    query = _query(asked).order_by(*order).limit(limit).offset(offset)
    return [dict(row._mapping) for row in session.execute(query)]


def told_of(session: Session, patron_id: int, limit: int = 200) -> list[dict[str, Any]]:
    """Return what a patron was and is to be told, newest first."""
    query = _rows().where(Notice.patron_id == patron_id).order_by(Notice.id.desc()).limit(limit)
    return [dict(row._mapping) for row in session.execute(query)]


def _rows() -> Select[*tuple[Any, ...]]:
    record = func.coalesce(Loan.record_id, Hold.record_id)
    return (
        select(
            *(Notice.id, Notice.what, Notice.step, Notice.last_step, Notice.state),
            *(Notice.reason, Notice.planned_on, Notice.ended_at, Notice.about_on),
            *(Notice.message_id, Notice.branch_id, Notice.patron_id),
            func.coalesce(Patron.name, Registration.reference).label("patron"),
            func.coalesce(Record.title, _receipt_number()).label("title"),
            *(NoticeMessage.channel, NoticeMessage.address, NoticeMessage.problem),
            NoticeMessage.next_at,
            NoticeMessage.state.label("message_state"),
        )
        .outerjoin(Patron, Patron.id == Notice.patron_id)
        .outerjoin(Registration, Registration.id == Notice.registration_id)
        .outerjoin(Receipt, Receipt.id == Notice.receipt_id)
        .outerjoin(Loan, Loan.id == Notice.loan_id)
        .outerjoin(Hold, Hold.id == Notice.hold_id)
        .outerjoin(Record, Record.id == record)
        .outerjoin(NoticeMessage, NoticeMessage.id == Notice.message_id)
    )


def _receipt_number() -> Any:
    """Write a receipt as its title: number and year."""
    return cast(Receipt.number, String) + "/" + cast(Receipt.year, String)


def _query(asked: Asked) -> Select[*tuple[Any, ...]]:
    query = _rows().where(Notice.library_id == asked.library_id)
    if asked.state:
        query = query.where(Notice.state == asked.state)
    if asked.what:
        query = query.where(Notice.what == asked.what)
    if asked.channel:
        query = query.where(NoticeMessage.channel == asked.channel)
    if asked.words:
        name = Patron.name_folded.contains(fold(asked.words), autoescape=True)
        title = Record.title_sort.contains(filing_key(asked.words), autoescape=True)
        code = Registration.reference == asked.words.upper()
        query = query.where(or_(name, title, code))
    return query


def message_for(session: Session, actor: Actor, message_id: int) -> NoticeMessage:
    """Return a message of a library the actor works for. Raises ``NotFound``."""
    message = session.get(NoticeMessage, message_id)
    unknown = NotFound("notice_unknown", message_id=message_id)
    if message is None:
        raise unknown
    require_within(session, actor, HANDLE_NOTICES, message.branch_id, unknown)
    return message


def notices_in(session: Session, message_id: int) -> Sequence[Notice]:
    """Return what a message tells."""
    return session.scalars(
        select(Notice).where(Notice.message_id == message_id).order_by(Notice.id)
    ).all()


def decide_unsure(session: Session, actor: Actor, message_id: int, *, went: bool) -> NoticeMessage:
    """Say of a message that may have gone that it did, or let its notices be told anew.

    Told anew they look for a way again; today's message of the same way stays the one it was. One
    that stands alone goes again as it is.
    """
    message = message_for(session, actor, message_id)
    if message.state != "unsure":
        raise Refused("changed_since")
    now = clock.now()
    for notice in notices_in(session, message_id):
        notice.state, notice.ended_at = "planned", None
    session.flush()
    if went:
        finish(session, message, "sent", now)
    elif message.alone or message.patron_id is None:
        message.state, message.next_at, message.ended_at = "waiting", now, None
        session.flush()
    else:
        for notice in notices_in(session, message_id):
            notice.message_id = None
        message.state, message.once = "failed", f"{message.once}:{message.id}"
        session.flush()
        form_for(session, message.patron_id, now)
    audit(session, actor, "notice_decided", "patron", message.patron_id, went=went)
    return message


def drop_notice(session: Session, actor: Actor, notice_id: int) -> Notice:
    """Let a planned notice not be sent."""
    notice = session.get(Notice, notice_id)
    unknown = NotFound("notice_unknown", notice_id=notice_id)
    if notice is None:
        raise unknown
    require_within(session, actor, HANDLE_NOTICES, notice.branch_id, unknown)
    if notice.state != "planned":
        raise Refused("changed_since")
    end_notice(notice, "dropped", "by_staff", clock.now())
    audit(session, actor, "notice_dropped", "patron", notice.patron_id, what=notice.what)
    session.flush()
    return notice
