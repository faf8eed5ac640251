"""The mark behind the class number: the code of the title, or the author's Cutter number.

Which of the two a library writes is its setting. The table of rimes is the program's with what the
province changed in it; every change stays on record.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.classes.cutter import cutter
from cataloging.classes.models import RimeNumber
from cataloging.permissions import EDIT_STOCK
from cataloging.title_code import rimes, title_code
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.audit import audit
from ils.core.errors import Invalid
from ils.core.kept import kept
from ils.org.settings import declare, setting
from ils.org.units import province
from ils.text.alphabet import split_tone
from ils.text.normal import clean

TITLE, AUTHOR = "title", "author"
KEY: Final = "cataloging.shelf_mark"


def declare_settings() -> None:
    """Declare them; safe to call twice."""
    declare(
        KEY,
        str,
        TITLE,
        _l("The mark behind the class number: the code of the title, or the author's Cutter."),
        choices=(TITLE, AUTHOR),
    )


def mark_for(session: Session, unit_id: int | None, title: str, author: str = "") -> str:
    """Return the mark of a book as a library writes it. Without an author it is the title's; a
    foreign or strange title without a code has its Cutter number."""
    if author and setting(session, unit_id, KEY) == AUTHOR:
        return cutter(author)
    return title_code(title, changed_rimes(session)) or cutter(title)


def changed_rimes(session: Session) -> dict[str, int]:
    """Return the rimes that have another number in this province today."""
    today = clock.today()
    return kept(session, ("rimes", today), lambda: _in_force(session, today))


def _in_force(session: Session, day: date) -> dict[str, int]:
    rows = session.scalars(select(RimeNumber).order_by(RimeNumber.id)).all()
    found = {row.rime: row.number for row in sorted(rows, key=_since) if row.since <= day}
    return {rime: number for rime, number in found.items() if number is not None}


def _since(row: RimeNumber) -> tuple[date, int]:
    return row.since, row.id


def to_come(session: Session) -> list[RimeNumber]:
    """Return the changes that are not in force yet, the next first."""
    today = clock.today()
    later = select(RimeNumber).where(RimeNumber.in_force_from > today)
    return sorted(session.scalars(later), key=_since)


@dataclass(frozen=True)
class Rime:
    """A rime with the number in force and the one the program brings (0: none)."""

    rime: str
    number: int
    ours: int


def table(session: Session) -> list[Rime]:
    """Return the whole table in the order of its numbers."""
    changed, ours = changed_rimes(session), rimes()
    rows = [
        Rime(rime, changed.get(rime, ours.get(rime, 0)), ours.get(rime, 0))
        for rime in dict.fromkeys([*ours, *changed])
    ]
    return sorted(rows, key=lambda row: (row.number, row.rime))


def history(session: Session) -> Sequence[RimeNumber]:
    """Return what was changed in the table, newest first."""
    return session.scalars(select(RimeNumber).order_by(RimeNumber.id.desc()).limit(200)).all()


def set_rime(
    session: Session,
    actor: Actor,
    rime: str,
    number: int | None,
    why: str,
    in_force_from: date | None = None,
) -> None:
    """Give a rime another number from a day on (default: now); ``None`` gives back the program's own.

    Labels that are printed stay as they are. Raises ``Invalid``.
    """
    actor.require(EDIT_STOCK, at=province(session))
    rime = split_tone(clean(rime).strip().lower())[0]
    if not rime.isalpha() or len(rime) > 10:
        raise Invalid("rime_bad", field="rime")
    if number is not None and not 1 <= number <= 999:
        raise Invalid("rime_number_bad", field="number")
    ever = select(RimeNumber.id).where(RimeNumber.rime == rime).limit(1)
    if number is None and rime not in rimes() and session.scalar(ever) is None:
        raise Invalid("rime_bad", field="rime")
    made = RimeNumber(rime=rime, number=number, why=why.strip()[:300], set_by=actor.staff_id)
    made.in_force_from = in_force_from
    session.add(made)
    audit(session, actor, "rime_set", "rime", None, rime=rime, number=number)
    session.flush()
