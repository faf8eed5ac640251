"""Checkout, checkin and renewal: the use cases of the desk, answered in the protocol.

Nothing is decided here. What a machine did on its own while the line was gone (``no block``) has
happened already: all that the desk may lift by itself is lifted and noted, and dated back.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from flask_babel import gettext as _

from circulation.checkin import check_in
from circulation.checkout import check_out
from circulation.desk import DeskResult, perform
from circulation.facts import find_scanned, item_at_desk
from circulation.renew import renew, renew_all
from circulation.returns import LEAVES_BOX
from circulation.rules.reasons import KINDS
from circulation.sentences import reason_sentence
from circulation.sip2.messages import Message, day_of, last_moment, media_types, moment_of, yes
from circulation.sip2.patrons import view_patron
from circulation.sip2.session import Line, answer
from circulation.sip2.words import institution, said, turned_away, who_and_what
from circulation.undo import undo
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.db import reading
from ils.org.units import unit_names

LONGEST_WITHOUT_LINE = timedelta(days=30)


def checkout(line: Line, message: Message) -> Message:
    """11: lend; renew the reader's own loan where the machine may; or take the last loan back."""
    if message.get("BI") == "Y":
        return _take_back(line, message)
    offline = message.fixed["no_block"] == "Y"
    refused = "" if offline else turned_away(line, message)
    if refused:
        return _lent(line, message, "12", None, refused)
    overrides = {"own_loan": line.who.name} if message.fixed["renewal_policy"] == "Y" else {}
    key = line.key(message)
    result = perform(
        check_out,
        _trusted(line) if offline else line.who,
        barcode=message.get("AB"),
        card=message.get("AA"),
        key=key,
        overrides=overrides | (_lifted() if offline else {}),
        now=_when(message) if offline else None,
    )
    if result.ok and result.command == "check_out":
        line.lent[message.get("AB")] = key
    return _lent(line, message, "12", result, said(result))


def _take_back(line: Line, message: Message) -> Message:
    """The machine could not hand the item out: the loan just made is undone."""
    token = line.lent.pop(message.get("AB"), "")
    if not token:
        return _lent(line, message, "12", None, str(_("There is nothing to undo.")))
    result = perform(undo, line.who, token=token, key=line.key(message))
    told = _lent(line, message, "12", result, said(result))
    return replace(told, fixed={**told.fixed, "desensitize": "N"})


def _lent(line: Line, message: Message, code: str, result: DeskResult | None, told: str) -> Message:
    ok = result is not None and result.ok
    renewed = result is not None and result.ok and result.code == "renewed"
    item = (result.item if result else None) or {}
    loan = (result.loan if result else None) or {}
    fixed = {"ok": "1" if ok else "0", "renewal_ok": yes(renewed), "magnetic": "U"}
    fixed["desensitize"] = yes(ok and not renewed)
    return answer(
        message,
        code,
        fixed,
        *who_and_what(line, message),
        ("AJ", item.get("title", "")),
        ("AH", (last_moment(loan.get("due_on")) if ok else None) or ""),
        ("CK", media_types().get(item.get("item_type", ""), "000") if item else None),
        ("AF", told),
    )


def _lifted() -> dict[str, str]:
    why = str(_("lent by the machine while the line was gone"))
    return {code: why for code, kind in KINDS.items() if kind.override is not None}


NOBODY = Actor(name="sip2", all_rights=True, channel="sip2")  # approves what has happened already


def _trusted(line: Line) -> Actor:
    return replace(line.who, approver=NOBODY)


def _when(message: Message) -> datetime | None:
    """Return when the machine says it happened, if that can be."""
    told, now = moment_of(message.fixed["transaction_date"]), clock.now()
    return told if told is not None and now - LONGEST_WITHOUT_LINE < told < now else None


def checkin(line: Line, message: Message) -> Message:
    """09: take back. A day of return before today is one of a time without a line."""
    on = day_of(message.fixed["return_date"])
    result = perform(
        check_in,
        line.who,
        barcode=message.get("AB"),
        key=line.key(message),
        effective_on=on if on is not None and on < clock.today() else None,
        overrides=LEAVES_BOX,
    )
    item, hold, to = result.item or {}, result.hold or {}, result.facts.get("to")
    with reading() as session:
        names = unit_names(session)
    kind = _alert(result)
    fixed = {"ok": "1" if result.ok else "0", "resensitize": yes(result.ok)}
    fixed |= {"magnetic": "U", "alert": yes(kind)}
    return answer(
        message,
        "10",
        fixed,
        ("AO", institution(line)),
        ("AB", message.get("AB")),
        ("AQ", names.get(item.get("branch_id", 0), "")),
        ("AJ", item.get("title", "")),
        ("CK", media_types().get(item.get("item_type", ""), "000") if item else None),
        ("CV", kind or None),
        ("CT", names.get(to) if kind in (OTHER_HOLD, SEND) and isinstance(to, int) else None),
        ("CY", hold.get("patron_code")),
        ("AF", said(result)),
    )


# The protocol's kinds of alert (CV): a hold here, a hold elsewhere, send on, call somebody.
HOLD_HERE, OTHER_HOLD, SEND, CALL = "01", "02", "04", "99"
_ALERTS = {
    "hold_ready": HOLD_HERE,
    "keep_on_shelf": HOLD_HERE,
    "hold_send": OTHER_HOLD,
    "to_pickup": OTHER_HOLD,
    "send_home": SEND,
    "send_on": SEND,
}


def _alert(result: DeskResult) -> str:
    if not result.ok or result.action in ("call_head", "stop"):
        return CALL
    return _ALERTS.get(result.code, "")


def renew_one(line: Line, message: Message) -> Message:
    """29: renew one loan of the reader."""
    refused = turned_away(line, message)
    if not refused and not _is_borrower(line, message):
        refused = reason_sentence("not_on_loan")
    if refused:
        return _lent(line, message, "30", None, refused)
    result = perform(renew, line.who, barcode=message.get("AB"), key=line.key(message))
    return _lent(line, message, "30", result, said(result))


def _is_borrower(line: Line, message: Message) -> bool:
    with reading() as session:
        found = find_scanned(session, message.get("AB"), line.who.library_id or 0)
        view = view_patron(session, line.who, message.get("AA"))
        if found.item_id is None or view is None:
            return False
        loan = item_at_desk(session, found.item_id).loan
        return loan is not None and loan.patron_id == view.patron.id


def renew_every(line: Line, message: Message) -> Message:
    """65: renew whatever can be renewed."""
    told = turned_away(line, message)
    renewed: list[str] = []
    refused: list[str] = []
    ok = not told
    if ok:
        with reading() as session:
            view = view_patron(session, line.who, message.get("AA"))
        patron_id = view.patron.id if view is not None else 0
        for one in perform(renew_all, line.who, patron_id=patron_id, key=line.key(message)):
            (renewed if one.ok else refused).append(str((one.item or {}).get("barcode", "")))
        told = str(
            _("%(done)s renewed, %(refused)s refused.", done=len(renewed), refused=len(refused))
        )
    counts = {"renewed_count": f"{len(renewed):04d}", "unrenewed_count": f"{len(refused):04d}"}
    return answer(
        message,
        "66",
        {"ok": "1" if ok else "0", **counts},
        ("AO", institution(line)),
        *(("BM", code) for code in renewed),
        *(("BN", code) for code in refused),
        ("AF", told),
    )
