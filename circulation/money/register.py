"""What money brings into the house: pages, menu entries, sentences."""

from flask import Flask
from flask_babel import lazy_gettext as _l

from circulation.money.views import accounts, books, rates, sales, tills, waivers
from circulation.permissions import TAKE_PAYMENT, VIEW_FEES
from ils.core.audit import name_acts, name_facts, name_subjects
from ils.web.errors import message
from ils.web.menu import menu_entry


def register(app: Flask) -> None:
    """Install the pages of money."""
    for bp in (accounts.bp, books.bp, rates.bp, sales.bp, tills.bp, waivers.bp):
        app.register_blueprint(bp)
    group = _l("Money")
    menu_entry(group, _l("Till"), "money_tills.home", TAKE_PAYMENT, order=170, key="Alt+K")
    menu_entry(group, _l("Small sales"), "money_sales.sale", TAKE_PAYMENT, order=171)
    menu_entry(group, _l("Fee book"), "money_books.fees", VIEW_FEES, order=172)
    menu_entry(group, _l("Waivers"), "money_waivers.book", VIEW_FEES, order=174)
    menu_entry(group, _l("Deposits"), "money_books.deposits", VIEW_FEES, order=173)
    menu_entry(group, _l("Running fines"), "money_books.running", VIEW_FEES, order=175)
    menu_entry(group, _l("Card fees and prices"), "money_rates.show", VIEW_FEES, order=176)
    _say()
    _name()


def _say() -> None:
    message("amount_unreadable", _l("Please type the amount like 25000, 25.000 or 25k."))
    message("amount_missing", _l("Please type an amount above zero."))
    message("day_unreadable", _l("Please type the day like 31/12/2026."))
    message("days_out_of_order", _l("The last day lies before the first."))
    message("resolution_missing", _l("Please write the number of the resolution."))
    message("decision_missing", _l("Please write the number of the decision."))
    message("age_unreadable", _l("Please type the age as a number."))
    message("count_wrong", _l("Please type how many notes as numbers."))
    message("till_name_missing", _l("Please say which drawer it is."))
    message("till_unknown", _l("There is no such till of yours."))
    message("rate_unknown", _l("There is no such rate."))
    message("receipt_unknown", _l("There is no such receipt."))
    message("batch_waiver_unknown", _l("There is no such list of debts."))
    message("batch_waiver_state", _l("This was done already, or it is at another point by now."))
    message("waiver_kinds_missing", _l("Please tick the charges it is about."))
    message("debt_age_wrong", _l("Please type the age of the debts in days, as a number."))
    message("waiver_nothing_fits", _l("No open debt fits."))
    message("waiver_too_many", _l("These are more than %(most)s debts: choose fewer at once."))
    message("act_unknown", _l("There is no such act."))
    message("line_not_chosen", _l("Please tick the lines it is about."))
    message("amount_for_one_line", _l("A part can be named for one line only."))
    message("method_unknown", _l("Please choose cash or bank transfer."))
    message("charge_kind_unknown", _l("Please choose what is charged."))
    message("card_kind_unknown", _l("There is no such kind of card."))


def _name() -> None:
    name_acts(
        till_opened=_l("Till opened"),
        till_closed=_l("Till closed"),
        till_added=_l("Money put into a till"),
        till_handed_over=_l("Money handed over from a till"),
        paid_back=_l("Money paid back"),
        replacement_copy=_l("Debt settled by a copy"),
        work=_l("Debt settled by work"),
        card_fee_set=_l("Card fee set"),
        exemption_set=_l("Exemption from card fees set"),
        price_set=_l("Price of a service set"),
        amnesty_given=_l("Fines forgiven by a decision"),
        batch_waived=_l("Old debts forgiven together"),
        batch_taken_back=_l("Waivers of a batch taken back"),
        rate_ended=_l("Fee, price or amnesty ended"),
    )
    name_subjects(
        till=_l("till"), receipt=_l("receipt"), batch_waiver=_l("debts forgiven together")
    )
    name_facts(difference=_l("difference"), rate=_l("rate"), decision=_l("decision"))
