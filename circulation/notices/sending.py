"""From planned notices to messages, and messages on their way.

Three short transactions around each message: it is claimed and re-checked (``sending``), carried
without any transaction, and what became of it is written. Whatever dies in between leaves it in
``sending``; after a while it is ``unsure``, for a person to decide: never twice goes before always.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from circulation.facts import lock
from circulation.notices.carriers import Carrier, Later, Outgoing, RefusedForGood, Unsure
from circulation.notices.compose import write_message
from circulation.notices.models import Notice, NoticeMessage
from circulation.notices.reach import contact_of, mark_bad
from circulation.notices.recheck import why_not
from circulation.patrons.models import Patron
from circulation.policies import branch
from circulation.rules.notices import (
    ASKED_FOR,
    COURTESIES,
    ELECTRONIC,
    may_send,
    next_try,
    way_for,
)
from ils.core import clock
from ils.core.config import config
from ils.core.db import is_sqlite, transaction
from ils.org.settings import setting
from ils.org.units import version_on

DOUBT = timedelta(minutes=10)  # a message in sending for longer may have gone or not
ROUND = 100  # patrons whose messages are formed in one transaction


def form_messages(now: datetime | None = None) -> int:
    """Merge what is planned into messages, a round of patrons at a time; returns how many."""
    made, last = 0, 0
    while True:
        with transaction() as session:
            moment = now or clock.now()
            found = session.scalars(
                select(Notice.patron_id)
                .where(Notice.state == "planned", Notice.message_id.is_(None))
                .where(Notice.planned_on <= clock.local_day(moment), Notice.patron_id > last)
                .distinct()
                .order_by(Notice.patron_id)
                .limit(ROUND)
            ).all()
            ids = [one for one in found if one is not None]
            lock(session, patrons=ids)
            made += sum(form_for(session, one, moment) for one in ids)
        if len(ids) < ROUND:
            return made
        last = ids[-1]


def form_for(session: Session, patron_id: int, now: datetime) -> int:
    """Form the messages of one patron, who is locked; returns how many are new."""
    day = clock.local_day(now)
    notices = session.scalars(
        select(Notice)
        .where(Notice.patron_id == patron_id, Notice.state == "planned")
        .where(Notice.message_id.is_(None), Notice.planned_on <= day)
        .order_by(Notice.id)
        .execution_options(populate_existing=True)
    ).all()
    by_way: dict[tuple[str, int], list[Notice]] = defaultdict(list)
    for notice in notices:
        if reason := why_not(session, notice, day):
            end_notice(notice, "dropped", reason, now)
            continue
        patron = session.get_one(Patron, patron_id)
        contact = contact_of(session, patron, notice.tried.split(",") if notice.tried else ())
        way = way_for(notice.what, contact.reach, last_step=notice.last_step)
        if way.channel is None:
            state = "dropped" if notice.what in COURTESIES | ASKED_FOR else "failed"
            end_notice(notice, state, way.reason, now)
        elif way.channel not in ELECTRONIC or sending_hours(session, notice.branch_id, now):
            by_way[way.channel, notice.library_id].append(notice)
    return sum(_attach(session, way[0], group, now) for way, group in by_way.items())


def _attach(session: Session, channel: str, notices: Sequence[Notice], now: datetime) -> bool:
    """Put notices into the open message of their way, or a new one; tell whether it is new.

    Where today's message of the way is gone already, they wait for tomorrow's.
    """
    patron_id, library_id = notices[0].patron_id, notices[0].library_id
    message = session.scalar(
        select(NoticeMessage).where(
            NoticeMessage.patron_id == patron_id,
            NoticeMessage.library_id == library_id,
            NoticeMessage.channel == channel,
            NoticeMessage.state == "waiting",
            NoticeMessage.alone.is_(False),
        )
    )
    new = message is None
    if message is None:
        day = clock.local_day(now)
        once = f"{patron_id}:{library_id}:{channel}:{day}"
        if session.scalar(select(NoticeMessage.id).where(NoticeMessage.once == once)) is not None:
            return False
        message = NoticeMessage(
            once=once,
            patron_id=patron_id,
            branch_id=notices[0].branch_id,
            library_id=library_id,
            channel=channel,
            day=day,
            state="waiting",
            reference=reference_for(f"{patron_id}.{channel}.{day:%Y%m%d}.{library_id}"),
            next_at=now,
        )
        session.add(message)
        session.flush()
    for notice in notices:
        notice.message_id = message.id
    session.flush()
    recheck_message(session, message, now)
    return new


def stand_alone(
    session: Session, notices: Sequence[Notice], channel: str, now: datetime
) -> NoticeMessage:
    """Put notices into a message of their own, which is none of the day's and waits for nothing.

    The first notice names it, so that it is made once. It is written when it is sent.
    """
    first = notices[0]
    message = NoticeMessage(
        once=f"alone:{first.id}",
        alone=True,
        patron_id=first.patron_id,
        branch_id=first.branch_id,
        library_id=first.library_id,
        channel=channel,
        day=clock.local_day(now),
        state="waiting",
        reference=reference_for(f"{first.what}.{first.id}"),
        next_at=now,
    )
    session.add(message)
    session.flush()
    for notice in notices:
        notice.message_id = message.id
    session.flush()
    return message


def reference_for(name: str) -> str:
    """Return a Message-ID; its right side is that of the sender's address, or of this house."""
    sender = config().smtp_from or config().smtp_user
    return f"<sen.{name}@{sender.rpartition('@')[2] or 'sen.invalid'}>"


