"""Bringing files of records in: upload, look at the first records, choose the rules, begin."""

import tempfile
from pathlib import Path
from typing import Any

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage

from cataloging.imports import trial
from cataloging.imports.copies import branch_of, target_for
from cataloging.imports.preview import preview
from cataloging.imports.profiles import profiles
from cataloging.imports.report import report
from cataloging.imports.runs import (
    begin,
    change_rules,
    discard,
    look_at,
    receive,
    run_for,
    runs_of,
    same_file_before,
    status_of,
)
from cataloging.imports.sheets.staging import SHEET
from cataloging.imports.wording import (
    count_sentence,
    match_sentence,
    problem_sentence,
    repair_sentence,
)
from cataloging.marc.display import labeled
from cataloging.marc.formats import Guess, as_facts
from cataloging.marc.text import write
from cataloging.models import ImportRun
from cataloging.permissions import IMPORT
from cataloging.views.base import english, staff_names
from cataloging.views.import_forms import (
    NO_LIBRARY,
    RulesForm,
    UploadForm,
    importable_libraries,
)
from cataloging.views.import_words import (
    ENCODING_NAMES,
    FORMAT_NAMES,
    OUTCOMES,
    STATES,
    is_busy,
    size_of,
    size_text,
)
from cataloging.views.sheet_page import add_sheet, sheet_page
from cataloging.views.words import say_finding
from ils.core.config import config
from ils.core.db import reading, transaction
from ils.core.errors import IlsError, Invalid, Refused
from ils.core.jobs import Job, stop_job
from ils.org.units import unit_names
from ils.web.door import current_actor, door
from ils.web.errors import sentence_for
from ils.web.i18n import number
from ils.web.pages import Page, page_number

bp = Blueprint("imports", __name__, url_prefix="/staff/imports")
PAGE = 30
MOST_RUNS = 3000
SHOWN = 10


@bp.context_processor
def _words() -> dict[str, Any]:
    return {
        "states": STATES,
        "outcomes": OUTCOMES,
        "format_names": FORMAT_NAMES,
        "encoding_names": ENCODING_NAMES,
        "size_text": size_text,
        "size_of": size_of,
        "say_count": count_sentence,
    }


@bp.get("/")
@door(IMPORT)
def runs() -> str:
    """List the imports of one's libraries, newest first, with what came of each."""
    with reading() as session:
        every = runs_of(session, current_actor(), limit=MOST_RUNS)
        page = Page(page_number(request.args.get("page")), PAGE, len(every))
        rows = every[page.offset : page.offset + PAGE]
        return render_template(
            "cataloging/imports/runs.html",
            rows=rows,
            page=page,
            status={run.id: status_of(session, run) for run in rows},
            people=staff_names(session, {run.created_by for run in rows}),
            units=unit_names(session),
        )


# -- the file ----------------------------------------------------------------------------------


@bp.route("/new", methods=["GET", "POST"])
@door(IMPORT)
def upload() -> Any:
    """Take a file, by a form or by a script that shows how far the upload is."""
    form = UploadForm()
    status = 200
    if form.validate_on_submit():
        try:
            run_id = _received(form.file.data)
        except IlsError as error:
            form.file.errors = [*form.file.errors, sentence_for(error)]
            status = error.status
        else:
            return _to(url_for("imports.show", run_id=run_id))
    elif request.method == "POST":
        status = 422
    if status != 200 and _is_script():
        errors = [str(one) for some in form.errors.values() for one in some]
        return jsonify(errors=errors or list(map(str, form.file.errors))), status
    limit = config().upload_limit_mb * 1_000_000
    return render_template("cataloging/imports/upload.html", form=form, limit=limit), status


def _received(sent: FileStorage) -> int:
    """Write an uploaded file to disk in pieces and take it in."""
    folder = config().files_dir / "imports"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, prefix="upload-") as kept:
        sent.save(kept, buffer_size=1 << 20)
        kept.flush()
        looked = look_at(Path(kept.name))
        with transaction() as session:
            own = importable_libraries(session)
            run = receive(
                session,
                current_actor(),
                source=Path(kept.name),
                file_name=sent.filename or "",
                library_id=own[0].id if own else None,
                looked=looked,
            )
            return run.id


