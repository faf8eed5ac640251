"""What acquisitions bring into the house: pages, menu entries, sentences."""

from flask import Flask, url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from cataloging.acquisitions import words
from cataloging.acquisitions.receipts import order_of_voucher
from cataloging.acquisitions.titles import record_vetoes_of
from cataloging.acquisitions.views import budgets, orders, suggestions, suppliers
from cataloging.hooks import Origin, register_origin, register_record_veto
from cataloging.permissions import ORDER_BOOKS, VIEW_RECORD
from ils.core.audit import name_acts, name_subjects
from ils.web.errors import message
from ils.web.menu import menu_entry


def register(app: Flask) -> None:
    """Install acquisitions."""
    for bp in (orders.bp, suggestions.bp, budgets.bp, suppliers.bp):
        app.register_blueprint(bp)
    register_origin(_order_behind)
    register_record_veto(record_vetoes_of)
    group = _l("Stock")
    menu_entry(group, _l("Orders"), "orders.orders", ORDER_BOOKS, order=302)
    menu_entry(
        *(group, _l("Suggestions"), "suggestions.suggestions", VIEW_RECORD),
        order=304,
        begins=ORDER_BOOKS,
    )
    menu_entry(group, _l("Budget lines"), "budgets.budgets", ORDER_BOOKS, order=306)
    menu_entry(group, _l("Suppliers"), "suppliers.suppliers", ORDER_BOOKS, order=308)
    name_acts(
        budget_added=_l("Budget line written down"),
        budget_changed=_l("Budget line changed"),
        budget_deleted=_l("Budget line deleted"),
        voucher_budgeted=_l("Voucher put on a budget line"),
        voucher_unbudgeted=_l("Voucher taken off a budget line"),
        suggestion_accepted=_l("Suggestion accepted"),
        suggestion_declined=_l("Suggestion declined"),
        suggestion_reopened=_l("Answer to a suggestion taken back"),
        suggestion_on_order=_l("Suggestion put on an order"),
        order_begun=_l("Order begun"),
        order_put_off=_l("Order promised for another day"),
        order_sent=_l("Order sent"),
        order_mailed=_l("Order sent by e-mail"),
        order_taken_back=_l("Sending of an order taken back"),
        order_cancelled=_l("Order cancelled"),
        order_revived=_l("Cancelling of an order taken back"),
        order_given_up=_l("Order given up"),
        order_received=_l("Voucher begun from an order"),
        supplier_added=_l("Supplier written down"),
        supplier_changed=_l("Supplier changed"),
        supplier_deleted=_l("Supplier deleted"),
    )
    name_subjects(
        supplier=_l("supplier"),
        suggestion=_l("suggestion to buy"),
        budget_line=_l("budget line"),
        purchase_order=_l("order to a supplier"),
    )
    for code, text in words.MESSAGES.items():
        message(code, text)


def _order_behind(session: Session, voucher_id: int) -> Origin | None:
    """Tell the voucher's page which order it was made of."""
    order = order_of_voucher(session, voucher_id)
    if order is None:
        return None
    return Origin(order.number, url_for("orders.show", order_id=order.id))
