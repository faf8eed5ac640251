"""Pages that bring in patrons from a spreadsheet: the file, its columns, the rows not taken."""

from pathlib import Path
from typing import Any

from flask import Response, abort, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from circulation.patrons.batch_runs import AT_ONCE
from circulation.patrons.forms import UploadForm
from circulation.patrons.models import PatronCategory
from circulation.patrons.patrons import EDIT
from circulation.patrons.sheet_runs import begin_list, go_on_with_list, list_job, wrong_of
from circulation.patrons.spreadsheet import (
    HEADERS,
    Outcome,
    Sheet,
    guess_columns,
    read_sheet,
    shown,
    take_patrons,
)
from circulation.patrons.uploads import keep_upload, name_of, new_token, upload_file
from circulation.patrons.views import bp, branches_to_register_at
from ils.core.db import reading, transaction
from ils.core.errors import IlsError
from ils.core.jobs import has_stopped, stop_job
from ils.org.units import unit_names
from ils.printing import xlsx
from ils.web.door import current_actor, door
from ils.web.errors import sentence_for


@bp.route("/import", methods=["GET", "POST"])
@door(EDIT)
def upload() -> Any:
    """Take a spreadsheet and lead to the page that asks what its columns hold."""
    form = UploadForm()
    status = 200
    if form.validate_on_submit():
        data, name = form.file.data.read(), form.file.data.filename or ""
        try:
            read_sheet(data, name)
        except IlsError as error:
            form.file.errors = [*form.file.errors, sentence_for(error)]
            status = error.status
        else:
            token = new_token()
            keep_upload(token, data, name)
            return redirect(url_for("patrons.columns", token=token))
    elif request.method == "POST":
        status = 422
    return render_template("circulation/patrons_upload.html", form=form), status


@bp.route("/import/<token>", methods=["GET", "POST"])
@door(EDIT)
def columns(token: str) -> Any:
    """Show the columns and the first rows; on POST take the patrons and report."""
    file = upload_file(token)
    if not file.exists():
        abort(404)
    sheet = read_sheet(file.read_bytes(), name_of(token))
    chosen = _chosen_columns(len(sheet.headers)) if request.method == "POST" else None
    mapping = guess_columns(sheet.headers) if chosen is None else chosen
    outcome, problem = None, None
    wrong: list[tuple[int, IlsError]] = []
    job_id = request.args.get("job", 0, type=int)
    if request.method == "POST" and "name" not in mapping:
        problem = _("Please say which column holds the names.")
    elif request.method == "POST" and "take" in request.form:
        facts: dict[str, Any] = {
            "branch_id": request.form.get("branch_id", 0, type=int),
            "category": request.form.get("category", ""),
            "consent": "consent" in request.form,
        }
        if len(sheet.rows) > AT_ONCE:
            with transaction() as session:
                job_id = begin_list(session, current_actor(), token, mapping, **facts).id
            return redirect(url_for("patrons.columns", token=token, job=job_id))
        with transaction() as session:
            outcome = take_patrons(session, current_actor(), sheet, mapping, **facts)
        wrong = [(n, error) for n, _row, error in outcome.wrong]
        _keep_wrong_rows(file, sheet, wrong)
    if request.method == "POST" and job_id:
        with transaction() as session:
            if "stop" in request.form:
                stop_job(session, list_job(session, token, job_id).id)
            else:
                job_id = go_on_with_list(session, current_actor(), token, job_id).id
        return redirect(url_for("patrons.columns", token=token, job=job_id))
    with reading() as session:
        job = list_job(session, token, job_id) if job_id and request.method == "GET" else None
        if job is not None and job.status == "done":
            outcome, wrong = Outcome(job.result["added"], job.result["known"]), wrong_of(token)
            if not file.with_suffix(".wrong.xlsx").exists():
                _keep_wrong_rows(file, sheet, wrong)
        names = unit_names(session)
        page = render_template(
            "circulation/patrons_columns.html",
            token=token,
            sheet=sheet,
            shown=shown,
            mapping={column: box for box, column in mapping.items()},
            boxes=list(HEADERS),
            branches=branches_to_register_at(session),
            names=names,
            categories=session.scalars(select(PatronCategory).order_by(PatronCategory.order)).all(),
            outcome=outcome,
            wrong=[(n, sentence_for(e)) for n, e in wrong[:10]],
            missed=len(wrong),
            job=job,
            stopped=job is not None and has_stopped(job),
            problem=problem,
            typed=request.form,
            unit_id=current_actor().unit_id,
        )
    return page, 422 if problem else 200


def _chosen_columns(count: int) -> dict[str, int]:
    chosen: dict[str, int] = {}
    for column in range(count):
        box = request.form.get(f"column_{column}", "")
        if box in HEADERS and box not in chosen:
            chosen[box] = column
    return chosen


def _keep_wrong_rows(file: Path, sheet: Sheet, wrong: list[tuple[int, IlsError]]) -> None:
    rows = [[*map(_plain, sheet.rows[n - 1]), sentence_for(error)] for n, error in wrong]
    file.with_suffix(".wrong.xlsx").write_bytes(
        xlsx([(_("Rows not taken"), [*sheet.headers, _("Reason")], rows)])
    )


def _plain(cell: Any) -> Any:
    return cell if isinstance(cell, (int, float)) else "" if cell is None else str(cell)


@bp.get("/import/<token>/wrong.xlsx")
@door(EDIT)
def wrong_rows(token: str) -> Response:
    """Give back the rows that could not be taken, with the reason in the last column."""
    file = upload_file(token).with_suffix(".wrong.xlsx")
    if not file.exists():
        abort(404)
    return Response(
        file.read_bytes(),
        mimetype="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        headers={"Content-Disposition": 'attachment; filename="wrong-rows.xlsx"'},
    )
