"""One machine's line: who is on it, what was answered last, which reader has shown a password."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

from circulation.patrons.sign_in import sign_in_patron
from circulation.sip2.messages import Message, coded, stamp
from circulation.sip2.models import Sip2Terminal
from circulation.sip2.terminals import terminal_actor
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.db import reading, transaction
from ils.core.errors import Refused

ENGLISH = ("001", "024")


@dataclass
class Line:
    """The state of a connection. Passwords that fitted are remembered as a digest for one reader."""

    address: str = ""
    terminal: Sip2Terminal | None = None
    actor: Actor | None = None
    last: bytes = b""
    shown: str = ""
    lent: dict[str, str] = field(default_factory=dict)  # barcode → key of the act, to take it back
    language: str = "000"
    institution: str = ""  # the code of the library, once it was asked for

    @property
    def who(self) -> Actor:
        """The machine as actor."""
        if self.actor is None:
            raise Refused("not_signed_in")
        return self.actor

    def begin(self, terminal: Sip2Terminal) -> None:
        """Note who signed in."""
        with reading() as session:
            self.actor = terminal_actor(session, terminal)
        self.terminal, self.institution = terminal, ""

    def still_welcome(self) -> bool:
        """Tell whether the machine is still set up and switched on."""
        if self.terminal is None:
            return False
        with reading() as session:
            found = session.get(Sip2Terminal, self.terminal.id)
            if found is None or not found.active:
                return False
            self.terminal = found
        return True

    def password_fits(self, card: str, password: str) -> bool:
        """Tell whether a reader's password fits; asked once for a reader's turn, it is slow."""
        digest = hashlib.sha256(f"{card}\0{password}".encode()).hexdigest()
        if password and digest == self.shown:
            return True
        try:
            with transaction() as session:
                fits = sign_in_patron(session, card, password, self.address) is not None
        except Refused:
            return False
        self.shown = digest if fits else ""
        return fits

    def end_turn(self) -> None:
        """Forget the reader."""
        self.shown = ""
        self.lent.clear()

    def key(self, message: Message) -> str:
        """Return the key of the act a message asks for: sent again it is the same act.

        A machine that heard no answer repeats the message to the letter, its own time included.
        """
        name = self.terminal.name if self.terminal else ""
        told = repr((name, message.code, sorted(message.fixed.items()), message.fields))
        return f"sip-{hashlib.sha256(told.encode()).hexdigest()[:40]}"


Handler = Callable[[Line, Message], Message]


def answer(
    message: Message, code: str, fixed: dict[str, str], *pairs: tuple[str, str | int | None]
) -> Message:
    """Return the answer to a message, with its sequence number, checked if it was checked."""
    fixed.setdefault("transaction_date", stamp(clock.now()))
    return Message(code, fixed, coded(pairs), message.sequence, message.checked)
