"""Bringing files of authorities in: upload, look, begin, see what came of it."""

import tempfile
from pathlib import Path
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from wtforms import SelectField

from cataloging.authorities import importing
from cataloging.authorities.views import base
from cataloging.authorities.views.base import bp
from cataloging.permissions import IMPORT
from cataloging.views.import_words import FORMAT_NAMES, size_text
from ils.core.config import config
from ils.core.db import reading, transaction
from ils.core.errors import IlsError
from ils.core.jobs import Job, stop_job
from ils.web.door import current_actor, door
from ils.web.errors import sentence_for
from ils.web.forms import Form, choices

ON_MATCH = {
    "merge": _l("Keep ours and add the other forms, references and notes it lacks"),
    "replace": _l("Replace ours by what the file says"),
    "skip": _l("Leave ours as it is"),
}
STATES = {
    "new": ("info", _l("Received")),
    "queued": ("info", _l("Waiting")),
    "running": ("info", _l("Running")),
    "done": ("ok", _l("Done")),
    "stopped": ("warn", _l("Stopped")),
    "undone": ("off", _l("Undone")),
}
OUTCOMES = {
    "added": ("ok", _l("new")),
    "changed": ("info", _l("adds to ours")),
    "same": ("off", _l("there already")),
    "rejected": ("bad", _l("not taken")),
}
REASONS = {
    "no_authority": _l("This is no authority record."),
    "no_heading": _l("It has no heading of a kind that is kept here."),
    "heading_taken": _l("Another authority has this heading."),
    "twice": _l("The file has it twice."),
}


class UploadForm(Form):
    """A file of authorities."""

    file = FileField(_l("File of authorities"), [FileRequired(_l("Please choose a file."))])
    scope = SelectField(_l("Shared by"), coerce=int)
    on_match = SelectField(
        _l("When we have the heading already"), choices=choices(ON_MATCH.items())
    )


def say_reason(code: str) -> str:
    """Say why a record was not taken."""
    return str(REASONS.get(code) or _("It cannot be read (%(code)s).", code=code))


@bp.route("/imports", methods=["GET", "POST"])
@door(IMPORT)
def import_runs() -> Any:
    """Take a file of authorities, and list the files taken before."""
    form = UploadForm()
    status = 200
    with reading() as session:
        form.scope.choices = base.scope_choices(session)
    if form.validate_on_submit():
        try:
            run_id = _received(form)
        except IlsError as error:
            form.file.errors = [*form.file.errors, sentence_for(error)]
            status = error.status
        else:
            return redirect(url_for("authorities.import_run", import_id=run_id))
    elif request.method == "POST":
        status = 422
    with reading() as session:
        rows = importing.runs_of(session, current_actor())
        html = render_template(
            "cataloging/authorities/imports.html",
            form=form,
            rows=rows,
            states=STATES,
            status={run.id: importing.status_of(session, run) for run in rows},
            format_names=FORMAT_NAMES,
            size_text=size_text,
        )
    return html, status


def _received(form: UploadForm) -> int:
    folder = config().files_dir / "authorities"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, prefix="upload-") as kept:
        form.file.data.save(kept, buffer_size=1 << 20)
        kept.flush()
        with transaction() as session:
            return importing.receive(
                session,
                current_actor(),
                source=Path(kept.name),
                file_name=form.file.data.filename or "",
                scope=form.scope.data,
                on_match=form.on_match.data,
            ).id


@bp.get("/imports/<int:import_id>")
@door(IMPORT)
def import_run(import_id: int) -> str:
    """Show a file: what would come of it, how far it is, or what came of it."""
    with reading() as session:
        run = importing.run_for(session, current_actor(), import_id)
        state = importing.status_of(session, run)
        return render_template(
            "cataloging/authorities/import.html",
            run=run,
            state=state,
            states=STATES,
            outcomes=OUTCOMES,
            on_match=ON_MATCH,
            say_reason=say_reason,
            preview=importing.preview(session, run) if state == "new" else None,
            job=session.get(Job, run.job_id) if run.job_id else None,
            kinds=base.ONE_OF_KIND,
            size_text=size_text,
        )


@bp.post("/imports/<int:import_id>")
@door(IMPORT)
def import_act(import_id: int) -> Any:
    """Begin an import, stop it, let it go on, or put the file away."""
    act = request.form.get("act", "")
    with transaction() as session:
        actor = current_actor()
        if act == "forget":
            importing.discard(session, actor, import_id)
            flash(_("The file was put away; nothing was imported."), "ok")
            return redirect(url_for("authorities.import_runs"))
        if act == "stop":
            run = importing.run_for(session, actor, import_id)
            stop_job(session, run.job_id)
        else:
            importing.begin(session, actor, import_id)
    return redirect(url_for("authorities.import_run", import_id=import_id))
