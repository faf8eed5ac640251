"""What is open at a desk, and what a scan or a button there led to."""

import secrets
from dataclasses import dataclass, field, replace
from typing import Any

from flask import request, url_for

from circulation.scan import Scanned

USE = "circulation:desk:use"
# '' lends; the others say what a scanned item means whatever else is open.
MODES = ("", "checkin", "drop", "in_house", "room")
LENDING = ("", "room")
REMEMBER = "remember:"


@dataclass
class State:
    """What is open at this desk; it travels with every request, so nothing is lost by a restart.

    ``group`` is a class or a family whose members are served one after the other; ``drop_id`` the
    book-drop session that returns belong to.
    """

    patron_id: int | None = None
    mode: str = ""
    returned_on: str = ""  # effective date of returns, as typed
    group: str = ""
    drop_id: int | None = None
    in_order: bool = False  # of a class: after each loan the next pupil's turn comes
    remembered: dict[str, str] = field(default_factory=dict)

    @classmethod
    def from_request(cls) -> "State":
        """Read the state from the form or the address."""
        values = request.form if request.method == "POST" else request.args
        remembered = {
            key[len(REMEMBER) :]: value for key, value in values.items() if key.startswith(REMEMBER)
        }
        mode = values.get("mode", "")
        return cls(
            patron_id=values.get("patron", type=int),
            mode=mode if mode in MODES else "",
            returned_on=values.get("returned_on", ""),
            group=values.get("group", "")[:200],
            drop_id=values.get("drop", type=int),
            in_order=values.get("in_order") == "1",
            remembered=remembered,
        )

    @property
    def lends(self) -> bool:
        """Tell whether a scanned item is lent to the patron who is open."""
        return self.mode in LENDING

    def ended(self) -> "State":
        """Return the state after a patron's turn: the desk goes on as it was."""
        return replace(self, patron_id=None, remembered={})

    def opened(self, patron_id: int | None) -> "State":
        """Return the state with another patron open, for lending."""
        mode = self.mode if self.lends else ""
        return replace(self, patron_id=patron_id, mode=mode, drop_id=None, remembered={})

    def fields(self) -> dict[str, str]:
        """Return what every form of the page carries on."""
        parts: dict[str, Any] = {
            "patron": self.patron_id,
            "mode": self.mode,
            "returned_on": self.returned_on,
            "group": self.group,
            "drop": self.drop_id,
            "in_order": "1" if self.in_order else "",
        }
        kept = {name: str(value) for name, value in parts.items() if value}
        return kept | {REMEMBER + code: why for code, why in self.remembered.items()}

    def address(self) -> str:
        """Return the address of the desk in this state."""
        parts = {k: v for k, v in self.fields().items() if not k.startswith(REMEMBER)}
        return url_for("desk.page", **parts)  # type: ignore[arg-type]


@dataclass
class Answer:
    """What a scan or a button led to: a result row, a choice to make, or a message.

    ``asked`` is the key of the refused act whose question stays open. ``prints`` is a slip: its
    kind and address, when it is printed, and whether it is or may be mailed. ``silent`` makes no sound.
    """

    state: State
    result: dict[str, Any] | None = None
    choice: Scanned | None = None
    message: str = ""
    tone: str = "green"
    prints: dict[str, str] | None = None
    silent: bool = False


def new_key() -> str:
    """Make a key for a form that has none yet."""
    return f"desk-{secrets.token_hex(8)}"