def _is_script() -> bool:
    return request.headers.get("X-Requested-With") == "fetch"


def _to(url: str) -> Any:
    return jsonify(next=url) if _is_script() else redirect(url)


# -- one import --------------------------------------------------------------------------------


@bp.get("/<int:run_id>")
@door(IMPORT)
def show(run_id: int) -> Any:
    """Show an import as it is now: what the file is, how far it is, or what came of it."""
    with reading() as session:
        run = run_for(session, current_actor(), run_id)
        state = status_of(session, run)
        job = session.get(Job, run.job_id) if run.job_id else None
        if state == "new":
            return _preview_page(session, run, job)
        if is_busy(state):
            return render_template(
                "cataloging/imports/running.html", run=run, state=state, **_progress(session, run)
            )
    return redirect(url_for("imports.result", run_id=run_id))


def _preview_page(session: Session, run: ImportRun, job: Job | None) -> str:
    if run.format == SHEET:
        return sheet_page(session, run, job, _rules_form(session, run, []))
    seen = preview(session, run, count=SHOWN) if run.format else None
    samples = _samples(seen.guess) if seen else {}
    form = _rules_form(session, run, list(samples))
    before = same_file_before(session, run)
    trying = job if job is not None and job.kind == trial.KIND else None
    return render_template(
        "cataloging/imports/preview.html",
        run=run,
        form=form,
        seen=seen,
        samples=samples,
        profile=profiles().get(seen.profile) if seen else None,
        branches=_branches(session, run, seen.branch_codes) if seen else {},
        branch_choices=_branch_choices(form, run),
        before=before,
        before_count=number(before.stored) if before else "",
        trying=trying,
        lines=write,
        labeled=lambda marc: labeled(marc, english=english()),
        say_repairs=lambda some: [repair_sentence(one) for one in as_facts(some)],
        say_problem=problem_sentence,
        say_match=match_sentence,
        say_finding=say_finding,
        confirm=request.args.get("confirm") == "add",
    )


def _branches(session: Session, run: ImportRun, codes: list[str]) -> dict[str, int | None]:
    """Return to which branch each code of the file leads as things are."""
    if run.library_id is None or not codes:
        return {}
    target = target_for(session, run.library_id, run.options)
    return {code: branch_of(target, code) for code in codes}


def _branch_choices(form: RulesForm, run: ImportRun) -> list[tuple[int, str]]:
    ours = [p for p, library in form.library_of.items() if library == run.library_id]
    named = [(one.value, str(one.label)) for one in form.branch_id.choices or ()]
    return [(0, _("not known here")), *(pair for pair in named if pair[0] in ours)]


def _samples(guess: Guess) -> dict[str, str]:
    """Return the readings to choose from: the guess first, and of those that look alike one."""
    ordered = sorted(guess.alternatives, key=lambda pair: pair[0] != guess.encoding)
    shown: dict[str, str] = {}
    for encoding, text in ordered:
        if text not in shown.values():
            shown[encoding] = text
    return shown


def _rules_form(session: Session, run: ImportRun, encodings: list[str]) -> RulesForm:
    form = RulesForm(formdata=None)
    form.fill_choices(session, encodings)
    form.encoding.data, form.format.data = run.encoding, run.format
    form.library_id.data = run.library_id or NO_LIBRARY
    form.branch_id.data = run.options.get("branch_id") or 0
    form.on_match.data, form.profile.data = run.on_match, run.profile
    form.opening_balance.data = run.options.get("opening_balance", True)
    return form


