"""What the lists and registers bring into the house: pages, a menu entry, sentences, a nightly job."""

from flask import Flask
from flask_babel import lazy_gettext as _l

import circulation.registers.paper_days  # noqa: F401 — its nightly job
from circulation.permissions import TALLY, USE_DESK
from circulation.registers import log_views, views
from ils.core.audit import name_acts, name_facts, name_subjects
from ils.web.errors import message
from ils.web.menu import menu_entry


def register(app: Flask) -> None:
    """Install the lists and registers."""
    app.register_blueprint(log_views.bp)
    app.register_blueprint(views.bp)
    group = _l("Reports")
    menu_entry(group, _l("Lists and registers"), "registers.home", USE_DESK, order=690)
    menu_entry(group, _l("Daily log"), "daily_log.month", TALLY, order=691)
    name_acts(list_taken=_l("List taken away"))
    name_subjects(list=_l("list"))
    name_facts(list=_l("list"), rows=_l("rows"))
    name_acts(list_taken=_l("List of patrons or loans taken away"))
    name_subjects(list=_l("List"))
    message("list_unknown", _l("There is no such list."))
