"""What is said of offline lines: conflicts, proposals, notes."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

from circulation.offline.models import OfflineLine
from circulation.rules.reasons import KINDS
from circulation.sentences import reason_sentence

COMMANDS: dict[str, Any] = {
    "check_out": _l("Loan"),
    "check_in": _l("Return"),
    "renew": _l("Renewal"),
    "in_house": _l("In-house use"),
    "visit": _l("Visit"),
    "undo": _l("Taken back by this desk"),
}
STATES: dict[str, tuple[str, Any]] = {
    "waiting": ("info", _l("not replayed yet")),
    "applied": ("ok", _l("done")),
    "applied_with_note": ("warn", _l("done, with a note")),
    "conflict": ("bad", _l("to be looked at")),
    "settled": ("off", _l("settled")),
}
# class → what happened, and what was done by default
CONFLICTS: dict[str, tuple[Any, Any]] = {
    "lent_to_other": (
        _l("The copy was on loan to somebody else."),
        _l("That loan was ended when this one began; this loan stands."),
    ),
    "lent_twice": (
        _l("Two desks lent the same copy."),
        _l("The later loan stands; the earlier one ended when it began."),
    ),
    "awaited_by_other": (
        _l("The copy was waiting for another reader."),
        _l("The loan stands; the hold is back in its place, and its reader is sent an apology."),
    ),
    "beyond_desk": (
        _l("Something stood against it that the desk may not lift."),
        _l("The copy has left, so the loan stands."),
    ),
    "unknown_card": (
        _l("Nobody has this card."),
        _l("The loan is kept on a placeholder. Say whose card it was, or fill in the person."),
    ),
    "unknown_barcode": (
        _l("No item has this barcode."),
        _l("Nothing was done. Find the copy in the tray and type its barcode."),
    ),
    "card_not_item": (
        _l("A card was scanned as an item."),
        _l("Nothing was done. Type the barcode that was meant, if it is known."),
    ),
    "withdrawn_item": (
        _l("The copy was withdrawn from the stock."),
        _l("Nothing was done. If it is the right copy, take the withdrawal back first."),
    ),
    "returned_earlier": (
        _l("The copy came back earlier than was counted."),
        _l("Nothing was changed yet: the return may be counted on the earlier day, with its fine."),
    ),
    "not_renewed": (
        _l("The loan could not be renewed."),
        _l("The due date is what it was; the reader was told otherwise."),
    ),
    "needs_return": (
        _l("Counted as read here, but it is on loan, on its way, or awaited."),
        _l("Nothing was counted. Take it as a return?"),
    ),
    "refused": (
        _l("The server could not do it."),
        _l("Nothing was done. Put right what stands against it, then try again."),
    ),
    "not_proved": (
        _l("It is not proved who did it."),
        _l("Nothing was done. Do it in your own name?"),
    ),
    "not_understood": (
        _l("The desk noted something this server does not know."),
        _l("Nothing was done."),
    ),
    "not_opened": (
        _l("The line is sealed for a server key that is not here."),
        _l("Nothing was done. Bring back the keys of the old data folder, then try again."),
    ),
    "clock_unsure": (
        _l("The desk's clock was wrong, so nobody knows when it was."),
        _l("Nothing was done. Do it as of the moment the log arrived?"),
    ),
}
WAYS: dict[str, Any] = {
    "ok": _l("It is right so"),
    "apologize": _l("It is right so; apologize to who waited"),
    "never_left": _l("The copy did not leave"),
    "assign": _l("It is this reader's card"),
    "again": _l("Do it now"),
    "return": _l("Take it as a return"),
    "redate": _l("Count it on the earlier day"),
    "undone": _l("Taken back at the desk"),
}
TYPED: dict[tuple[str, str], Any] = {
    ("unknown_card", "assign"): _l("Card of the reader"),
    ("unknown_barcode", "again"): _l("Barcode that was meant"),
    ("card_not_item", "again"): _l("Barcode that was meant"),
}
NOTES: dict[str, Any] = {
    "clock_shifted": _l("The desk's clock was off; moved by %(minutes)s minutes."),
    "clock_jumped": _l("The desk's clock jumped; moved by %(minutes)s minutes."),
    "clock_unsure": _l("The desk's clock cannot be believed."),
    "had_it_already": _l("The reader had the copy already; nothing was changed."),
    "returned_since": _l("The copy has come back since; the loan is over."),
    "seen_since": _l("The copy was seen later already; nothing was changed."),
    "to_be_moved": _l("Take it from the returned books: %(what)s"),
}


def conflict_words(line: OfflineLine) -> tuple[str, str]:
    """Say what happened and what was done about it."""
    happened, done = CONFLICTS.get(line.conflict or "", (line.conflict or "", ""))
    return str(happened), str(done)


def note_words(note: Mapping[str, Any], headline: str = "") -> str:
    """Say a note of a line; what is no note of its own is a reason or a second conflict."""
    code, facts = str(note["code"]), dict(note.get("facts", {}))
    if code in NOTES:
        return str(NOTES[code]) % {"minutes": 0, **facts, "what": headline}
    if code in CONFLICTS:
        return str(CONFLICTS[code][0])
    return reason_sentence(code, facts) if code in KINDS else code


def more_words(line: OfflineLine) -> list[str]:
    """Say what stood against a line: reasons by their codes."""
    facts = dict(line.facts)
    found = [str(facts["reason"])] if facts.get("reason") else []
    found += [str(one) for one in facts.get("reasons", [])]
    return [reason_sentence(code, facts) for code in found if code in KINDS]