@bp.post("/<int:run_id>/rules")
@door(IMPORT)
def rules(run_id: int) -> Any:
    """Keep the rules; then look again, try it out, or begin. *Add* asks first."""
    act = request.form.get("act", "look")
    try:
        with transaction() as session:
            form = RulesForm()
            form.fill_choices(session, [])
            if not form.validate():
                run_for(session, current_actor(), run_id)
                flash(_("Please choose one of the offered values in every box."), "bad")
                return redirect(url_for("imports.show", run_id=run_id))
            chosen = form.rules(request.form)
            add_sheet(session, run_id, chosen, request.form)
            change_rules(session, current_actor(), run_id, **chosen)
        return _go(run_id, act)
    except (Refused, Invalid) as error:
        flash(sentence_for(error), "bad")
    return redirect(url_for("imports.show", run_id=run_id))


def _go(run_id: int, act: str) -> Any:
    try:
        with transaction() as session:
            if act == "try":
                trial.try_out(session, current_actor(), run_id)
            elif act == "begin":
                begin(session, current_actor(), run_id)
    except Refused as error:
        if error.code != "import_must_be_confirmed":
            raise
        return redirect(url_for("imports.show", run_id=run_id, confirm="add"))
    return redirect(url_for("imports.show", run_id=run_id))


@bp.post("/<int:run_id>/discard")
@door(IMPORT)
def forget(run_id: int) -> Any:
    """Forget a file that was never begun; its kept copy is deleted."""
    try:
        with transaction() as session:
            discard(session, current_actor(), run_id)
    except Refused as error:
        flash(sentence_for(error), "bad")
        return redirect(url_for("imports.show", run_id=run_id))
    flash(_("The file was put away; nothing of it was stored."), "ok")
    return redirect(url_for("imports.runs"))


@bp.post("/<int:run_id>/begin")
@door(IMPORT)
def start(run_id: int) -> Any:
    """Begin, or go on with an interrupted import; ``confirmed`` answers what *add* asks."""
    try:
        with transaction() as session:
            if request.form.get("confirmed") == "1":
                change_rules(session, current_actor(), run_id, options={"confirmed": True})
            begin(session, current_actor(), run_id)
    except Refused as error:
        flash(sentence_for(error), "bad")
    return redirect(url_for("imports.show", run_id=run_id))


@bp.post("/<int:run_id>/stop")
@door(IMPORT)
def stop(run_id: int) -> Any:
    """Ask the worker to stop; what is stored stays and the import can go on later."""
    with transaction() as session:
        stop_job(session, run_for(session, current_actor(), run_id).job_id)
    flash(_("The import stops after the records it is at."), "ok")
    return redirect(url_for("imports.show", run_id=run_id))


@bp.get("/<int:run_id>/progress")
@door(IMPORT)
def progress(run_id: int) -> Any:
    """Tell how far an import or its trial is, for the script of its page."""
    with reading() as session:
        run = run_for(session, current_actor(), run_id)
        told = _progress(session, run)
        state = status_of(session, run)
        busy = is_busy(state)
        job = session.get(Job, run.job_id) if run.job_id else None
        if state == "new" and job is not None:
            busy = job.status in ("queued", "running")
    figures = {name: number(getattr(told["sums"], name)) for name in FIGURES}
    place = {name: told[name] for name in ("done", "total", "text")}
    return jsonify(state=state, busy=busy, **place, **figures)


FIGURES = ("found", "stored", "matched", "rejected", "items_added")


def _progress(session: Session, run: ImportRun) -> dict[str, Any]:
    """Return how far the worker is, in bytes for an import and in records for an undoing."""
    job = session.get(Job, run.job_id) if run.job_id else None
    done, total = (job.done, job.total) if job is not None else (0, 0)
    if run.status in ("queued", "running"):
        done, total = min(max(done, run.position), run.size), run.size
    waiting = job is not None and job.status == "queued"
    if waiting:
        text = _("Waiting for the worker …")
    elif run.status == "undoing":
        text = _(
            "%(done)s of %(total)s records undone", done=number(done), total=number(total or 0)
        )
    elif run.format == SHEET:  # the bytes are those of its rows, not of the file shown above
        text = f"{number(done * 100 // max(total or 0, 1))} %"
    else:
        text = _("%(done)s of %(total)s read", done=size_text(done), total=size_text(total))
    return {
        "job": job,
        "done": done,
        "total": total,
        "text": text,
        "sums": report(session, run.id),
    }
