"""What quality brings into the house: pages, menu entries, sentences, the worker's part."""

from flask import Flask
from flask_babel import lazy_gettext as _l

from cataloging.permissions import EDIT_RECORD
from cataloging.quality import scoring
from cataloging.quality.views import bp
from ils.web.errors import message
from ils.web.menu import menu_entry


def register(app: Flask) -> None:
    """Install quality."""
    app.register_blueprint(bp)
    scoring.install()
    group = _l("Cataloging")
    menu_entry(group, _l("Morning tray"), "quality.tray", EDIT_RECORD, order=216)
    menu_entry(group, _l("Quality"), "quality.dashboard", EDIT_RECORD, order=217)
    message("fault_unknown", _l("There is no such fault."))
    message("fault_stays", _l("That would not mend it: please look at the record itself."))
    message("nothing_to_mend", _l("There is nothing that could be mended by itself."))
