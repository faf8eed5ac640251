"""Words of central purchases."""

from typing import Any

from flask_babel import lazy_gettext as _l

STATES: dict[str, tuple[str, Any]] = {
    "draft": ("warn", _l("Being split")),
    "sent": ("info", _l("Sent to the libraries")),
}
MESSAGES: dict[str, Any] = {
    "purchase_unknown": _l("There is no such central purchase."),
    "purchase_sent": _l("This purchase is sent to the libraries; its table stays as it is."),
    "purchase_not_sent": _l("This purchase is not sent yet."),
    "purchase_unnumbered": _l("The paper of the purchase needs its number."),
    "purchase_day_impossible": _l("The paper needs its date, type it like 01/06/2026."),
    "purchase_not_split": _l("No library gets a copy yet: fill the table first."),
    "purchase_no_branch": _l("A library of the table has no branch that could receive the books."),
    "purchase_confirmed": _l(
        "A library has entered its books already, so the sending cannot be taken back."
    ),
}
