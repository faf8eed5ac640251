"""Words of the books of stock."""

from typing import Any

from flask_babel import lazy_gettext as _l

KINDS: dict[str, Any] = {
    "invoice": _l("Invoice"),
    "delivery_note": _l("Delivery note"),
    "gift": _l("Gift record"),
    "allotment": _l("Allotment"),
    "opening": _l("Opening balance"),
}
STATES: dict[str, tuple[str, Any]] = {
    "draft": ("warn", _l("Draft")),
    "closed": ("ok", _l("Closed, entered")),
    "struck": ("off", _l("Struck out")),
}
MESSAGES: dict[str, Any] = {
    "voucher_unknown": _l("There is no such voucher."),
    "voucher_line_unknown": _l("There is no such line on a voucher."),
    "voucher_closed": _l("This voucher is closed. Put it right with a new entry."),
    "voucher_not_closed": _l("This voucher is not closed."),
    "voucher_kind_unknown": _l("Please choose the kind of voucher."),
    "voucher_empty": _l("There is no title on this voucher yet."),
    "voucher_full": _l("A voucher holds at most %(most)s titles."),
    "voucher_unnumbered": _l("Before closing, the voucher needs its number and date."),
    "voucher_sum_differs": _l(
        "The titles come to %(difference)s đ more or less than the voucher says. Correct the lines, "
        "or confirm that it is so."
    ),
    "voucher_used": _l(
        "This cannot be opened again: %(count)s copies or records were used or changed since."
    ),
    "summary_number_runs_on": _l(
        "The number in the summary register runs on by itself; only an opening balance brings its own."
    ),
    "summary_number_taken": _l("The number %(number)s of the summary register is taken."),
    "old_numbers_for_opening": _l("Old accession numbers belong to an opening balance."),
    "book_nothing_to_print": _l("There is no full page to print as final."),
    "book_on_the_move": _l(
        "Copies of a weeding list are being withdrawn. Print as final when that is done."
    ),
    "register_page_damaged": _l(
        "Page %(page)s is no longer what was printed: its content was changed outside the program. "
        "Compare it with the signed paper."
    ),
    "no_copies_without_voucher": _l("There are no such copies without a voucher any more."),
}
