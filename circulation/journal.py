"""What an act changed, kept so that it can be undone within a minute.

Rows that are never changed again (events, ledger lines) are named; changed columns are kept with
their old and new value, so that an undo can see whether somebody has been there since.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Date
from sqlalchemy.orm import Session

from cataloging.models import Item
from circulation.losses.models import Claim, Loss, LossProposal
from circulation.models import Hold, LedgerEntry, Loan, LoanRenewal, Transit
from circulation.patrons.models import Suspension
from circulation.rotation.models import ConsignmentLine
from ils.core.db import Base, UTCDateTime

TABLES: dict[str, type[Base]] = {
    table.__tablename__: table
    for table in (
        *(Loan, LoanRenewal, Hold, Transit, LedgerEntry, Suspension),
        *(Item, Loss, Claim, LossProposal, ConsignmentLine),
    )
}


class Journal:
    """Collects the changes of one act. Without ``keep`` it only applies them."""

    def __init__(self, *, keep: bool = True) -> None:
        self.keep = keep
        self.changes: list[tuple[Base, dict[str, tuple[Any, Any]]]] = []
        self.made: list[Base] = []
        self.events: list[Any] = []

    def change(self, row: Base, **values: Any) -> None:
        """Set columns of a row and remember what they were, unless this act itself made the row."""
        old = {name: getattr(row, name) for name in values}
        for name, value in values.items():
            setattr(row, name, value)
        if self.keep and not any(row is one for one in self.made):
            pairs = {name: (old[name], value) for name, value in values.items()}
            self.changes.append((row, pairs))

    def add(self, session: Session, row: Base) -> None:
        """Add a new row to the session and remember that this act made it."""
        session.add(row)
        self.made.append(row)

    def to_json(self) -> dict[str, Any]:
        """Return the journal as stored with the command; call it after a flush."""
        return {
            "changes": [
                [row.__tablename__, _id(row), {k: [plain(a), plain(b)] for k, (a, b) in p.items()}]
                for row, p in self.changes
            ],
            "made": [[row.__tablename__, _id(row)] for row in self.made],
            "events": [event.id for event in self.events],
        }


def _id(row: Base) -> int:
    return int(row.id)  # type: ignore[attr-defined]


def plain(value: Any) -> Any:
    """Return a value as JSON holds it: days and instants as ISO text, also inside."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(v) for v in value]
    return value


def loaded(row: Base, column: str, value: Any) -> Any:
    """Return a stored value in the type of a column."""
    if not isinstance(value, str):
        return value
    column_type = row.__table__.c[column].type
    if isinstance(column_type, UTCDateTime):
        return datetime.fromisoformat(value)
    return date.fromisoformat(value) if isinstance(column_type, Date) else value
