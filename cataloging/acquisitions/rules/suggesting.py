"""How far a suggestion has come."""


def stage_of(state: str, order_state: str, received: int) -> str:
    """Return ``new``, ``declined``, ``accepted``, ``ordered`` (the order is sent) or ``came``.

    A cancelled order leaves what was accepted accepted: it may be ordered elsewhere.
    """
    if state != "accepted":
        return state
    if received:
        return "came"
    return "ordered" if order_state == "sent" else "accepted"
