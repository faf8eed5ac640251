"""Words of weeding."""

from typing import Any

from flask_babel import lazy_gettext as _l

STATES: dict[str, tuple[str, Any]] = {
    "proposed": ("warn", _l("Proposed")),
    "decided": ("ok", _l("Decided, withdrawn")),
    "struck": ("off", _l("Given up")),
}
RULES: dict[str, Any] = {
    "old": _l("Published long ago"),
    "unused": _l("In stock for long and never used since"),
    "newspapers": _l("Newspapers and journals"),
    "law": _l("Law books (class 340 to 349), to check for validity"),
    "damaged": _l("Recorded as damaged"),
    "lost": _l("Lost by readers and made good"),
    "missing": _l("Missing for long"),
}
FATES: dict[str, Any] = {
    "transferred": _l("Given to a library or body"),
    "sold": _l("Sold"),
    "destroyed": _l("Destroyed"),
}
AGAINST: dict[str, Any] = {
    "local_history": _l("it is local history, which is never weeded"),
    "entered_later": _l("it was entered after the day of the decision"),
    "withdrawn": _l("it is withdrawn already"),
}
LEFT_OFF: dict[str, Any] = {
    "local_history": _l("Local history is never weeded"),
    "withdrawn": _l("Withdrawn already"),
    "on_a_list": _l("On a list already"),
    "other_library": _l("Of another library"),
}
MESSAGES: dict[str, Any] = {
    "weeding_unknown": _l("There is no such weeding list."),
    "weeding_decided": _l("This list is decided or given up; it stays as it is."),
    "weeding_not_decided": _l("This list is not decided yet."),
    "weeding_under_way": _l("The worker is at this list. Please wait until it is done."),
    "weeding_name_missing": _l("Please give the list a name."),
    "weeding_day_impossible": _l("This day cannot be; type it like 01/06/2026."),
    "weeding_decided_before_meeting": _l(
        "The decision cannot be older than the council's minutes."
    ),
    "weeding_full": _l("A list holds at most %(most)s copies. Begin another one for the rest."),
    "weeding_rule_unknown": _l("Please choose a rule."),
    "weeding_search_empty": _l("Please type what to search for."),
    "weeding_papers_missing": _l(
        "The number and date of the council's minutes and of the decision are needed first."
    ),
    "weeding_empty": _l("There is no copy on this list yet."),
    "weeding_stopped": _l(
        "Nothing was withdrawn: something stands against %(count)s copies. They come first in the "
        "list; have them come back or take them off."
    ),
    "weeding_why_missing": _l("Please say why the copies come back into stock."),
    "weeding_disposed": _l(
        "This copy was given away, sold or destroyed by minutes. Take those back first."
    ),
    "disposal_unknown": _l("There are no such minutes."),
    "disposal_empty": _l("No copy is left for these minutes."),
    "disposal_kind_unknown": _l("Please choose what became of the copies."),
    "disposal_papers_missing": _l("The minutes need a number and a date."),
    "disposal_receiver_missing": _l("Please say who received the copies."),
}
