"""Answers to registrations from the public site: became a card, or was declined.

Who was declined is no patron, and what they sent is erased in the same act: the answer is written at once and
its address kept only until it went, a week at most.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy.orm import Session

from circulation.notices.compose import compose_answer
from circulation.notices.models import Notice
from circulation.notices.planning import plan_registered
from circulation.notices.reach import offered
from circulation.notices.sending import stand_alone
from circulation.patrons.models import PatronCard, Registration
from circulation.patrons.patrons import PatronFacts, normal_phone
from circulation.rules.notices import ELECTRONIC, plain_letters, sms_size
from ils.core import clock
from ils.org.settings import setting


@dataclass(frozen=True)
class AnswerWay:
    """How somebody who sent a registration is told by the machine."""

    channel: str
    address: str


def answer_ways(session: Session, branch_id: int, sent: PatronFacts) -> Iterator[AnswerWay]:
    """Yield the electronic ways to somebody who sent a registration, the best first."""
    there = offered(session, branch_id)
    phone = normal_phone(sent.guardian_phone or sent.phone)
    for channel in ELECTRONIC:
        address = sent.email if channel == "email" else phone
        if channel in there and address:
            yield AnswerWay(channel, address)


def answer_registered(session: Session, row: Registration, card: PatronCard) -> None:
    """Plan to tell that a registration became a card."""
    plan_registered(session, row.id, card, row.branch_id)


def answer_declined(session: Session, row: Registration, sent: PatronFacts) -> bool:
    """Write the answer to somebody declined; tells whether there was a way."""
    way = next(answer_ways(session, row.branch_id, sent), None)
    if way is None:
        return False
    now = clock.now()
    notice = Notice(
        key=f"declined:{row.id}",
        what="declined",
        branch_id=row.branch_id,
        library_id=row.library_id,
        registration_id=row.id,
        planned_on=clock.local_day(now),
        planned_at=now,
    )
    session.add(notice)
    session.flush()
    message = stand_alone(session, [notice], way.channel, now)
    made = compose_answer(session, row, sent, sent.language)
    message.language, message.address = sent.language, way.address[:200]
    message.subject = made.subject[:250]
    text = made.text if way.channel == "email" else made.short
    if way.channel == "sms":
        plain = bool(setting(session, row.branch_id, "notices.sms_plain"))
        text = plain_letters(text) if plain else text
        message.parts = sms_size(text)[1]
    message.body = text
    session.flush()
    return True
