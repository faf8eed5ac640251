"""Words the lists need in both languages: states of holds, names of filters."""

from typing import Any

from flask_babel import lazy_gettext as _l

HOLD_STATES: dict[str, Any] = {
    "queued": _l("in the queue"),
    "suspended": _l("paused"),
    "targeted": _l("to be fetched"),
    "in_transit": _l("on its way"),
    "ready": _l("ready on the shelf"),
    "expired_shelf": _l("not collected, to clear"),
}

BLOCKED_ACTS: dict[str, Any] = {
    "borrow": _l("borrowing"),
    "renew": _l("renewing"),
    "hold": _l("reserving"),
}

BLOCK_STATES: dict[str, Any] = {
    "": _l("that stand today"),
    "block_to_come": _l("to come"),
    "block_over": _l("ended or lifted"),
    "block_any": _l("all"),
}
