"""What receiving brings into the house: pages, a menu entry, sentences."""

from flask import Flask
from flask_babel import lazy_gettext as _l

from cataloging.permissions import EDIT_ITEM
from cataloging.stockbook import words
from cataloging.stockbook.books import views as books
from cataloging.stockbook.views import paper_views, views
from ils.core.audit import name_acts, name_subjects
from ils.web.errors import message
from ils.web.menu import menu_entry


def register(app: Flask) -> None:
    """Install receiving."""
    for bp in (views.bp, paper_views.bp, books.bp):
        app.register_blueprint(bp)
    menu_entry(_l("Cataloging"), _l("Receiving"), "stockbook.vouchers", EDIT_ITEM, order=236)
    menu_entry(_l("Cataloging"), _l("Registers"), "stock_books.shelf", EDIT_ITEM, order=237)
    name_acts(
        voucher_begun=_l("Voucher begun"),
        voucher_closed=_l("Voucher closed"),
        voucher_reopened=_l("Voucher opened again"),
        voucher_struck=_l("Voucher given up"),
        register_printed=_l("Register pages printed as final"),
    )
    name_subjects(voucher=_l("voucher"), register_page=_l("page of a register"))
    for code, text in words.MESSAGES.items():
        message(code, text)
