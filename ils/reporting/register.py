"""What reporting brings into the house: pages, permissions, settings, jobs."""

from flask import Flask
from flask_babel import lazy_gettext as _l

from ils.accounts.permissions import declare_permission
from ils.core import clock
from ils.core.db import reading, transaction
from ils.core.jobs import periodic
from ils.org.settings import declare
from ils.reporting.models import EventTotalMark
from ils.reporting.paper import shown
from ils.reporting.periods import Period
from ils.reporting.reports import APPROVE, DRAFT, SUBMIT, VIEW
from ils.reporting.totals import advance, differences, rebuild
from ils.reporting.views import audit, base, figures, province, reports
from ils.reporting.views.figures import VIEW_FIGURES
from ils.web.errors import message
from ils.web.i18n import language
from ils.web.menu import menu_entry


def register(app: Flask) -> None:
    """Install reporting."""
    declare_all()
    for pages in (figures, province, reports):
        assert pages.bp is base.bp  # importing them put their pages on the blueprint
    app.register_blueprint(base.bp)
    app.register_blueprint(audit.bp)
    audit.name_own_acts()
    app.jinja_env.globals["figure"] = shown
    app.jinja_env.filters["month_choice"] = _month_choice
    group = _l("Reports")
    menu_entry(group, _l("Live figures"), "reporting.overview", VIEW_FIGURES, order=700)
    menu_entry(group, _l("Monthly reports"), "reporting.months", VIEW, order=710)
    menu_entry(group, _l("The whole province"), "reporting.province", APPROVE, order=720)
    menu_entry(_l("System"), _l("Audit log"), "audit.log", audit.READ, order=940)
    periodic("reporting.totals", every=10)(fold_totals)
    periodic("reporting.check", daily_at="02:40")(check_totals)
    _say()


def _month_choice(period: Period) -> tuple[str, str]:
    return period.first.isoformat(), period.label(language())


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


def check_totals() -> None:
    """Compare the kept totals with the log each night; mend and note what differs."""
    with reading() as session:
        found = len(differences(session))
    with transaction() as session:
        mark = session.get(EventTotalMark, 1)
        if mark is None:
            return
        mark.checked_at = clock.now()
        if found:
            rebuild(session)
            mark.differences = found


def _say() -> None:
    message("report_unknown", _l("There is no such report in your libraries."))
    message("report_template_unknown", _l("There is no such form of report."))
    message("report_row_unknown", _l("The form has no such row."))
    message("indicator_unknown", _l("There is no such figure."))
    message("period_unknown", _l("No period begins on that day."))
    message("clock_unknown", _l("There is no such calendar of periods."))
    message("period_not_begun", _l("This period has not begun yet."))
    message("period_not_over", _l("This period is not over yet; please wait for its last day."))
    message("report_unit_must_be_library", _l("Reports are made by libraries, not by branches."))
    message("report_approved_already", _l("This report is approved; open a correction instead."))
    message("report_corrected_already", _l("A newer version of this report exists."))
    message("report_changed_meanwhile", _l("Somebody else changed this report meanwhile."))
    message("report_cells_wrong", _l("Some figures cannot be accepted; nothing was saved yet."))
    message("report_incomplete", _l("Some rows are empty. Fill them in, or say they are nought."))
    message("report_state", _l("The report is no longer in a state in which this is possible."))
    message("report_was_sent", _l("This report was sent once and cannot be thrown away."))
    message("return_needs_comment", _l("Please say what is to be changed before returning."))
    message("correction_needs_reason", _l("Please say why."))
    message("province_nothing_approved", _l("No report of this period is approved yet."))
    message("province_incomplete", _l("Reports are missing: %(missing)s."))
