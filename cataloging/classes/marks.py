"""The mark behind the class number: the code of the title, or the author's Cutter number.

Which of the two a library writes is its setting. The table of rimes is the program's with what the
province changed in it; every change stays on record.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.classes.cutter import cutter
from cataloging.classes.models import RimeNumber
from cataloging.permissions import EDIT_STOCK
from cataloging.title_code import rimes, title_code
from ils.accounts.actor import Actor
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
    """Return the rimes that have another number in this province."""
    return kept(session, "rimes", lambda: _latest(session))


def _latest(session: Session) -> dict[str, int]:
    rows = session.execute(select(RimeNumber.rime, RimeNumber.number).order_by(RimeNumber.id))
    found = dict(rows.all())
    return {rime: number for rime, number in found.items() if number is not None}


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


def set_rime(session: Session, actor: Actor, rime: str, number: int | None, why: str) -> None:
    """Give a rime another number from now on; ``None`` gives back the program's own.

    Labels that are printed stay as they are. Raises ``Invalid``.
    """
    actor.require(EDIT_STOCK, at=province(session))
    rime = split_tone(clean(rime).strip().lower())[0]
    if not rime.isalpha() or len(rime) > 10:
        raise Invalid("rime_bad", field="rime")
    if number is not None and not 1 <= number <= 999:
        raise Invalid("rime_number_bad", field="number")
    if number is None and rime not in rimes() and rime not in changed_rimes(session):
        raise Invalid("rime_bad", field="rime")
    session.add(RimeNumber(rime=rime, number=number, why=why.strip()[:300], set_by=actor.staff_id))
    audit(session, actor, "rime_set", "rime", None, rime=rime, number=number)
    session.flush()
