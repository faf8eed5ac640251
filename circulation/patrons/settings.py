"""Settings of patrons and cards, and how long what is known of people is kept."""

from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l

from ils.org.settings import declare

declare(
    "patrons.child_below",
    int,
    16,
    _l("Patrons below this age count as children."),
    minimum=6,
    maximum=21,
)
declare("patrons.card_prefix", str, "TV", _l("Letters that begin a new card's number."))
declare(
    "patrons.check_address",
    str,
    "",
    _l("Address of the site (https://…) in the QR code of cards, so that a phone opens the check."),
)
declare(
    "patrons.online",
    bool,
    True,
    _l("People may register on the public site; the card is given at the desk."),
)


declare(
    "patrons.visit_once",
    str,
    "session",
    _l("A card scanned at the door counts once in a morning, afternoon or evening, or once a day."),
    choices=("session", "day"),
)


@dataclass(frozen=True)
class Kept:
    """How long something is kept: the setting, and what happens then."""

    key: str
    what: Any
    then: Any


RETENTION: list[Kept] = []


def _kept(key: str, default: int, what: Any, then: Any, *, least: int, most: int) -> None:
    declare(key, int, default, what, minimum=least, maximum=most)
    RETENTION.append(Kept(key, what, then))


_kept(
    "patrons.history_days",
    90,
    _l("Days after its return that a loan stays under its reader's name."),
    _l("Loans and ended holds are detached from the name, unless the reader keeps a history."),
    least=7,
    most=3650,
)
_kept(
    "patrons.registration_days",
    30,
    _l("Days that a registration from the public site waits for its person."),
    _l("What was sent is erased."),
    least=3,
    most=365,
)
_kept(
    "patrons.looks_days",
    730,
    _l("Days that it is kept who looked at a patron's record."),
    _l("The lines are deleted."),
    least=90,
    most=3650,
)
_kept(
    "patrons.sheet_days",
    7,
    _l("Days that a spreadsheet of patrons brought in is kept."),
    _l("The file is deleted."),
    least=1,
    most=90,
)
_kept(
    "patrons.erase_after_months",
    60,
    _l("Months after a card ran out, without a loan since, until its holder is erased (0: never)."),
    _l("The person is erased, if no loan, debt or deposit is open."),
    least=0,
    most=240,
)
_kept(
    "patrons.visitor_days",
    30,
    _l("Days that it is kept who was a visitor without a card."),
    _l("The lines are deleted; the visits stay counted."),
    least=2,
    most=365,
)
declare(
    "patrons.request_days",
    int,
    10,
    _l("Days within which a person's request about their data is answered."),
    minimum=1,
    maximum=60,
)
