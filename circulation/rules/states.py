"""The states of a hold and the events that lead from one to the next.

    queued ⇄ targeted ──→ in_transit ──→ ready ──→ fulfilled
      ⇅         │ scan ─────────────────↗  │ ↘ cancelled
    suspended   └→ cancelled               └→ expired_shelf ──→ not_collected

An event not listed for a state is a fault of the caller, never of the reader.
"""

OPEN = ("queued", "suspended", "targeted", "in_transit", "ready")
WAITING = ("queued", "targeted")  # may be given a copy
ENDED = ("fulfilled", "cancelled", "expired_unfilled", "not_collected")

TABLE: dict[tuple[str, str], str] = {
    ("queued", "assign"): "targeted",
    ("targeted", "assign"): "targeted",
    ("targeted", "release"): "queued",
    ("queued", "suspend"): "suspended",
    ("targeted", "suspend"): "suspended",
    ("suspended", "resume"): "queued",
    ("queued", "capture"): "ready",
    ("targeted", "capture"): "ready",
    ("in_transit", "capture"): "ready",
    ("queued", "send"): "in_transit",
    ("targeted", "send"): "in_transit",
    ("in_transit", "send"): "in_transit",
    ("ready", "send"): "in_transit",
    ("in_transit", "release"): "queued",
    ("ready", "release"): "queued",
    ("ready", "expire"): "expired_shelf",
    ("expired_shelf", "extend"): "ready",
    ("expired_shelf", "clear"): "not_collected",
    ("queued", "pass_need_by"): "expired_unfilled",
    ("targeted", "pass_need_by"): "expired_unfilled",
    ("suspended", "pass_need_by"): "expired_unfilled",
    **{(state, "cancel"): "cancelled" for state in OPEN},
    **{(state, "fulfill"): "fulfilled" for state in (*OPEN, "expired_shelf")},
}


class IllegalStep(ValueError):
    """The event does not happen in this state."""


def next_state(state: str, event: str) -> str:
    """Return the state after an event. Raises ``IllegalStep``."""
    try:
        return TABLE[(state, event)]
    except KeyError:
        raise IllegalStep(f"a hold that is {state} cannot {event}") from None


def may(state: str, event: str) -> bool:
    """Tell whether an event can happen in a state."""
    return (state, event) in TABLE
