"""What losses bring into the house: pages, a menu entry, sentences, names of acts, the nightly job."""

from flask import Flask
from flask_babel import lazy_gettext as _l

import circulation.losses.events
import circulation.losses.proposals  # noqa: F401 — its nightly job
from circulation.losses import case_views, views
from circulation.permissions import HANDLE_LOSSES
from ils.core.audit import name_acts
from ils.web.errors import message
from ils.web.menu import menu_entry


def register(app: Flask) -> None:
    """Install losses."""
    app.register_blueprint(views.bp)
    app.register_blueprint(case_views.bp)
    menu_entry(_l("Desk"), _l("Lost, claimed, damaged"), "losses.home", HANDLE_LOSSES, order=128)
    message("loss_unknown", _l("There is no such case of loss or damage."))
    message("claim_unknown", _l("There is no such claim."))
    message("proposal_unknown", _l("There is no such proposal."))
    message("damage_rate_unknown", _l("There is no such line in the list of damages."))
    message("claim_kind_unknown", _l("Say whether it was returned or never borrowed."))
    message("amount_or_percent", _l("Type either an amount or a percentage from 1 to 500."))
    message("damage_name_missing", _l("Please type a name."))
    message("loss_reason_missing", _l("Please say why; the reason is kept in the log."))
    message("days_wrong", _l("Type a number of days from 1 to 365."))
    message("changed_since", _l("Somebody has done something with it meanwhile."))
    message("loss_state", _l("That cannot be done at this point of the case any more."))
    name_acts(
        item_lost=_l("Item recorded as lost"),
        item_damaged=_l("Damage recorded"),
        item_missing=_l("Item recorded as missing"),
        replacement_copy=_l("Same book brought for a lost one"),
        loss_canceled=_l("Loss taken back"),
        damage_canceled=_l("Damage taken back"),
        search_unticked=_l("Search ticked off by mistake"),
        claim_taken_up=_l("Claim taken up again"),
        loss_money=_l("Money of a found item decided"),
        claim_made=_l("Claim recorded"),
        claim_given_up=_l("Claim given up without charge"),
        damage_rate_added=_l("Line added to the list of damages"),
        damage_rate_ended=_l("Line taken off the list of damages"),
    )
