"""What receiving brings into the house: pages, a menu entry, sentences."""

from flask import Flask
from flask_babel import lazy_gettext as _l

from cataloging.hooks import register_let_back, register_record_veto
from cataloging.permissions import EDIT_ITEM, SPLIT_PURCHASE
from cataloging.stockbook import words
from cataloging.stockbook.books import views as books
from cataloging.stockbook.central import views as central
from cataloging.stockbook.central import words as central_words
from cataloging.stockbook.titles import record_vetoes_of
from cataloging.stockbook.views import paper_views, views
from cataloging.stockbook.weeding import paper_views as weeding_papers
from cataloging.stockbook.weeding import views as weeding
from cataloging.stockbook.weeding import words as weeding_words
from cataloging.stockbook.weeding.deciding import let_back
from ils.core.audit import name_acts, name_subjects
from ils.web.errors import message
from ils.web.menu import menu_entry


def register(app: Flask) -> None:
    """Install receiving."""
    for bp in (views.bp, paper_views.bp, books.bp, weeding.bp, weeding_papers.bp, central.bp):
        app.register_blueprint(bp)
    group = _l("Stock")
    menu_entry(group, _l("Receiving"), "stockbook.vouchers", EDIT_ITEM, order=300)
    menu_entry(group, _l("Registers"), "stock_books.shelf", EDIT_ITEM, order=310)
    menu_entry(group, _l("Weeding"), "weeding.lists", EDIT_ITEM, order=320)
    menu_entry(
        *(group, _l("Central purchases"), "central.purchases", SPLIT_PURCHASE),
        order=325,
        begins=EDIT_ITEM,  # the officer's day begins with the figures
    )
    register_let_back(let_back)
    register_record_veto(record_vetoes_of)
    name_acts(
        voucher_begun=_l("Voucher begun"),
        voucher_closed=_l("Voucher closed"),
        voucher_reopened=_l("Voucher opened again"),
        voucher_struck=_l("Voucher given up"),
        register_printed=_l("Register pages printed as final"),
        purchase_begun=_l("Central purchase begun"),
        purchase_sent=_l("Central purchase sent to the libraries"),
        purchase_called_back=_l("Sending of a central purchase taken back"),
        purchase_given_up=_l("Central purchase given up"),
        weeding_begun=_l("Weeding list begun"),
        weeding_decided=_l("Weeding list decided, copies withdrawn"),
        weeding_struck=_l("Weeding list given up"),
        weeding_restored=_l("Weeded copy put back into stock"),
        weeding_corrected=_l("Papers of a weeding list put right"),
        copies_disposed=_l("What became of weeded copies recorded"),
        disposal_taken_back=_l("Minutes of weeded copies taken back"),
    )
    name_subjects(
        voucher=_l("voucher"),
        register_page=_l("page of a register"),
        weeding=_l("weeding list"),
        central_purchase=_l("central purchase"),
    )
    for code, text in (words.MESSAGES | weeding_words.MESSAGES | central_words.MESSAGES).items():
        message(code, text)
