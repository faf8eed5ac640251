"""What readers are told, when, by which way, and in how many characters. Pure.

Kinds, steps and ways are those of docs/notices.md. A kind is a courtesy when nothing is lost
without it: a courtesy is never telephoned or printed unless the reader asked for that.
"""

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta

from ils.org.calendar import Calendar

KINDS = (
    *("due_soon", "overdue", "hold_ready", "hold_expired", "hold_cancelled", "hold_unfilled"),
    *("hold_hopeless", "card_expiring", "apology"),
    *("registered", "declined", "loan_receipt", "money_receipt"),
    *("hold_joined", "hold_at_home"),
)
COURTESIES = frozenset({"due_soon", "card_expiring", "hold_joined", "hold_at_home"})
RECEIPTS = frozenset({"loan_receipt", "money_receipt"})
# What a person asked for themselves needs no further agreement and is told by no other way.
ASKED_FOR = RECEIPTS | {"registered", "declined"}
ELECTRONIC = ("email", "zalo", "sms")
CHANNELS = (*ELECTRONIC, "phone", "letter")
STEPS = (3, 10, 24)  # days after the due day
MOST_TRIES = 6
_WAITS = (5, 20, 60, 240, 720)  # minutes after each temporary fault


def steps_from(text: str) -> tuple[int, ...]:
    """Read the days of the overdue steps, as ``3, 10, 24``. Raises ``ValueError`` unless they are
    at most nine whole numbers that rise; empty text means that nothing is sent."""
    parts = [part for part in re.split(r"[\s,;]+", text.strip()) if part]
    days = tuple(int(part) for part in parts)
    rising = all(first < second for first, second in itertools.pairwise(days))
    if len(days) > 9 or not rising or any(not 1 <= day <= 365 for day in days):
        raise ValueError(text)
    return days


def overdue_step(due_on: date, today: date, steps: Sequence[int], calendar: Calendar) -> int:
    """Return the step a late loan has reached, 0 for none, 1 for the first.

    A machine that was off sends only the highest step reached. Where all days since the due day
    were closed the reader is not late (rule book, case 11).
    """
    late = (today - due_on).days
    if late <= 0 or calendar.open_days(due_on, today) == 0:
        return 0
    return sum(late >= days for days in steps)


def is_due_soon(started_on: date, due_on: date, today: date, days: int) -> bool:
    """Tell whether to remind of a coming due day; a loan as short as the warning gets none."""
    left = (due_on - today).days
    return 0 < left <= days and (due_on - started_on).days > days


@dataclass(frozen=True)
class Reach:
    """How a reader (or a child's guardian) may be reached.

    ``wanted`` is the way they chose, empty for none; ``offered`` the electronic ways there are;
    ``tried`` the ways that failed for this notice; ``agrees``: to electronic messages.
    """

    wanted: str = ""
    offered: frozenset[str] = frozenset()
    email: bool = False
    phone: bool = False
    letter: bool = False
    agrees: bool = False
    courtesies: bool = True
    tried: frozenset[str] = field(default_factory=frozenset)

    def can(self, channel: str) -> bool:
        """Tell whether a way is open."""
        if channel in self.tried:
            return False
        if channel in ELECTRONIC:
            has = self.email if channel == "email" else self.phone
            return has and self.agrees and channel in self.offered
        return self.phone if channel == "phone" else self.letter

    def asked(self) -> "Reach":
        """Return the reach for what the reader asked for: that is agreement enough."""
        return replace(self, agrees=True)


@dataclass(frozen=True)
class Way:
    """The way chosen, or why there is none (``no_consent``, ``not_wanted``, ``no_channel``,
    ``unreachable``)."""

    channel: str | None
    reason: str = ""


