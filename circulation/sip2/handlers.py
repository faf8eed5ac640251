"""From the bytes of a message to the bytes of its answer."""

from circulation.sip2 import information, lending, requests, service
from circulation.sip2.messages import RESEND, BadMessage, Message, build, parse
from circulation.sip2.session import Handler, Line

HANDLERS: dict[str, Handler] = {
    "93": service.login,
    "99": service.sc_status,
    "23": information.patron_status,
    "63": information.patron_information,
    "17": information.item_information,
    "11": lending.checkout,
    "09": lending.checkin,
    "29": lending.renew_one,
    "65": lending.renew_every,
    "15": requests.hold,
    "37": service.fee_paid,
    "01": service.block_patron,
    "35": service.end_session,
}
BEFORE_SIGN_IN = ("93", "99", "97")
ASK_AGAIN = "97"


def reply(line: Line, raw: bytes) -> bytes | None:
    """Return the answer to a message; None ends the line: who is not signed in hears nothing."""
    try:
        message = parse(raw)
        handler = HANDLERS.get(message.code)
    except BadMessage:
        handler = None
    if handler is None and raw[:2] != ASK_AGAIN.encode():
        return build(Message(RESEND, checked=b"AZ" in raw[-12:]))
    if handler is None:
        return line.last or build(Message(RESEND))
    if message.code not in BEFORE_SIGN_IN and not line.still_welcome():
        return None
    told = handler(line, message)
    ascii_only = line.terminal is not None and line.terminal.ascii_only
    line.last = build(told, ascii_only=ascii_only)
    return line.last
