"""What closures bring into the house: pages, sentences, the job, the planner of the calendar page."""

from flask import Flask
from flask_babel import lazy_gettext as _l

import circulation.closures.events
import circulation.closures.moving  # noqa: F401 — its job
from circulation.closures import views
from circulation.closures.plans import plan_closure
from ils.core.audit import name_acts, name_subjects
from ils.web.calendar import CALENDAR, Planner, plan_closures_with
from ils.web.errors import message
from ils.web.menu import menu_entry


def register(app: Flask) -> None:
    """Install closures."""
    app.register_blueprint(views.bp)
    plan_closures_with(
        Planner(
            make=lambda *asked: plan_closure(*asked).id,
            show="closures.show",
            plans="closures.home",
            holidays="closures.holidays",
        )
    )
    menu_entry(_l("Library"), _l("Closures"), "closures.home", CALENDAR, order=911)
    message("closure_unknown", _l("There is no such closure."))
    message(
        "closure_without_days", _l("Choose the days to be closed: one at least, a year at most.")
    )
    message(
        "closure_state", _l("This was done already, or the closure is at another point by now.")
    )
    message(
        "closure_opens_when", _l("The library can open again from today to the last closed day.")
    )
    name_acts(
        closure_applied=_l("Closure applied"),
        closure_undone=_l("Closure undone"),
        closure_lifted=_l("Closure ended early"),
        closure_fines_returned=_l("Fines of closed days taken back"),
    )
    name_subjects(closure=_l("closure"))
