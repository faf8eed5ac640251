"""Words of acts over many copies or records."""

from collections.abc import Callable
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from cataloging.batch.rules.copies import Change
from cataloging.views.words import COPY_BOXES, VETOES

ACTS: Final[dict[str, Any]] = {
    "change": _l("Change copies"),
    "withdraw": _l("Withdraw copies"),
    "delete": _l("Delete records"),
}
OUTCOMES: Final[dict[str, tuple[str, Any]]] = {
    "waiting": ("info", _l("Not looked at yet")),
    "will": ("info", _l("To do")),
    "done": ("ok", _l("Done")),
    "against": ("bad", _l("Something stands against it")),
    "decision": ("warn", _l("Needs a weeding decision")),
    "listed": ("ok", _l("On a weeding list")),
    "stale": ("warn", _l("Changed by somebody in the meantime")),
    "gone": ("off", _l("Gone in the meantime")),
    "same": ("off", _l("Stays as it is")),
}
REASONS: Final[dict[str, Any]] = {
    **VETOES,
    "withdrawn": _l("it is withdrawn"),
    "no_right": _l("you have not the right at its branch"),
    "no_right_there": _l("you may not change copies at the branch it would go to"),
    "other_library": _l("it belongs to another library: a copy moves only between branches of its own"),
    "other_collection": _l("the collection is another library's"),
    "state_of_its_own": _l("it is missing, lost or proposed for withdrawal, which ends by an act of its own"),
    "too_long": _l("a text would become too long"),
    "on_a_list": _l("it is on a weeding list already"),
    "local_history": _l("it is local history, which is never weeded"),
    "entered_later": _l("it was entered after that day"),
    "needs_decision": _l("it stands in the accession register and goes by minutes and decision only"),
    "has_copies": _l("it has copies in stock"),
    "final_page": _l("it stands on a final page of the register: the new price is written there in red as a correction"),
}  # fmt: skip
HOWS: Final[dict[str, Any]] = {
    "set": _l("becomes"),
    "replace": _l("a text in it becomes"),
    "before": _l("gets in front"),
    "after": _l("gets behind"),
    "clear": _l("is emptied"),
}
FAULTS: Final[dict[str, Any]] = {
    "how_unknown": _l("please choose from the list"),
    "how_missing": _l("please choose what is done with it"),
    "never_empty": _l("this box is never empty"),
    "value_missing": _l("please say what it becomes"),
    "find_missing": _l("please say which text is replaced"),
    "price_impossible": _l("this price cannot be"),
    "too_long": _l("this text is too long"),
}


def said_change(change: Change, said: Callable[[str, Any], str]) -> str:
    """Say a change in one line; ``said`` words the value of a box."""
    box = str(COPY_BOXES[change.box])
    if change.how == "clear":
        return str(_("%(box)s: is emptied", box=box))
    value = said(change.box, change.value)
    if change.how == "set":
        return str(_("%(box)s becomes %(value)s", box=box, value=value))
    if change.how == "replace":
        return f"{box}: “{change.find}” → “{change.value}”"
    return f"{box} {HOWS[change.how]}: “{change.value}”"


def said_reasons(codes: str) -> list[str]:
    """Word reasons as they are kept."""
    return [str(REASONS.get(code, code)) for code in codes.split()]
