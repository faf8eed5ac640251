"""The page of one act on many patrons: what it would do, how far it is, what came of it."""

from datetime import date
from typing import Any

from flask import Response, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from circulation.patrons import batch_runs
from circulation.patrons.batch_models import PatronBatch, PatronBatchRow
from circulation.patrons.batch_runs import WORKING, counts_of, rows_of
from circulation.patrons.batch_views import FIGURES, KINDS
from circulation.patrons.batches import batch_for
from circulation.patrons.class_runs import sheet_of
from circulation.patrons.models import Patron, PatronCard
from circulation.patrons.notes import author_names
from circulation.patrons.patrons import EDIT
from circulation.patrons.views import bp
from circulation.sentences import reason_sentence
from ils.core import clock
from ils.core.db import reading, transaction
from ils.core.errors import IlsError, Invalid, Refused
from ils.core.jobs import Job, has_stopped
from ils.printing import xlsx
from ils.web.door import current_actor, door
from ils.web.errors import sentence_for
from ils.web.i18n import number
from ils.web.pages import Page, page_number

SIZE = 50
NAMES = 200  # of photos shown
BAD = ("wrong", "refused", "other")
WHATS: dict[str, tuple[str, Any]] = {
    "added": ("ok", _l("new")),
    "changed": ("info", _l("changed")),
    "same": ("off", _l("unchanged")),
    "wrong": ("bad", _l("not taken")),
    "ready": ("ok", _l("can be renewed")),
    "renewed": ("ok", _l("renewed")),
    "refused": ("bad", _l("refused")),
    "moved": ("ok", _l("moved up")),
    "left": ("info", _l("left school")),
    "blocked": ("warn", _l("left school, blocked")),
    "other": ("warn", _l("changed meanwhile, left alone")),
}
BOXES: dict[str, Any] = {
    "sex": _l("Sex"),
    "student_code": _l("Student code"),
    "school_class": _l("School class"),
    "school_year": _l("School year"),
    "school": _l("School or workplace"),
    "ethnicity": _l("Ethnic group"),
    "commune": _l("Commune or ward"),
    "address": _l("Address"),
    "phone": _l("Telephone"),
    "email": _l("E-mail"),
    "guardian_name": _l("Parent or guardian"),
    "guardian_phone": _l("Guardian's telephone"),
    "born_on": _l("Date of birth"),
    "born_year": _l("Year of birth"),
}
PHOTOS: dict[str, Any] = {
    "wrong": _l("Pictures not kept"),
    "unknown": _l("Names that fit nobody"),
    "several": _l("Names that fit several people"),
    "twice": _l("A second photo of the same person"),
}


@bp.get("/runs/<int:batch_id>")
@door(EDIT)
def run(batch_id: int) -> str:
    """Show an act: what it would do, how far it is, or what came of it."""
    with reading() as session:
        row = batch_for(session, current_actor(), batch_id)
        job = session.get(Job, row.job_id or 0)
        stopped = row.state in WORKING and has_stopped(job)
        counts = counts_of(session, row.id)
        what = request.args.get("what", "")
        shown = (what,) if what in counts else ()
        total = counts[what] if shown else counts.total()
        page = Page(page_number(request.args.get("page")), SIZE, total)
        rows = _shown(session, row, shown, page)
        return render_template(
            "circulation/patrons_run.html",
            batch=row,
            job=job,
            stopped=stopped,
            working=row.state in WORKING and not stopped,
            counts=counts,
            bad=sum(counts[one] for one in BAD),
            photos=_photos(session, row),
            left=rows_of(session, row.id, part="left", limit=NAMES),
            rows=rows,
            people=_people(session, rows),
            why=_why,
            iso=date.fromisoformat,
            what=what,
            page=page,
            today=clock.today(),
            authors=author_names(session, [row.by]),
            kinds=KINDS,
            figures=FIGURES,
            whats=WHATS,
            words=BOXES,
            **_progress(row, job),
        )


def _shown(
    session: Session, row: PatronBatch, shown: tuple[str, ...], page: Page
) -> list[PatronBatchRow]:
    """Return a page of rows, those that cannot be done first."""
    if shown:
        return list(rows_of(session, row.id, what=shown, limit=SIZE, offset=page.offset))
    query = select(PatronBatchRow).where(
        PatronBatchRow.batch_id == row.id, PatronBatchRow.part == "row"
    )
    order = (PatronBatchRow.what.not_in(BAD), PatronBatchRow.number)
    return list(session.scalars(query.order_by(*order).limit(SIZE).offset(page.offset)))


def _people(session: Session, rows: list[PatronBatchRow]) -> dict[int, tuple[Patron, str]]:
    ids = [one.patron_id for one in rows if one.patron_id is not None]
    query = (
        select(Patron, PatronCard.number)
        .outerjoin(PatronCard, (PatronCard.patron_id == Patron.id) & (PatronCard.state == "active"))
        .where(Patron.id.in_(ids))
    )
    return {patron.id: (patron, card or "") for patron, card in session.execute(query)}


def _why(one: PatronBatchRow) -> str:
    """Say why a row was not taken, or what changes."""
    if one.code:
        return sentence_for(Invalid(one.code, **one.facts))
    if one.facts.get("boxes"):
        return ", ".join(str(BOXES.get(box, box)) for box in one.facts["boxes"])
    return " ".join(reason_sentence(code, facts) for code, facts in one.facts.get("against", []))


