"""What the work on rules brings into the house: pages, menu entries, sentences, jobs."""

from flask import Flask
from flask_babel import lazy_gettext as _l

from circulation.permissions import CHECK_OUT, VIEW_POLICY
from circulation.rulebook import views, work_views  # noqa: F401 — pages on the same blueprint
from ils.core.audit import name_acts, name_subjects
from ils.web.errors import message
from ils.web.menu import menu_entry


def register(app: Flask) -> None:
    """Install the pages of the rules."""
    app.register_blueprint(views.bp)
    menu_entry(_l("Library"), _l("Lending rules"), "rulebook.matrix", VIEW_POLICY, order=905)
    menu_entry(_l("Desk"), _l("Explain"), "rulebook.explain", CHECK_OUT, order=170)
    message("rule_draft_unknown", _l("There is no such draft."))
    message("draft_state", _l("This draft was saved or thrown away already."))
    message("rules_unchanged", _l("Nothing was changed."))
    message("application_unknown", _l("There is no such act."))
    message("application_state", _l("This was done already, or is being done."))
    name_acts(
        rules_applied=_l("Rules given to open loans"),
        rules_application_undone=_l("Rules of open loans set back"),
    )
    name_subjects(rules=_l("rules"))
