"""What newspapers and magazines bring into the house: pages, menu entries, sentences."""

from flask import Flask
from flask_babel import lazy_gettext as _l

from cataloging.hooks import register_holdings, register_record_veto
from cataloging.permissions import RECEIVE_SERIALS
from cataloging.serials import indicators, words
from cataloging.serials.holdings import fields_of
from cataloging.serials.vetoes import record_vetoes_of
from cataloging.serials.views import claim_views, grid_views, title_views, volume_views
from cataloging.serials.views.base import bp
from ils.core.audit import name_acts, name_subjects
from ils.web.errors import message
from ils.web.menu import menu_entry

PAGES = (grid_views, title_views, claim_views, volume_views)  # they hang their pages on ``bp``


def register(app: Flask) -> None:
    """Install newspapers and magazines."""
    app.register_blueprint(bp)
    menu_entry(_l("Stock"), _l("Newspapers"), "serials.morning", RECEIVE_SERIALS, order=330)
    register_holdings(fields_of)
    indicators.declare()
    register_record_veto(record_vetoes_of)
    name_acts(
        serial_taken=_l("Newspaper or magazine taken"),
        serial_changed=_l("Newspaper or magazine changed"),
        serial_dropped=_l("Newspaper or magazine taken off the list"),
        serial_pattern_set=_l("Pattern of a title set"),
        serial_pattern_removed=_l("Pattern of a title taken away"),
        serial_claimed=_l("Late issues claimed"),
        serial_claim_undone=_l("Claim taken back"),
        serial_bound=_l("Issues bound"),
        serial_unbound=_l("Binding taken back"),
        serial_discarded=_l("Old issues no longer kept"),
        serial_kept_again=_l("Old issues kept again"),
    )
    name_subjects(serial=_l("newspaper or magazine"), serial_claim=_l("claim of late issues"))
    for code, text in words.MESSAGES.items():
        message(code, text)
