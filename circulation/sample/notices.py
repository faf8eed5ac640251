"""The sample's last two mornings of notices: letters printed, some calls made, others waiting.

Nothing is sent: the readers of the sample have no addresses for mail.
"""

from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from circulation.notices.calls import record_call, waiting_calls
from circulation.notices.letters import print_letters, waiting_letters
from circulation.notices.models import Notice
from circulation.notices.planning import plan_day
from circulation.notices.sending import form_for
from circulation.sample.province import Units, at_work
from ils.accounts.models import Staff
from ils.core import clock

LIBRARIES = {"BS": "BS-TT", "AH": "AH-TN"}
RESULTS = ("reached", "no_answer", "promised", "reached", "wrong_number", "no_answer")


def tell_some(session: Session, units: Units, staff: dict[str, Staff], last: date) -> None:
    """Plan two mornings; on the first, letters go out and the first calls are made."""
    before = last - timedelta(days=1)
    _morning(session, before)
    for library, branch in LIBRARIES.items():
        clerk = at_work(session, staff, f"thuthu.{library.lower()}", units[branch].id)
        with clock.at(clock.at_local(before, 9)):
            groups = [group.key for group in waiting_letters(session, units[library].id)]
            if groups:
                print_letters(session, clerk, groups=groups)
        with clock.at(clock.at_local(before, 10)):
            calls = waiting_calls(session, units[library].id, before, limit=len(RESULTS))
            for call, result in zip(calls, RESULTS, strict=False):
                record_call(
                    session,
                    clerk,
                    message_id=call.id,
                    result=result,
                    tries=call.tries,
                    promised_on=last + timedelta(days=3) if result == "promised" else None,
                )
    _morning(session, last)


def _morning(session: Session, day: date) -> None:
    now = clock.at_local(day, 8, 5)
    with clock.at(now):
        plan_day(session)
        waiting = select(Notice.patron_id).where(
            Notice.state == "planned", Notice.message_id.is_(None)
        )
        for patron_id in session.scalars(waiting.distinct().order_by(Notice.patron_id)).all():
            form_for(session, patron_id or 0, now)
