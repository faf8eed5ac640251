"""What the desk without the server brings into the house: pages, a menu entry, sentences."""

from flask import Flask
from flask_babel import lazy_gettext as _l

from circulation.offline.desk_words import desk_words
from circulation.offline.sealed import lock_for_desks
from circulation.offline.views import bp, pass_for_desk
from circulation.permissions import USE_DESK
from ils.core.audit import name_acts, name_facts, name_subjects
from ils.web.errors import message
from ils.web.menu import menu_entry


def register(app: Flask) -> None:
    """Install the desk without the server."""
    app.register_blueprint(bp)
    app.jinja_env.globals.update(offline_pass=pass_for_desk, offline_words=desk_words)
    app.jinja_env.globals.update(offline_lock=lock_for_desks)
    menu_entry(_l("Desk"), _l("Without the server"), "offline.lines", USE_DESK, order=128)
    name_acts(
        offline_settled=_l("Line of an offline desk settled"),
        offline_copy=_l("Local copy of a branch taken to a desk"),
    )
    name_subjects(offline_line=_l("line of an offline desk"))
    name_facts(way=_l("how"), conflict=_l("conflict"))
    message("offline_line_unknown", _l("There is no such line."))
    message("offline_log_unreadable", _l("The log of this desk cannot be read. It is kept there."))
    message("offline_log_too_long", _l("At most %(most)s lines can be sent at once."))
    message("offline_proposal_unknown", _l("That is not offered for this line."))
    message("offline_still_sealed", _l("No key here opens it; the line stays on the list."))
    message("offline_card_unknown", _l("Nobody has this card. Nothing was changed."))
    message(
        "offline_not_reversed",
        _l("This loan can no longer be taken back here; please look at it in the patron's file."),
    )
    message("offline_still_refused", _l("It still cannot be done; the line stays on the list."))
