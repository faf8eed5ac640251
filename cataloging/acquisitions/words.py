"""Words of acquisitions."""

from typing import Any

from flask_babel import lazy_gettext as _l

SUPPLIER_STATES: tuple[tuple[str, Any], ...] = (
    ("in_use", _l("In use")),
    ("aside", _l("Laid aside")),
    ("", _l("All")),
)
STAGES: dict[str, tuple[str, Any]] = {
    "draft": ("warn", _l("Draft")),
    "sent": ("info", _l("Sent to the supplier")),
    "partly": ("warn", _l("Partly received")),
    "received": ("ok", _l("All received")),
    "cancelled": ("off", _l("Cancelled")),
}
MAILS: dict[str, tuple[str, Any]] = {
    "waiting": ("info", _l("being e-mailed")),
    "handing": ("info", _l("being e-mailed")),
    "sent": ("ok", _l("e-mail sent")),
    "failed": ("bad", _l("not accepted by the mail server")),
    "unsure": ("warn", _l("may have gone: ask the supplier before sending it again")),
}
LISTS: tuple[tuple[str, Any], ...] = (
    ("open", _l("Awaited")),
    ("late", _l("Past the promised day")),
    *((code, label) for code, (_kind, label) in STAGES.items()),
    ("", _l("All")),
)
SUGGESTION_STAGES: dict[str, tuple[str, Any]] = {
    "new": ("warn", _l("Waits for an answer")),
    "accepted": ("ok", _l("Will be bought")),
    "ordered": ("info", _l("Ordered from the supplier")),
    "came": ("ok", _l("Has come in")),
    "declined": ("off", _l("Will not be bought")),
}
SUGGESTION_LISTS: tuple[tuple[str, Any], ...] = (
    ("new", _l("Waits for an answer")),
    ("accepted", _l("Will be bought")),
    ("declined", _l("Will not be bought")),
    ("", _l("All")),
)
MESSAGES: dict[str, Any] = {
    "suggestion_unknown": _l("There is no such suggestion."),
    "suggestion_untitled": _l("Please give the title, at least about."),
    "suggestion_isbn_wrong": _l("This is not an ISBN; leave the box empty if you do not know it."),
    "suggestion_too_long": _l("Please write at most %(most)s letters here."),
    "suggestion_there": _l("The library has this title, or it is ordered already."),
    "suggested_already": _l("You have suggested this title already; it waits for an answer."),
    "suggestions_enough": _l(
        "You have %(most)s suggestions that wait for an answer. They are answered first."
    ),
    "suggestions_closed": _l("This library takes no suggestions here. Please ask at the desk."),
    "suggestion_answered": _l("This suggestion is answered."),
    "suggestion_not_answered": _l("This suggestion is not answered yet."),
    "suggestion_no_reason": _l("Please say why it will not be bought."),
    "suggestion_ordered": _l("This suggestion stands on an order."),
    "budget_unknown": _l("There is no such budget line."),
    "budget_unnamed": _l("Please give the budget line a name."),
    "budget_year_impossible": _l("This is not a year."),
    "budget_amount_impossible": _l("This amount cannot be right."),
    "budget_name_taken": _l("There is a budget line of this name in %(year)s already."),
    "budget_in_use": _l("Orders or vouchers name this budget line, so it stays. Close it instead."),
    "supplier_laid_aside": _l("This supplier is laid aside."),
    "order_not_mailable": _l(
        "The supplier has no e-mail address here, or no mail server is set up."
    ),
    "order_on_its_way": _l("The order is on its way by e-mail."),
    "discount_impossible": _l("A discount is between 0 and 100 per cent, like 12,5."),
    "expected_day_impossible": _l("This day cannot be right."),
    "expected_before_sent": _l("The order would be promised for a day before it is sent."),
    "order_unknown": _l("There is no such order."),
    "order_line_unknown": _l("There is no such title on an order."),
    "order_full": _l("An order holds at most %(most)s titles."),
    "order_copies_impossible": _l("Please order between 1 and %(most)s copies."),
    "order_sent_already": _l("This order was sent and is not changed any more."),
    "order_not_sent": _l("This order is not sent."),
    "order_empty": _l("There is no title on this order yet."),
    "order_day_impossible": _l("This cannot be the day it was sent."),
    "order_came_in": _l("Copies of this order came in, so the sending cannot be taken back."),
    "order_reason_missing": _l("Please say why the order is cancelled."),
    "order_arriving": _l(
        "Copies of this order stand on a voucher that is not closed: close it first."
    ),
    "order_not_cancelled": _l("This order is not cancelled."),
    "order_numbered": _l("This order has a number, so it is not deleted. Cancel it instead."),
    "order_nothing_missing": _l(
        "Nothing is missing: every copy came in or stands on a voucher that is not closed."
    ),
    "supplier_unknown": _l("There is no such supplier."),
    "supplier_unnamed": _l("Please give the supplier a name."),
    "supplier_in_use": _l(
        "This supplier is named elsewhere, by orders for example, and stays. Lay it aside instead."
    ),
    "tax_code_impossible": _l(
        "This is not a tax code: it has 10 digits, with a branch office 10 and 3, or 12."
    ),
    "tax_code_taken": _l("This tax code is that of %(name)s, which is in the list already."),
    "contract_backwards": _l("The contract ends before it begins."),
}
