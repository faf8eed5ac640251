"""What reporting brings into the house: pages, permissions, settings, jobs."""

from flask import Flask
from flask_babel import lazy_gettext as _l

from ils.accounts.permissions import declare_permission
from ils.core.db import transaction
from ils.core.jobs import periodic
from ils.org.settings import declare
from ils.reporting.totals import advance

VIEW_FIGURES = "reporting:figures:view"
VIEW = "reporting:report:view"
DRAFT = "reporting:report:draft"
SUBMIT = "reporting:report:submit"
APPROVE = "reporting:report:approve"


def register(app: Flask) -> None:
    """Install reporting."""
    declare_all()
    periodic("reporting.totals", every=10)(fold_totals)


def declare_all() -> None:
    """Declare permissions and settings."""
    declare_permission(VIEW_FIGURES, _l("See live figures"))
    declare_permission(VIEW, _l("See reports"))
    declare_permission(DRAFT, _l("Prepare reports"))
    declare_permission(SUBMIT, _l("Submit reports"))
    declare_permission(APPROVE, _l("Approve or return reports"))
    declare(
        "reporting.renewals_are_uses",
        bool,
        False,
        _l("Renewals count as uses of documents (TV.G01)."),
    )
    declare(
        "reporting.due_days",
        int,
        0,
        _l("Days after the end of a period within which reports are due; 0: as the form says."),
        minimum=0,
        maximum=60,
    )
    declare("reporting.form_number", str, "", _l("Number of the official form (Biểu số)."))
    declare("reporting.issued_under", str, "", _l("The act the form was issued under."))


def fold_totals() -> None:
    """Fold new events into the kept totals."""
    with transaction() as session:
        advance(session)
