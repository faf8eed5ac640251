"""What the pages of lending bring into the house: blueprints, menu, sentences, a setting."""

from collections.abc import Mapping
from typing import Any

from flask import Flask
from flask_babel import lazy_gettext as _l

from cataloging.permissions import QUICK_TITLE
from circulation import sentences
from circulation.patrons.patrons import EDIT
from circulation.permissions import CHECK_IN, DESK_ACTS, ENTER_OPEN_LOAN, TALLY, USE_DESK
from circulation.sentences import reason_sentence
from circulation.slips import declare_slip_settings
from circulation.views import (
    desk,
    desk_batch,  # noqa: F401 — its pages belong to the desk
    desk_camera,
    desk_pages,
    desk_slips,
    desk_workstation,
    hold_lists,
    holds,
    lists,
    policies,
    transits,
    why,
)
from ils.core.audit import make_readable, name_acts, name_facts, name_subjects, name_values
from ils.org.settings import declare
from ils.web.approval import may_be_approved
from ils.web.errors import message
from ils.web.menu import menu_entry

declare(
    "circulation.idle_scan_returns",
    bool,
    True,
    _l("A scan with no patron open returns an item that is on loan."),
)

declare_slip_settings(
    _l("How a slip names the reader: by a short name or by the card number."),
    _l("The last line on a loan slip; empty: a word of thanks."),
)


def register(app: Flask) -> None:
    """Install the pages of lending."""
    sentences.install(app)
    desk_pages.say()
    desk_camera.say()
    app.jinja_env.globals["closed_stack_here"] = holds.closed_stack_here
    may_be_approved(*DESK_ACTS, QUICK_TITLE, EDIT)
    of_desk = (desk.bp, desk_slips.bp, desk_workstation.bp)
    for bp in (*of_desk, holds.bp, hold_lists.bp, transits.bp, why.bp, lists.bp, policies.bp):
        app.register_blueprint(bp)
    group = _l("Desk")
    menu_entry(group, _l("Desk"), "desk.page", USE_DESK, order=100, key="Alt+U")
    menu_entry(group, _l("Holds"), "holds.day", USE_DESK, order=110)
    menu_entry(_l("Books on the way"), _l("On the way"), "transits.here", USE_DESK, order=166)
    menu_entry(
        *(group, _l("Visits and in-house use"), "lists.tally", TALLY), order=120, begins=USE_DESK
    )
    menu_entry(group, _l("Reading room"), "desk.evening", USE_DESK, order=124)
    menu_entry(group, _l("Book drops"), "desk.drops", CHECK_IN, order=126)
    menu_entry(group, _l("A loan open on paper"), "lists.open_loan", ENTER_OPEN_LOAN, order=160)
    _name_acts()
    message("loan_unknown", _l("There is no such loan."))
    message("answer_unknown", _l("This answer is no longer kept, or explains itself."))
    message("lost_race", _l("Somebody else was quicker with this item. Please scan it again."))
    message(
        "loan_dates_wrong",
        _l("These dates cannot be right: a loan began today or before, and is due after that."),
    )
    message("quantity_wrong", _l("Please type how many, as a number from 1."))
    message("day_in_future", _l("That day has not come yet."))
    message("nothing_to_undo", _l("There is nothing to undo."))
    message("transit_unknown", _l("There is no such item on its way."))
    message("search_unknown", _l("There is no such search."))
    message("not_a_day", _l("This is not a date. Type it like 01/06/2025, 1/6 or h+14."))
    message("hold_unknown", _l("There is no such hold."))
    message("entry_unknown", _l("There is no such line in the account."))
    message("key_used_otherwise", _l("This page was used for something else; please open it anew."))
    message("busy", _l("Many desks write at once. Nothing was changed; please scan it again."))
    message(
        "clock_behind",
        _l(
            "The clock of the server says %(now)s, yet acts of %(newest)s are recorded."
            " Nothing was changed. Set the clock right, then scan again."
        ),
    )
    message("policy_value_missing", _l("This value may not be empty."))
    message("policy_value_wrong", _l("That value does not fit the rule."))
    message("policy_value_out_of_bounds", _l("The value must lie between %(low)s and %(high)s."))
    message("no_branch_chosen", _l("Please choose the branch you work at."))
    message("unit_does_not_lend", _l("The province itself lends nothing; choose a branch."))


def _name_acts() -> None:
    name_acts(
        act_undone=_l("Act at the desk undone"),
        override=_l("Refusal overridden"),
        policy_changed=_l("Lending rule changed"),
        charge_posted=_l("Charge posted"),
        waived=_l("Debt waived"),
        entry_reversed=_l("Line of an account reversed"),
        deposit_in=_l("Deposit taken"),
        deposit_out=_l("Deposit given back"),
        deposit_to_debt=_l("Deposit used for a debt"),
        transit_canceled=_l("Way of an item canceled"),
        item_missing=_l("Item recorded as missing"),
        hold_moved=_l("Place in the queue changed"),
        hold_put_back=_l("Held copy put back"),
        card_renewed=_l("Card renewed"),
        card_replaced=_l("Card replaced"),
        category_added=_l("Kind of patron added"),
        category_changed=_l("Kind of patron changed"),
        password_given=_l("Password given to a patron"),
        patron_changed=_l("Patron's data changed"),
        block_written=_l("Patron blocked"),
        note_written=_l("Note on a patron written"),
        note_lifted=_l("Note or block lifted"),
    )
    name_subjects(
        transit=_l("item on its way"),
        desk_command=_l("act at the desk"),
        patron=_l("patron"),
        ledger_entry=_l("line of an account"),
        hold=_l("hold"),
        patron_category=_l("kind of patron"),
    )
    name_values(
        overdue=_l("Overdue fine"),
        lost_price=_l("Price of a lost item"),
        damage=_l("Damage"),
        processing=_l("Processing fee"),
        card_fee=_l("Card fee"),
        service=_l("Service"),
        deposit_due=_l("Deposit due"),
        payment=_l("Payment"),
        waiver=_l("Waiver"),
    )
    name_facts(item_type=_l("item type"), category=_l("kind of patron"), code=_l("what was lifted"))
    make_readable(override=_lifted)


def _lifted(facts: Mapping[str, Any]) -> Mapping[str, Any]:
    """Say what was lifted in the words of the desk."""
    words = reason_sentence(facts.get("code", ""), facts.get("facts"))
    return {**{k: v for k, v in facts.items() if k not in ("facts", "command")}, "code": words}
