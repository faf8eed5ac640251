"""Who is to be called today, what to say, and what came of each call."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from circulation.facts import lock
from circulation.notices.models import CALL_RESULTS, NoticeCall, NoticeMessage
from circulation.notices.reach import contact_of, mark_bad
from circulation.notices.sending import fail_message, finish, patrons_of, recheck_message
from circulation.patrons.cards import active_card
from circulation.patrons.models import Patron
from circulation.permissions import HANDLE_NOTICES
from circulation.policies import require_within
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.audit import audit
from ils.core.errors import Invalid, NotFound, Refused
from ils.org.settings import setting
from ils.printing.listing import Column

FURTHEST_PROMISE = 60
COLUMNS_VI = (
    Column("addressee", "Gọi cho", width="1.2fr"),
    Column("phone", "Điện thoại", "code", "28mm"),
    Column("name", "Bạn đọc", width="1.2fr"),
    Column("card", "Số thẻ", "code", "26mm"),
    Column("text", "Nội dung", width="2.6fr"),
    Column("tries", "Đã gọi", "num", "14mm"),
    Column("result", "Kết quả", width="22mm"),
)


@dataclass(frozen=True)
class Call:
    """A call to make: to whom, where, what to say, and how often it was tried."""

    id: int
    patron_id: int
    name: str
    addressee: str
    phone: str
    card: str
    text: str
    tries: int
    last: datetime | None

    def row(self) -> dict[str, Any]:
        """Return the call as a line of a list."""
        return {**vars(self), "result": ""}


def waiting_calls(
    session: Session, library_id: int, today: date, *, limit: int = 500, offset: int = 0
) -> list[Call]:
    """Return the calls to make today, those never tried first."""
    rows = session.scalars(
        _waiting(library_id, today)
        .order_by(NoticeMessage.tries, NoticeMessage.day, NoticeMessage.id)
        .limit(limit)
        .offset(offset)
    ).all()
    return [_call(session, row) for row in rows]


def how_many_calls(session: Session, library_id: int, today: date) -> int:
    """Count the calls to make today."""
    query = _waiting(library_id, today).with_only_columns(func.count(NoticeMessage.id))
    return session.scalar(query) or 0


def _waiting(library_id: int, today: date) -> Any:
    return select(NoticeMessage).where(
        NoticeMessage.library_id == library_id,
        NoticeMessage.channel == "phone",
        NoticeMessage.state == "waiting",
        NoticeMessage.next_at < clock.at_local(today + timedelta(days=1), 0),
    )


def _call(session: Session, message: NoticeMessage) -> Call:
    patron = session.get_one(Patron, message.patron_id)
    card = active_card(session, patron.id)
    last = session.scalar(
        select(func.max(NoticeCall.at)).where(NoticeCall.message_id == message.id)
    )
    return Call(
        id=message.id,
        patron_id=patron.id,
        name=patron.name,
        addressee=contact_of(session, patron).addressee,
        phone=message.address,
        card=card.number if card else "",
        text=message.body,
        tries=message.tries,
        last=last,
    )


def recheck_calls(session: Session, library_id: int, today: date) -> int:
    """Look again at every call of today before the list is shown; returns how many fell away."""
    ids = session.execute(
        _waiting(library_id, today).with_only_columns(NoticeMessage.id, NoticeMessage.patron_id)
    ).all()
    lock(session, patrons=[patron_id for _id, patron_id in ids if patron_id is not None])
    gone, now = 0, clock.now()
    for message_id, _patron_id in ids:
        message = session.get_one(NoticeMessage, message_id, populate_existing=True)
        gone += message.state == "waiting" and not recheck_message(session, message, now)
    return gone


def record_call(
    session: Session,
    actor: Actor,
    *,
    message_id: int,
    result: str,
    tries: int,
    promised_on: date | None = None,
) -> NoticeMessage:
    """Write down what came of a call; ``tries`` is how many were known, so that none counts twice.

    Reached, or promised for a day: it is told. No answer: tomorrow again, and a letter after some
    tries. A wrong number is not called again; the notice goes its next way. Raises ``Refused``
    where somebody called meanwhile.
    """
    if result not in CALL_RESULTS:
        raise Invalid("call_result_unknown", field="result")
    message = call_for(session, actor, message_id)
    lock(session, patrons=patrons_of(message))
    session.refresh(message)
    if message.state != "waiting" or message.tries != tries:
        raise Refused("changed_since")
    now = clock.now()
    today = clock.local_day(now)
    promise = _promise(result, promised_on, today)
    session.add(
        NoticeCall(
            message_id=message.id,
            at=now,
            by=actor.staff_id,
            result=result,
            promised_on=promise,
        )
    )
    message.tries += 1
    if result in ("reached", "promised"):
        finish(session, message, "sent", now)
    elif result == "wrong_number":
        mark_bad(session, message.patron_id or 0, "phone", message.address)
        fail_message(session, message, now)
    elif message.tries >= int(setting(session, message.branch_id, "notices.calls")):
        fail_message(session, message, now)
    else:
        message.next_at = clock.at_local(today + timedelta(days=1), 0)
    audit(session, actor, "notice_call", "patron", message.patron_id, result=result)
    session.flush()
    return message


def _promise(result: str, promised_on: date | None, today: date) -> date | None:
    if result != "promised":
        return None
    furthest = today + timedelta(days=FURTHEST_PROMISE)
    if promised_on is None or not today <= promised_on <= furthest:
        raise Invalid("call_promise_day", field="promised_on")
    return promised_on


def call_for(session: Session, actor: Actor, message_id: int) -> NoticeMessage:
    """Return a call of a library the actor works for. Raises ``NotFound``."""
    message = session.get(NoticeMessage, message_id)
    unknown = NotFound("notice_unknown", message_id=message_id)
    if message is None or message.channel != "phone":
        raise unknown
    require_within(session, actor, HANDLE_NOTICES, message.branch_id, unknown)
    return message


def calls_of(session: Session, message_ids: Sequence[int]) -> dict[int, list[NoticeCall]]:
    """Return the calls made for messages."""
    found: dict[int, list[NoticeCall]] = {}
    query = select(NoticeCall).where(NoticeCall.message_id.in_(message_ids))
    for row in session.scalars(query.order_by(NoticeCall.id)):
        found.setdefault(row.message_id, []).append(row)
    return found
