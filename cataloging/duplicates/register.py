"""What duplicates bring into the house: pages, menu, jobs, sentences, and addresses that lead on."""

from typing import Any

from flask import Flask, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from cataloging.duplicates.merged import RecordMerged
from cataloging.duplicates.views import bp
from cataloging.permissions import EDIT_RECORD
from ils.core.audit import name_acts, name_subjects
from ils.web.errors import message, refused
from ils.web.menu import menu_entry


def register(app: Flask) -> None:
    """Install duplicates."""
    app.register_blueprint(bp)
    app.register_error_handler(RecordMerged, lead_on)
    menu_entry(*(_l("Cataloging"), _l("Duplicates"), "duplicates.listed", EDIT_RECORD), order=218)
    message("record_merged", _l("Record #%(record_id)s was merged into #%(into)s."))
    message(
        "record_was_merged",
        _l("This record was merged into #%(into)s. Undo the merge to have it back."),
    )
    message("merge_how_many", _l("Between two and %(most)s records can be merged at a time."))
    message("merge_has_errors", _l("The record made of the chosen fields would have errors."))
    message(
        "merge_doubled",
        _l("Something hangs on both records that can be there only once. Nothing was merged."),
    )
    message(
        "serials_same_issues",
        _l(
            "%(branch)s takes both records as newspapers or magazines, and these issues are on record"
            " in both: %(days)s. Take back on the page of one of them what is said of these days,"
            " then merge. Nothing was merged."
        ),
    )
    message("duplicates_at_work", _l("The catalogue is being looked over already."))
    name_subjects(duplicate_run=_l("Look for duplicates"))
    name_acts(
        duplicates_looked_for=_l("Duplicates looked for"),
        records_merged=_l("Records merged"),
        records_distinct=_l("Records found to be two titles"),
        records_judged_again=_l("Judgement on two records taken back"),
    )


def lead_on(error: RecordMerged) -> Any:
    """Lead from the address of a record that was merged to the one that stayed.

    Only what looks; what was sent to do something is answered with where the record is now.
    """
    args = dict(request.view_args or {})
    reads = request.method in ("GET", "HEAD") and request.endpoint is not None
    if not reads or args.get("record_id") != error.facts["record_id"]:
        return refused(error)
    into = error.facts["into"]
    if request.path.startswith("/staff/"):
        number = error.facts["record_id"]
        flash(_("Record #%(number)s was merged into this one.", number=number), "info")
    asked = request.args.to_dict(flat=False)
    return redirect(url_for(request.endpoint or "", **{**asked, **args, "record_id": into}))