def sending_hours(session: Session, unit_id: int, now: datetime) -> bool:
    """Tell whether messages of a unit may go out now."""
    opens, closes = (int(setting(session, unit_id, f"notices.{h}_hour")) for h in ("from", "to"))
    waits = bool(setting(session, unit_id, "notices.wait_closed"))
    calendar = branch(session, unit_id).calendar if waits else None
    return may_send(clock.local(now), opens, closes, calendar)


def end_notice(notice: Notice, state: str, reason: str, now: datetime) -> None:
    """Let a notice end: told, dropped, failed or unsure, with the reason."""
    notice.state, notice.reason, notice.ended_at = state, reason, now


def _notices_of(session: Session, message: NoticeMessage) -> Sequence[Notice]:
    return session.scalars(
        select(Notice)
        .where(Notice.message_id == message.id, Notice.state == "planned")
        .order_by(Notice.id)
        .execution_options(populate_existing=True)
    ).all()


def recheck_message(session: Session, message: NoticeMessage, now: datetime) -> bool:
    """Look again at all a waiting message would tell, drop what is over, and write it anew.

    Returns whether anything is left to tell: without it the message is dropped too.
    """
    day = clock.local_day(now)
    left = []
    for notice in _notices_of(session, message):
        if reason := why_not(session, notice, day):
            end_notice(notice, "dropped", reason, now)
        else:
            left.append(notice)
    if left and message.patron_id is not None:
        left = _written_to(session, message, left, now)
    if left:
        return True
    message.state, message.ended_at = "dropped", now
    message.body, message.paper = "", {}
    message.once = f"{message.once}:{message.id}"  # nothing was told: the day is free again
    _forget_stranger(message)
    session.flush()
    return False


def _written_to(
    session: Session, message: NoticeMessage, notices: list[Notice], now: datetime
) -> list[Notice]:
    """Write a message to where its patron is reached now; returns what it tells, nothing where
    the way is closed."""
    contact = contact_of(session, session.get_one(Patron, message.patron_id))
    asked = all(notice.what in ASKED_FOR for notice in notices)
    reach = contact.reach.asked() if asked else contact.reach
    if message.channel in ELECTRONIC and not reach.can(message.channel):
        if message.alone:
            for notice in notices:
                end_notice(notice, "dropped", "no_channel", now)
        else:
            _give_back(notices, message.channel, tried=False)
        return []
    write_message(session, message, contact, notices, clock.local_day(now))
    session.flush()
    return notices


def _forget_stranger(message: NoticeMessage) -> None:
    """Take out of a message that ended who it went to, where that is no patron."""
    if message.patron_id is None:
        message.address = message.subject = message.body = ""


def _give_back(notices: Sequence[Notice], channel: str, *, tried: bool) -> None:
    """Let notices look for another way."""
    for notice in notices:
        notice.message_id = None
        if tried:
            ways = {way for way in notice.tried.split(",") if way} | {channel}
            notice.tried = ",".join(sorted(ways))


# --- on the way ------------------------------------------------------------------------------


def send_due(carriers: Mapping[str, Carrier], now: datetime | None = None) -> int:
    """Send what waits and may go now; returns how many messages went out.

    A server that cannot be used is not asked again in this round: all but the message that found
    it out wait as they are, and the next round does not wait through one time-out for each.
    """
    doubt_old(now)
    sent, tried, able = 0, set[int](), dict(carriers)
    while claimed := _claim(able, tried, now):
        message_id, channel, outgoing = claimed
        tried.add(message_id)
        if outgoing is None:
            continue
        try:
            able[channel].send(outgoing)
        except (Later, RefusedForGood, Unsure) as problem:
            _write_problem(message_id, outgoing, problem, now)
            if isinstance(problem, Later) and problem.down:
                del able[channel]
        else:
            sent += _write_sent(message_id, now)
    return sent


