"""Words for the states of losses and claims, for pages."""

from typing import Any

from flask_babel import lazy_gettext as _l

TABS: dict[str, Any] = {
    "proposals": _l("Long overdue"),
    "claims": _l("Claims"),
    "lost": _l("Lost"),
    "damaged": _l("Damaged"),
    "missing": _l("Not found"),
}
LEADS: dict[str, Any] = {
    "proposals": _l("Proposed as lost by the rules. Nothing happens until somebody decides."),
    "claims": _l("Patrons say these are back, or never were borrowed. Search the shelves twice."),
    "lost": _l("Copies lost by patrons, and what is still owed for them."),
    "damaged": _l("Copies that came back damaged."),
    "missing": _l("Not found on their shelves. Whatever is scanned is found again."),
}
CASE_STATES: dict[str, tuple[str, Any]] = {
    "open": ("warn", _l("open")),
    "settled": ("ok", _l("settled")),
    "found": ("info", _l("found again")),
    "cancelled": ("off", _l("recorded by mistake")),
}
PROPOSAL_STATES: dict[str, Any] = {"open": _l("proposed"), "postponed": _l("left alone")}
CLAIM_STATES: dict[str, Any] = {"open": _l("open"), "resolved": _l("resolved")}
CLAIM_KINDS: dict[str, Any] = {
    "returned": _l("says it was returned"),
    "never_had": _l("says it was never borrowed"),
}
RESOLUTIONS: dict[str, tuple[str, Any]] = {
    "on_shelf": ("ok", _l("found on our shelf")),
    "by_reader": ("ok", _l("brought by the patron")),
    "given_up": ("off", _l("search given up")),
    "withdrawn": ("off", _l("taken back")),
}
WAYS: dict[str, Any] = {
    "money": _l("money"),
    "same_book": _l("the same book"),
    "none": _l("nothing is asked"),
}
SETTLED: dict[str, Any] = {
    "payment": _l("paid"),
    "replacement_copy": _l("the same book was brought"),
    "waiver": _l("waived"),
    "work": _l("by work"),
    "reversal": _l("taken back"),
    "none": _l("nothing was asked"),
}
MONEY: dict[str, Any] = {
    "charges_off": _l("charges taken back"),
    "credit": _l("stands to the patron's credit"),
    "payout": _l("to be paid back"),
    "paid_back": _l("was paid back"),
    "keeps_paid": _l("not given back"),
    "gift": _l("given to the library"),
    "reader_keeps": _l("the patron keeps it"),
    "replaced": _l("replaced by another copy"),
    "nothing": _l("nothing was paid"),
}
WHY: dict[str, Any] = {
    "declared": _l("told at the desk"),
    "long_overdue": _l("long overdue"),
    "claim": _l("searched for twice without success"),
    "check_in": _l("seen at the return"),
}
LIFECYCLES: dict[str, Any] = {
    "damaged": _l("damaged: out of use"),
    "repair": _l("to be repaired"),
    "active": _l("stays in use"),
}