def way_for(kind: str, reach: Reach, *, last_step: bool = False) -> Way:
    """Choose the way of a notice: the reader's own first, else e-mail, Zalo, SMS, call, letter.

    The last reminder is a letter. What the reader asked for (an answer, a receipt) goes by an
    electronic way or not at all. What the law asks consent for is not sent without it: reminders
    and holds are then told by telephone or letter, courtesies not at all.
    """
    if kind in ASKED_FOR:
        reach = reach.asked()
        ladder = [way for way in (reach.wanted, *ELECTRONIC) if way in ELECTRONIC]
    elif kind in COURTESIES:
        if not reach.courtesies:
            return Way(None, "not_wanted")
        ladder = [reach.wanted, *ELECTRONIC]
        if not reach.agrees and reach.wanted not in ("phone", "letter"):
            return Way(None, "no_consent")
    elif last_step:
        ladder = ["letter", reach.wanted, "phone", *ELECTRONIC]
    else:
        ladder = [reach.wanted, *CHANNELS]
    for channel in ladder:
        if channel and reach.can(channel):
            return Way(channel)
    return Way(None, "no_channel" if kind in COURTESIES | ASKED_FOR else "unreachable")


def receipt_way(chosen: str, usual: str, reach: Reach) -> str:
    """Return how a receipt is given: ``print``, ``email`` or ``none``.

    ``chosen`` is the reader's own word, empty for none; ``usual`` the library's. Mail that cannot
    go is printed; without the reader's word it needs the agreement to messages.
    """
    way = chosen or usual
    asked = reach.asked() if chosen else reach
    return "print" if way == "email" and not asked.can("email") else way


def may_send(now: datetime, opens: int, closes: int, calendar: Calendar | None) -> bool:
    """Tell whether messages may go out at a local moment: within the hours and, where a calendar
    is given, on an open day."""
    inside = time(opens) <= now.time() and now.hour < closes
    return inside and (calendar is None or calendar.is_open(now.date()))


def next_try(now: datetime, tries: int) -> datetime | None:
    """Return when to try again after ``tries`` temporary faults; None: enough was tried."""
    if tries >= MOST_TRIES:
        return None
    return now + timedelta(minutes=_WAITS[min(tries, len(_WAITS)) - 1])


# --- words -----------------------------------------------------------------------------------

_PLACE = re.compile(r"\{([^{}]*)\}")


def unknown_places(text: str, known: Sequence[str]) -> list[str]:
    """Return the names in braces that are not known, and a brace that stands alone, as written."""
    wrong = [name for name in _PLACE.findall(text) if name not in known]
    return wrong + re.findall(r"[{}]", _PLACE.sub("", text))


def fill(text: str, values: Mapping[str, object]) -> str:
    """Put values for the names in braces; nothing else is done with a text. A name without a value
    becomes nothing."""
    return _PLACE.sub(lambda found: str(values.get(found[1], "")), text)


_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ ÆæßÉ!\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_TWICE = frozenset("^{}\\[~]|€\f")


def sms_size(text: str) -> tuple[int, int]:
    """Return (characters, messages charged) of an SMS: 160 and 153 a part in the GSM alphabet,
    70 and 67 where any other letter occurs, counted in UTF-16."""
    if all(letter in _GSM or letter in _GSM_TWICE for letter in text):
        size = sum(2 if letter in _GSM_TWICE else 1 for letter in text)
        one, part = 160, 153
    else:
        size = len(text.encode("utf-16-le")) // 2
        one, part = 70, 67
    return size, 1 if size <= one else -(-size // part)


_QUOTES = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "…": "..."})


def plain_letters(text: str) -> str:
    """Return a text for SMS without Vietnamese marks; what has no plain letter becomes ``?``."""
    from unicodedata import combining, normalize

    bare = normalize("NFD", text.translate(_QUOTES)).replace("đ", "d").replace("Đ", "D")
    bare = "".join(letter for letter in bare if not combining(letter))
    return "".join(one if one in _GSM or one in _GSM_TWICE else "?" for one in bare)
