"""Where a copy that came over the desk goes next. One decision, one headline.

The loan, its fine and the lifecycle are settled before; here only the way of the copy is decided.
Source: docs/circulation.md, check-in, steps 7 to 11.
"""

from dataclasses import dataclass
from datetime import date

from circulation.rules.holds import HoldFacts

HOLD_OVER = ("expired_shelf", "cancelled")


@dataclass(frozen=True)
class Scanned:
    """The copy after its loan was closed. ``in_hand_*`` is the hold that has it on the shelf;
    ``transit_*`` its open transit; ``wanted`` the hold it may fill now."""

    here: int
    home: int
    own_library: bool = True
    was_on_loan: bool = False
    lifecycle: str = "active"
    use: str = "loan"
    transit_to: int | None = None
    transit_from: int | None = None
    in_hand_state: str | None = None
    in_hand_pickup: int | None = None
    wanted: HoldFacts | None = None
    transport: bool = True
    in_house_counts: bool = False
    by_box: bool = False  # lent here in a box, so it stays here


@dataclass(frozen=True)
class Route:
    """What happens to the copy. ``kind`` is one of:

    withdrawn_stop   nothing; it is out of the stock
    keep_on_shelf    it already waits here for a reader
    to_pickup        it waits for a reader elsewhere: send it there
    already_sent     it is on its way from here and has not left yet
    send_on          it is on its way elsewhere and came to a wrong place: send it on
    hold_ready       captured for a reader who collects here
    hold_send        captured for a reader who collects at ``to``
    send_home        belongs elsewhere
    foreign_book     belongs to another library with which nothing is exchanged
    not_lendable     stays here, but not to the shelf (damaged, in process …)
    to_shelve        back to the shelf
    in_house_use     was used on the premises
    nothing_to_do    was where it belongs
    """

    kind: str
    to: int | None = None
    clears_shelf: bool = False
    receives: bool = False


def route(copy: Scanned) -> Route:
    """Decide the way of a scanned copy."""
    if copy.lifecycle == "withdrawn":
        return Route("withdrawn_stop")
    receives = copy.transit_to == copy.here
    clears = copy.in_hand_state in HOLD_OVER
    if copy.in_hand_state == "ready":
        here = copy.in_hand_pickup == copy.here
        return Route("keep_on_shelf") if here else Route("to_pickup", to=copy.in_hand_pickup)
    if copy.transit_to is not None and not receives:
        left = copy.transit_from != copy.here
        return Route("send_on" if left else "already_sent", to=copy.transit_to)
    if copy.wanted is not None and copy.lifecycle == "active":
        if copy.wanted.pickup == copy.here:
            return Route("hold_ready", to=copy.here, clears_shelf=clears, receives=receives)
        return Route("hold_send", to=copy.wanted.pickup, clears_shelf=clears, receives=receives)
    return _nobody_wants(copy, clears=clears, receives=receives)


def _nobody_wants(copy: Scanned, *, clears: bool, receives: bool) -> Route:
    if copy.home != copy.here and not copy.by_box:
        away = copy.own_library or copy.transport
        kind = "send_home" if away else "foreign_book"
        return Route(kind, to=copy.home, clears_shelf=clears, receives=receives)
    if copy.lifecycle != "active":
        return Route("not_lendable", clears_shelf=clears, receives=receives)
    if copy.was_on_loan or receives or clears:
        return Route("to_shelve", clears_shelf=clears, receives=receives)
    return Route("in_house_use" if copy.in_house_counts else "nothing_to_do")


def clamp_return(effective_on: date | None, started_on: date, today: date) -> date:
    """Return the day a return counts for: never before the loan began, never after today."""
    return max(started_on, min(effective_on or today, today))
