"""The clockwork of notices: planned in the morning, formed and sent through the day, kept for a while."""

from datetime import timedelta

from sqlalchemy import delete, exists, select, update
from sqlalchemy.orm import Session

from circulation.models import Hold, Loan
from circulation.notices.carriers import carriers
from circulation.notices.models import Notice, NoticeCall, NoticeLetters, NoticeMessage
from circulation.notices.planning import plan_day, plan_holds
from circulation.notices.recheck import DECLINED_KEPT
from circulation.notices.sending import form_messages, recheck_message, send_due
from ils.core import clock
from ils.core.config import config
from ils.core.db import transaction
from ils.core.jobs import periodic
from ils.org.settings import setting
from ils.org.units import libraries


@periodic("notices.plan", daily_at="06:30")
def plan_every_morning() -> None:
    """Plan what there is to tell today."""
    with transaction() as session:
        plan_day(session)


@periodic("notices.send", every=5)
def send_through_the_day() -> None:
    """Plan what became of holds, form messages, send those that may go now."""
    with transaction() as session:
        plan_holds(session)
    form_messages()
    send_due(carriers(config()))


@periodic("notices.forget", daily_at="05:30")
def forget_every_night() -> None:
    """Forget what was told long ago, and what of it would be a history of loans."""
    with transaction() as session:
        forget_detached(session)
        forget_strangers(session)
        forget_old(session)


def forget_detached(session: Session) -> None:
    """Take loans and holds that no longer name their reader off notices, and the words about them."""
    loans = select(Loan.id).where(Loan.patron_id.is_(None))
    holds = select(Hold.id).where(Hold.patron_id.is_(None))
    told = Notice.loan_id.in_(loans) | Notice.hold_id.in_(holds)
    messages = select(Notice.message_id).where(told, Notice.message_id.is_not(None))
    session.execute(
        update(NoticeMessage)
        .where(NoticeMessage.id.in_(messages), NoticeMessage.body != "")
        .values(body="", paper={})
    )
    session.execute(update(Notice).where(told).values(loan_id=None, hold_id=None))


def forget_strangers(session: Session) -> None:
    """Erase where an answer to somebody declined went and what it said, a week after it was written
    whatever became of it."""
    now = clock.now()
    old = select(NoticeMessage).where(
        NoticeMessage.patron_id.is_(None),
        NoticeMessage.address != "",
        NoticeMessage.made_at < now - timedelta(days=DECLINED_KEPT + 1),
    )
    for message in session.scalars(old).all():
        if message.state != "waiting" or recheck_message(session, message, now):
            message.address = message.subject = message.body = ""


def forget_old(session: Session) -> None:
    """Delete what ended long ago. A reminder of a loan that is still open stays: it says which
    steps were taken."""
    for library in libraries(session):
        days = int(setting(session, library.id, "notices.keep_days"))
        before = clock.now() - timedelta(days=days)
        still_out = exists().where(Loan.id == Notice.loan_id, Loan.closed_at.is_(None))
        waits = exists().where(
            Hold.id == Notice.hold_id, Hold.state.in_(("queued", "suspended", "ready"))
        )
        session.execute(
            delete(Notice).where(
                *(Notice.library_id == library.id, Notice.ended_at < before),
                *(~still_out, ~waits, Notice.what != "card_expiring"),
            )
        )
        session.execute(  # a card's end is told once, however long ago that was
            delete(Notice).where(
                *(Notice.library_id == library.id, Notice.what == "card_expiring"),
                *(Notice.ended_at < before, Notice.about_on < clock.today()),
            )
        )
        old = NoticeMessage.library_id == library.id, NoticeMessage.ended_at < before
        session.execute(update(NoticeMessage).where(*old).values(body="", paper={}))
        gone = select(NoticeMessage.id).where(
            *old, ~exists().where(Notice.message_id == NoticeMessage.id)
        )
        session.execute(delete(NoticeCall).where(NoticeCall.message_id.in_(gone)))
        session.execute(delete(NoticeMessage).where(NoticeMessage.id.in_(gone)))
        session.execute(
            delete(NoticeLetters).where(
                *(NoticeLetters.library_id == library.id, NoticeLetters.made_at < before),
                ~exists().where(NoticeMessage.batch_id == NoticeLetters.id),
            )
        )
