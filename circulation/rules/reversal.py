"""May a loan or a return be said never to have happened?

Source: docs/circulation.md, edge case 39.
"""

from datetime import date, datetime

from circulation.rules.reasons import Reason, reason


def never_left_reasons(closed_at: datetime | None, lost_on: date | None) -> list[Reason]:
    """Return why a loan cannot be said never to have left: it is over, or was declared lost."""
    if closed_at is not None:
        return [reason("not_on_loan")]
    return [reason("lost_procedure_runs")] if lost_on is not None else []


def not_returned_reasons(
    *, closed_how: str | None, position: str, lifecycle: str, lent_since: bool
) -> list[Reason]:
    """Return why a return cannot be said never to have happened: somebody went on with the copy."""
    if closed_how != "returned":
        return [reason("no_return_to_reverse")]
    if lent_since or position != "on_shelf" or lifecycle != "active":
        return [reason("changed_since")]
    return []
