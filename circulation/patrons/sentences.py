"""What the codes of consents, looks, requests and cards are called, on pages and papers."""

from typing import Any

from flask_babel import lazy_gettext as _l

GIVERS: dict[str, Any] = {"self": _l("the patron"), "guardian": _l("the parent or guardian")}
PURPOSES: dict[str, Any] = {
    "lending": _l("card and lending"),
    "messages": _l("messages"),
    "photo": _l("photo"),
    "history": _l("history of loans"),
}
CHANNELS: dict[str, Any] = {
    "desk": _l("at the desk"),
    "opac": _l("on the public site"),
    "auto": _l("taken over from a list"),
    "paper": _l("on paper"),
}
WHY: dict[str, Any] = {
    "desk": _l("lending at the desk"),
    "record": _l("opened the record"),
    "edit": _l("changed the record"),
    "family": _l("opened the family"),
    "export": _l("made a copy of all data"),
    "erase": _l("looked into erasing"),
    "registration": _l("compared with a registration"),
    "merge": _l("compared with another record"),
}
REQUEST_STATES: dict[str, Any] = {
    "open": _l("waiting"),
    "done": _l("done"),
    "refused": _l("refused"),
}
REGISTRATION_STATES: dict[str, Any] = {
    "waiting": _l("waiting"),
    "confirmed": _l("confirmed"),
    "declined": _l("declined"),
    "expired": _l("expired"),
}
AGAINST: dict[str, Any] = {
    "loans": _l("Books on loan"),
    "holds": _l("Holds, or a copy on the hold shelf"),
    "debt": _l("Owed"),
    "credit": _l("Paid too much, to be given back"),
    "deposit": _l("Deposit, to be given back"),
    "children": _l("Children the patron answers for"),
}
SEX: dict[str, Any] = {"m": _l("Male"), "f": _l("Female"), "x": _l("Other")}
CARD_STATES: dict[str, Any] = {
    "active": _l("valid"),
    "replaced": _l("replaced"),
    "lost": _l("lost"),
    "canceled": _l("ended"),
}
LEDGER_KINDS: dict[str, Any] = {
    "overdue": _l("Overdue fine"),
    "lost_price": _l("Price of a lost item"),
    "processing": _l("Processing fee"),
    "card_fee": _l("Card fee"),
    "service": _l("Service"),
    "deposit_due": _l("Deposit due"),
    "payment": _l("Payment"),
    "waiver": _l("Waiver"),
    "reversal": _l("Reversal"),
    "replacement_copy": _l("Replacement copy"),
    "work": _l("Work"),
    "deposit_in": _l("Deposit received"),
    "deposit_out": _l("Deposit given back"),
    "deposit_to_debt": _l("Deposit used for a debt"),
}