def _photos(session: Session, row: PatronBatch) -> list[tuple[str, int, list[str]]]:
    """Return the photos that found nobody, by reason: in words, how many, the first names."""
    counts, told = counts_of(session, row.id, "photo"), []
    for what, words in PHOTOS.items():
        if counts[what]:
            rows = rows_of(session, row.id, part="photo", what=(what,), limit=NAMES)
            names = [f"{one.name}: {_why(one)}" if one.code else one.name for one in rows]
            told.append((str(words), counts[what], names))
    bare = (
        select(Patron.name)
        .join(PatronBatchRow, PatronBatchRow.patron_id == Patron.id)
        .where(PatronBatchRow.batch_id == row.id, PatronBatchRow.part == "row")
        .where(Patron.photo_id.is_(None), Patron.deleted_at.is_(None))
    )
    if counts and row.state == "done" and row.ended_at is None:
        names = list(session.scalars(bare.order_by(Patron.name_key).limit(NAMES)))
        count = session.scalar(select(func.count()).select_from(bare.subquery())) or 0
        if count:
            told.append((_("Still without a photo"), count, names))
    return told


# --- what is done with it ----------------------------------------------------------------------


@bp.post("/runs/<int:batch_id>")
@door(EDIT)
def act_on_run(batch_id: int) -> Any:
    """Do what was looked at, stop, go on, undo, or throw away."""
    here, actor = url_for("patrons.run", batch_id=batch_id), current_actor()
    try:
        with transaction() as session:
            match request.form.get("act"):
                case "take":
                    chosen = _chosen(session, batch_id)
                    batch_runs.carry_out(session, actor, batch_id, **chosen)
                case "stop":
                    batch_runs.stop(session, actor, batch_id)
                    flash(_("It stops after the rows it is at; what is done stays."), "ok")
                case "go_on":
                    batch_runs.go_on(session, actor, batch_id)
                case "undo":
                    batch_runs.take_back(session, actor, batch_id)
                case "discard":
                    batch_runs.discard(session, actor, batch_id)
                    flash(_("Thrown away; nothing had changed."), "ok")
                    here = url_for("patrons.batches")
                case _:
                    batch_for(session, actor, batch_id)
    except IlsError as error:
        if error.status in (403, 404):
            raise
        flash(sentence_for(error), "bad")
    return redirect(here)


def _chosen(session: Session, batch_id: int) -> dict[str, Any]:
    """Return what is decided on seeing what would happen: whether photos take the place of others."""
    row = batch_for(session, current_actor(), batch_id)
    return {"replace_photos": "replace" in request.form} if row.kind == "classes" else {}


@bp.get("/runs/<int:batch_id>/progress")
@door(EDIT)
def run_progress(batch_id: int) -> Response:
    """Tell how far an act is, for the script of its page."""
    with reading() as session:
        row = batch_for(session, current_actor(), batch_id)
        job = session.get(Job, row.job_id or 0)
        busy = row.state in WORKING and not has_stopped(job)
        return jsonify(state=row.state, busy=busy, **_progress(row, job))


def _progress(row: PatronBatch, job: Job | None) -> dict[str, Any]:
    if job is not None and job.status == "queued":
        text = _("Waiting for the worker …")
    else:
        done, total = number(row.done_to), number(row.total)
        text = _("%(done)s of %(total)s done", done=done, total=total)
    return {"done": row.done_to, "total": row.total, "text": text}


@bp.get("/runs/<int:batch_id>/wrong.xlsx")
@door(EDIT)
def run_wrong(batch_id: int) -> Response:
    """Give back the rows that were not taken, as they were sent, with the reason in the last column."""
    with reading() as session:
        row = batch_for(session, current_actor(), batch_id)
        wrong = rows_of(session, row.id, what=BAD)
        if row.kind == "classes":
            headers, rows = _of_sheet(row, wrong)
        else:
            headers, rows = _of_people(session, wrong)
    return Response(
        xlsx([(_("Rows not taken"), [*headers, _("Reason")], rows)]),
        mimetype="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        headers={"Content-Disposition": 'attachment; filename="dong-khong-nhan.xlsx"'},
    )


def _of_sheet(row: PatronBatch, wrong: Any) -> tuple[list[Any], list[list[Any]]]:
    if not row.plan.get("list"):
        raise Refused("upload_gone")
    sheet = sheet_of(row.plan["token"])
    rows = [[*map(_plain, sheet.rows[one.number - 1]), _why(one)] for one in wrong]
    return list(sheet.headers), rows


def _of_people(session: Session, wrong: Any) -> tuple[list[Any], list[list[Any]]]:
    rows = []
    for start in range(0, len(wrong), 500):
        some = list(wrong[start : start + 500])
        people = _people(session, some)
        for one in some:
            patron, card = people.get(one.patron_id or 0, (None, ""))
            words = [patron.name, patron.school_class, patron.school] if patron else [one.name]
            why = _why(one) or str(WHATS[one.what][1])
            rows.append([*words, *[""] * (3 - len(words)), card, why])
    return [_("Full name"), _("School class"), _("School"), _("Card")], rows


def _plain(cell: Any) -> Any:
    return cell if isinstance(cell, (int, float)) else "" if cell is None else str(cell)
