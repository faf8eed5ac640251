"""Signing in, the state of this server, payments, blocks, the end of a reader's turn."""

from flask_babel import gettext as _

from circulation.desk import perform
from circulation.fees import take_payment
from circulation.patrons.notes import write_note
from circulation.sentences import reason_sentence
from circulation.sip2.information import CURRENCY, patron_status
from circulation.sip2.messages import Message, stamp, yes
from circulation.sip2.patrons import view_patron
from circulation.sip2.session import Line, answer
from circulation.sip2.terminals import sign_in_terminal
from circulation.sip2.words import institution, said
from ils.accounts.actor import system_actor
from ils.core import clock
from ils.core.db import reading, transaction
from ils.core.errors import IlsError
from ils.org.units import unit_name
from ils.web.errors import sentence_for

TIMEOUT, RETRIES = "100", "003"  # tenths of seconds to wait for an answer; how often to ask again
SUPPORTED = "YYYYYYYYYYYNNYYY"  # all but item status update and patron enable


def login(line: Line, message: Message) -> Message:
    """93: the machine signs in with its own account."""
    try:
        with transaction() as session:
            found = sign_in_terminal(session, message.get("CN"), message.get("CO"), line.address)
    except IlsError:  # guessing is slowed down: it hears no more than that it was not let in
        found = None
    if found is not None:
        line.begin(found)
    return answer(message, "94", {"ok": "1" if found else "0"})


def sc_status(line: Line, message: Message) -> Message:
    """99: what this server is and can do; to a machine not signed in, that it is not."""
    on = line.terminal is not None
    fixed = dict.fromkeys(
        ("online", "checkin_ok", "checkout_ok", "renewal_policy", "offline_ok"), yes(on)
    )
    fixed |= {"status_update_ok": "N", "timeout": TIMEOUT, "retries": RETRIES}
    fixed |= {"datetime": stamp(clock.now()), "protocol_version": "2.00"}
    if line.terminal is None:
        return answer(message, "98", fixed, ("AO", ""), ("BX", SUPPORTED))
    with reading() as session:
        name = unit_name(session, line.terminal.branch_id)
    return answer(
        message,
        "98",
        fixed,
        ("AO", institution(line)),
        ("AM", name),
        ("BX", SUPPORTED),
        ("AN", line.terminal.name),
    )


def fee_paid(line: Line, message: Message) -> Message:
    """37: money was put into the machine; charges are settled, a receipt is numbered."""
    with reading() as session:
        view = view_patron(session, line.who, message.get("AA"))
    amount = _whole(message.get("BV"))
    accepted = False
    if line.terminal is None or not line.terminal.takes_payments:
        told = str(_("This machine takes no payments."))
    elif message.fixed["currency"] != CURRENCY or amount <= 0:
        told = reason_sentence("amount_wrong")
    elif view is None:
        told = reason_sentence("card_unknown")
    else:
        line_id = message.get("CG")
        try:
            result = perform(
                take_payment,
                line.who,
                patron_id=view.patron.id,
                amount=amount,
                chosen=[int(line_id)] if line_id.isdecimal() else [],
                note=f"{line.who.name} {message.get('BK')}".strip(),
                key=line.key(message),
            )
            accepted, told = result.ok, said(result)
        except IlsError as error:
            told = sentence_for(error)
    return answer(
        message,
        "38",
        {"accepted": yes(accepted)},
        ("AO", institution(line)),
        ("AA", message.get("AA")),
        ("BK", message.get("BK") or None),
        ("AF", told),
    )


def _whole(text: str) -> int:
    """Read whole đồng; machines write 25000 or 25000.00. Anything else is 0."""
    whole, _point, rest = text.strip().partition(".")
    return int(whole) if whole.isdecimal() and len(whole) < 12 and not rest.strip("0") else 0


def block_patron(line: Line, message: Message) -> Message:
    """01: the machine kept a card or saw it misused. A person looks into it and lifts the block."""
    with transaction() as session:
        view = view_patron(session, line.who, message.get("AA"))
        if view is not None:
            why = message.get("AL") or str(_("blocked by the machine"))
            write_note(
                session,
                system_actor(session, line.who.unit_id),
                view.patron.id,
                f"{line.who.name}: {why}",
                acts=("borrow", "renew", "hold"),
            )
    return patron_status(line, message)


def end_session(line: Line, message: Message) -> Message:
    """35: the reader goes."""
    line.end_turn()
    pairs = [("AO", institution(line)), ("AA", message.get("AA")), ("AF", "")]
    return answer(message, "36", {"ended": "Y"}, *pairs)
