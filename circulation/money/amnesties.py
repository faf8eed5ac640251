"""Days on which late returns cost nothing: the fine is posted and waived in one pair, by decision."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from circulation.money.models import Amnesty
from ils.core.kept import kept
from ils.org.units import place


@dataclass(frozen=True)
class _Known:
    unit_id: int
    decision: str
    decided_on: date
    from_on: date
    to_on: date
    children_only: bool


def decision_in_force(session: Session, branch_id: int, on: date, *, child: bool) -> str:
    """Return the decision that waives the fine of a return, '' where none does.

    ``branch_id`` is where the loan was made, ``on`` the day the return counts for.
    """
    path = place(session, branch_id).ids
    found = [
        one
        for one in kept(session, "amnesties", lambda: _known(session))
        if one.unit_id in path
        and one.from_on <= on <= one.to_on
        and (child or not one.children_only)
    ]
    if not found:
        return ""
    nearest = max(found, key=lambda one: (path.index(one.unit_id), one.from_on))
    return f"{nearest.decision} ({nearest.decided_on:%d/%m/%Y})"


def _known(session: Session) -> list[_Known]:
    return [
        _Known(row.unit_id, row.decision, row.decided_on, row.from_on, row.to_on, row.children_only)
        for row in session.scalars(select(Amnesty))
    ]
