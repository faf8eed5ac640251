"""May a scanned copy be counted as used on the premises?

Source: docs/circulation.md, in-house use.
"""

from datetime import datetime, timedelta

from circulation.rules.reasons import Reason, reason

BETWEEN_USES = timedelta(minutes=30)
COUNTABLE = ("active", "in_process")


def in_house_reasons(position: str, lifecycle: str) -> list[Reason]:
    """Return why a copy is not simply a book left on a table: it must come in as a return."""
    if lifecycle == "withdrawn":
        return [reason("item_withdrawn")]
    if position != "on_shelf" or lifecycle not in COUNTABLE:
        return [reason("needs_return", position=position, lifecycle=lifecycle)]
    return []


def is_counted_already(last_counted_at: datetime | None, now: datetime) -> bool:
    """Tell whether the copy was counted within the last half hour."""
    return last_counted_at is not None and now - last_counted_at < BETWEEN_USES