def _claim(
    carriers: Mapping[str, Carrier], tried: set[int], now: datetime | None
) -> tuple[int, str, Outgoing | None] | None:
    """Take the next message: re-check it and mark it as being sent. None: there is none left."""
    with transaction() as session:
        moment = now or clock.now()
        query = (
            select(NoticeMessage)
            .where(NoticeMessage.state == "waiting", NoticeMessage.next_at <= moment)
            .where(NoticeMessage.channel.in_(list(carriers)), NoticeMessage.id.not_in(tried))
            .order_by(NoticeMessage.next_at, NoticeMessage.id)
            .limit(1)
        )
        if not is_sqlite(session):
            query = query.with_for_update(skip_locked=True)
        message = session.scalar(query)
        if message is None:
            return None
        at_once = message.alone and message.patron_id is not None  # somebody waits for a receipt
        if not at_once and not sending_hours(session, message.branch_id, moment):
            return message.id, message.channel, None
        if not recheck_message(session, message, moment):
            return message.id, message.channel, None
        message.state, message.claimed_at = "sending", moment
        message.tries += 1
        library = version_on(session, message.library_id)
        outgoing = Outgoing(
            reference=message.reference,
            to=message.address,
            subject=message.subject,
            text=message.body,
            sender_name=library.name,
            reply_to=library.email,
        )
        return message.id, message.channel, outgoing


def _write_sent(message_id: int, now: datetime | None) -> bool:
    """Write that a message went; a person who decided meanwhile is not contradicted."""
    with transaction() as session:
        message = session.get_one(NoticeMessage, message_id)
        if message.state == "sending":
            finish(session, message, "sent", now or clock.now())
    return True


def _write_problem(
    message_id: int,
    outgoing: Outgoing,
    problem: Later | RefusedForGood | Unsure,
    now: datetime | None,
) -> None:
    """Write why a message did not go, or that nobody knows; what follows from it is done."""
    with transaction() as session:
        message = session.get_one(NoticeMessage, message_id)
        lock(session, patrons=patrons_of(message))
        if message.state != "sending":
            return
        moment = now or clock.now()
        message.problem = str(problem)[:300]
        if isinstance(problem, Unsure):
            finish(session, message, "unsure", moment)
            return
        if isinstance(problem, RefusedForGood):
            if problem.address and message.patron_id is not None:
                mark_bad(session, message.patron_id, message.channel, outgoing.to)
            again = None
        else:
            again = next_try(moment, message.tries)
        if again is None:
            fail_message(session, message, moment)
        else:
            message.state, message.next_at, message.claimed_at = "waiting", again, None


def finish(session: Session, message: NoticeMessage, state: str, now: datetime) -> None:
    """Let a message and all it tells end as ``sent`` or ``unsure``."""
    for notice in _notices_of(session, message):
        end_notice(notice, state, "", now)
    message.state, message.ended_at, message.claimed_at = state, now, None
    if state != "unsure":
        _forget_stranger(message)
    session.flush()


def patrons_of(*messages: NoticeMessage) -> list[int]:
    """Return whom to lock for messages."""
    return [one.patron_id for one in messages if one.patron_id is not None]


def fail_message(session: Session, message: NoticeMessage, now: datetime) -> None:
    """A way failed: what the message told looks for the next one at once. A message that stands
    alone has no other."""
    notices = _notices_of(session, message)
    message.state, message.ended_at, message.claimed_at = "failed", now, None
    if message.alone or message.patron_id is None:
        for notice in notices:
            end_notice(notice, "failed", "way_failed", now)
        _forget_stranger(message)
        session.flush()
        return
    _give_back(notices, message.channel, tried=True)
    session.flush()
    form_for(session, message.patron_id, now)


def doubt_old(now: datetime | None = None) -> int:
    """Mark as unsure what a sender that died left behind; returns how many."""
    with transaction() as session:
        moment = now or clock.now()
        stuck = session.scalars(
            select(NoticeMessage).where(
                NoticeMessage.state == "sending", NoticeMessage.claimed_at < moment - DOUBT
            )
        ).all()
        for message in stuck:
            message.problem = "interrupted"
            finish(session, message, "unsure", moment)
        return len(stuck)


def held_back(session: Session, library_id: int, now: datetime) -> date | None:
    """Return until which day messages of a library wait, None where they go out today."""
    if not setting(session, library_id, "notices.wait_closed"):
        return None
    calendar = branch(session, library_id).calendar
    today = clock.local_day(now)
    return None if calendar.is_open(today) else calendar.next_open(today)
