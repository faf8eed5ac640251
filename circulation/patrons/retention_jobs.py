"""What time does to what is known of people: every night, by the retention settings.

Each step is its own transaction and may run twice. Nothing is forgotten that is still owed.
"""

from datetime import date, datetime, timedelta

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from circulation.models import Hold, Loan
from circulation.patrons.batches import end_batches
from circulation.patrons.cards import add_months
from circulation.patrons.erasure import end_merges, erase_patron, stands_against
from circulation.patrons.history import detach_history
from circulation.patrons.models import Patron, PatronCard, PatronLook
from circulation.patrons.registration import expire_registrations
from circulation.patrons.visits import forget_visits
from ils.accounts.actor import system_actor
from ils.core import clock
from ils.core.config import config
from ils.core.db import reading, transaction
from ils.core.jobs import periodic
from ils.org.settings import SETTINGS, setting, units_with_value
from ils.org.units import libraries


@periodic("patrons.retention", daily_at="05:10")
def keep_no_longer() -> None:
    """Let go of what need not be kept any longer."""
    with transaction() as session:
        expire_registrations(session)
    with transaction() as session:
        detach_history(session)
    with transaction() as session:
        forget_looks(session)
    with transaction() as session:
        end_merges(session)
    with transaction() as session:
        end_batches(session)
    with transaction() as session:
        forget_visits(session)
    erase_the_long_gone()
    delete_sheets()


def forget_looks(session: Session) -> None:
    """Delete old lines of the log of looks, library by library, and those of nobody's."""
    for library in libraries(session):
        days = int(setting(session, library.id, "patrons.looks_days"))
        mine = select(Patron.id).where(Patron.library_id == library.id)
        session.execute(
            delete(PatronLook)
            .where(PatronLook.at < clock.now() - timedelta(days=days))
            .where(PatronLook.patron_id.in_(mine))
            .execution_options(synchronize_session=False)
        )


def erase_the_long_gone(now: datetime | None = None) -> int:
    """Erase those whose card ran out long ago and who owe nothing; returns how many."""
    with reading() as session:
        ids = [
            patron_id
            for library in libraries(session)
            for patron_id in long_gone(session, library.id, now)
        ]
    count = 0
    for patron_id in ids:
        with transaction() as session:
            patron = session.get(Patron, patron_id)
            if patron is None or patron.deleted_at or stands_against(session, patron_id):
                continue
            erase_patron(session, system_actor(session, patron.branch_id), patron_id)
            count += 1
    return count


def long_gone(session: Session, library_id: int, now: datetime | None = None) -> list[int]:
    """Return a library's patrons whose time is over: last card, last loan and entry long past."""
    months = int(setting(session, library_id, "patrons.erase_after_months"))
    if not months:
        return []
    day = add_months(clock.local_day(now or clock.now()), -months)
    moment = clock.at_local(day, 0)
    last_card = (
        select(func.max(PatronCard.expires_on))
        .where(PatronCard.patron_id == Patron.id)
        .scalar_subquery()
    )
    still = [
        select(Loan.id).where(
            Loan.patron_id == Patron.id, or_(Loan.closed_at.is_(None), Loan.closed_at >= moment)
        ),
        select(Hold.id).where(Hold.patron_id == Patron.id, Hold.requested_at >= moment),
    ]
    query = (
        select(Patron.id)
        .where(Patron.library_id == library_id, Patron.deleted_at.is_(None))
        .where(Patron.created_at < moment, func.coalesce(last_card, date.min) < day)
        .where(*(~one.exists() for one in still))
    )
    return [one for one in session.scalars(query) if not stands_against(session, one)]


def delete_sheets() -> None:
    """Delete spreadsheets of patrons that were brought in days ago, with the rows not taken."""
    with reading() as session:
        every = [*units_with_value(session, "patrons.sheet_days").values()]
    days = min([int(SETTINGS["patrons.sheet_days"].default), *map(int, every)])
    oldest = (clock.now() - timedelta(days=days)).timestamp()
    for file in (config().files_dir / "patron-sheets").glob("*"):
        if file.stat().st_mtime < oldest:
            file.unlink(missing_ok=True)
