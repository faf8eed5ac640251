"""What becomes of a line of a list, and why, in words."""

from typing import Any

from flask_babel import lazy_gettext as _l

# In the order of the page: what is to be done first.
STATES: dict[str, Any] = {
    "one": _l("Found"),
    "several": _l("To choose"),
    "none": _l("Found nowhere"),
    "unasked": _l("Not answered"),
    "waiting": _l("Waiting for an answer"),
    "taken": _l("Taken over"),
    "ours": _l("You have it already"),
    "double": _l("Twice in the list"),
    "wrong": _l("Not an ISBN"),
}
REASONS: dict[str, Any] = {
    "check_digit": _l("The check digit is wrong: a figure is mistyped."),
    "length": _l("An ISBN has 10 or 13 figures."),
    "goods": _l("This is the number of goods (EAN); the ISBN begins with 978 or 979."),
    "rounded": _l("The spreadsheet has rounded the number: set the column as text."),
    "no_number": _l("There is no number in this line."),
    "double": _l("The same number stands above already."),
    "not_all": _l("Not all targets answered."),
    "several": _l("Different records were found."),
    "other_number": _l("The record found does not carry this ISBN."),
    "alike_here": _l("Your catalogue has a title like it, without this ISBN."),
    "chosen": _l("chosen by hand"),
    "left": _l("None of those found was it."),
}
