"""Pages of school classes: the classes there are, a list of a school brought in, photos from a zip."""

import json
import secrets
from pathlib import Path
from typing import Any

from flask import abort, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from sqlalchemy import select
from sqlalchemy.orm import Session

from circulation.patrons.batches import Batch, batch_for
from circulation.patrons.classes import (
    BOXES,
    ListDone,
    ListFacts,
    classes_with_figures,
    take_class_list,
    this_school_year,
    try_class_list,
)
from circulation.patrons.models import Patron, PatronCategory
from circulation.patrons.patrons import EDIT
from circulation.patrons.photo_zip import Photos, PhotoZip, keep_photos, open_zip
from circulation.patrons.spreadsheet import guess_columns, read_sheet, shown
from circulation.patrons.spreadsheet_views import keep_wrong_rows, upload_file
from circulation.patrons.views import bp, branches_to_register_at
from ils.core.db import reading, transaction
from ils.core.errors import IlsError, Invalid
from ils.org.units import unit_names
from ils.web.door import current_actor, door
from ils.web.errors import sentence_for
from ils.web.forms import Form

SHOWN = 200  # rows of a preview; the spreadsheet of wrong rows has them all


class ClassListForm(Form):
    """A list of a school and, if there is one, a zip of photos."""

    file = FileField(
        _l("Spreadsheet (.xlsx, .xls, .ods, .csv)"), [FileRequired(_l("Please choose a file."))]
    )
    photos = FileField(_l("Photos (.zip), if there are any"))


@bp.route("/classes", methods=["GET", "POST"])
@door(EDIT)
def classes() -> Any:
    """Show the classes there are; take a list of a school and lead to what it holds."""
    form, status = ClassListForm(), 200
    if form.validate_on_submit():
        data, name = form.file.data.read(), form.file.data.filename or ""
        zipped = form.photos.data.read() if form.photos.data else b""
        try:
            read_sheet(data, name)
            if zipped:
                open_zip(zipped)
        except IlsError as error:
            box = form.photos if error.facts.get("field") == "photos" else form.file
            box.errors, status = [*box.errors, sentence_for(error)], error.status
        else:
            return redirect(url_for("patrons.class_list", token=_kept(data, name, zipped)))
    elif request.method == "POST":
        status = 422
    with reading() as session:
        found = classes_with_figures(session, current_actor())
    return render_template("circulation/patrons_classes.html", form=form, classes=found), status


def _kept(data: bytes, name: str, zipped: bytes) -> str:
    token = secrets.token_hex(12)
    target = upload_file(token)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)
    target.with_suffix(".name").write_text(name, "utf-8")
    if zipped:
        target.with_suffix(".zip").write_bytes(zipped)
    return token


@bp.route("/classes/<token>", methods=["GET", "POST"])
@door(EDIT)
def class_list(token: str) -> Any:
    """Show the columns; on POST what would come of the list, or bring it in."""
    file = upload_file(token)
    if not file.exists():
        abort(404)
    sheet = read_sheet(file.read_bytes(), file.with_suffix(".name").read_text("utf-8"))
    mapping = guess_columns(sheet.headers)
    mapping = {box: column for box, column in mapping.items() if box in BOXES}
    tried, problem, status = None, None, 200
    if request.method == "POST":
        mapping = _chosen(len(sheet.headers))
        try:
            if "name" not in mapping:
                raise Invalid("column_name_missing", field="name")
            with transaction() as session:
                actor, facts = current_actor(), _facts()
                if "take" in request.form:
                    photos = _photos(file)
                    done = take_class_list(session, actor, sheet, mapping, facts, photos=photos)
                    _keep_result(file, sheet.headers, done)
                else:
                    tried = try_class_list(session, actor, sheet, mapping, facts)
        except IlsError as error:
            problem, status = sentence_for(error), error.status
        else:
            if tried is None:
                return redirect(url_for("patrons.class_list_done", token=token))
            _wrong_rows(file, sheet.headers, tried)
    return _page(token, file, sheet, mapping, tried, problem), status


def _page(
    token: str,
    file: Path,
    sheet: Any,
    mapping: dict[str, int],
    tried: ListDone | None,
    problem: str | None,
) -> str:
    with reading() as session:
        kinds = session.scalars(select(PatronCategory).order_by(PatronCategory.order)).all()
        return render_template(
            "circulation/patrons_class_list.html",
            token=token,
            sheet=sheet,
            shown=shown,
            mapping={column: box for box, column in mapping.items()},
            boxes=BOXES,
            tried=tried,
            rows=_worst_first(tried)[:SHOWN] if tried else [],
            sentence_for=sentence_for,
            problem=problem,
            typed=request.form,
            branches=branches_to_register_at(session),
            names=unit_names(session),
            categories=kinds,
            category=next((k.code for k in kinds if k.code == "pupil"), ""),
            unit_id=current_actor().unit_id,
            year=this_school_year(),
            has_photos=file.with_suffix(".zip").exists(),
        )


def _worst_first(tried: ListDone) -> list[Any]:
    order = {"": 0, "changed": 1, "added": 2, "same": 3}
    return sorted(tried.rows, key=lambda one: (order[one.what], one.number))


def _chosen(count: int) -> dict[str, int]:
    chosen: dict[str, int] = {}
    for column in range(count):
        box = request.form.get(f"column_{column}", "")
        if box in BOXES and box not in chosen:
            chosen[box] = column
    return chosen


def _facts() -> ListFacts:
    typed = request.form
    return ListFacts(
        branch_id=typed.get("branch_id", 0, type=int),
        category=typed.get("category", ""),
        school=typed.get("school", "").strip()[:120],
        school_class=typed.get("school_class", "").strip()[:30],
        school_year=typed.get("school_year", "").strip()[:9],
        consent="consent" in typed,
        photos_agreed="photos_agreed" in typed,
        charges="charges" in typed,
    )


def _photos(file: Path) -> PhotoZip | None:
    zipped = file.with_suffix(".zip")
    return open_zip(zipped.read_bytes()) if zipped.exists() else None


def _wrong_rows(file: Path, headers: tuple[str, ...], done: ListDone) -> None:
    wrong = [(one.number, one.row, sentence_for(one.error)) for one in done.wrong if one.error]
    if wrong:
        keep_wrong_rows(file, headers, wrong)


def _keep_result(file: Path, headers: tuple[str, ...], done: ListDone) -> None:
    """Keep what came of a list beside it, for the page that follows; deleted with the list."""
    _wrong_rows(file, headers, done)
    facts = {
        "batch": done.batch.id if done.batch else None,
        "figures": done.batch.facts if done.batch else {},
        "wrong": [[one.number, sentence_for(one.error)] for one in done.wrong if one.error],
        "photos": _said(done.photos),
    }
    file.with_suffix(".result").write_text(json.dumps(facts, ensure_ascii=False), "utf-8")


def _said(photos: Photos | None) -> dict[str, Any] | None:
    if photos is None:
        return None
    return {
        "kept": photos.kept,
        "had_one": photos.had_one,
        "wrong": [[name, sentence_for(error)] for name, error in photos.wrong],
        "unknown": photos.matched.unknown,
        "several": photos.matched.several,
        "twice": photos.matched.twice,
        "others": photos.others,
        "without": photos.without,
    }


@bp.get("/classes/<token>/done")
@door(EDIT)
def class_list_done(token: str) -> Any:
    """Show what came of a list or of a zip of photos."""
    file = upload_file(token)
    kept = file.with_suffix(".result")
    if not kept.exists():
        return redirect(url_for("patrons.class_list", token=token))
    facts = json.loads(kept.read_text("utf-8"))
    with reading() as session:
        batch = batch_for(session, current_actor(), facts["batch"])
        return render_template(
            "circulation/patrons_class_done.html",
            token=token,
            done=facts,
            batch=batch,
            has_wrong=file.with_suffix(".wrong.xlsx").exists(),
        )


class PhotoZipForm(Form):
    """A zip of photos of people who are registered already."""

    photos = FileField(_l("Photos (.zip)"), [FileRequired(_l("Please choose a file."))])


@bp.route("/photos", methods=["GET", "POST"])
@door(EDIT)
def photo_zip() -> Any:
    """Take a zip of photos for a class, a school or everybody registered."""
    form, status = PhotoZipForm(), 200
    if form.validate_on_submit():
        try:
            zipped = open_zip(form.photos.data.read())
            with transaction() as session:
                token = _take_zip(session, zipped)
        except IlsError as error:
            form.photos.errors = [*form.photos.errors, sentence_for(error)]
            status = error.status
        else:
            return redirect(url_for("patrons.class_list_done", token=token))
    elif request.method == "POST":
        status = 422
    with reading() as session:
        found = classes_with_figures(session, current_actor())
    return render_template(
        "circulation/patrons_photo_zip.html", form=form, classes=found, typed=request.values
    ), status


def _take_zip(session: Session, zipped: PhotoZip) -> str:
    actor = current_actor()
    school, _at, name = request.form.get("class", "").rpartition("@")
    query = select(Patron.id).where(
        Patron.library_id == actor.library_id, Patron.deleted_at.is_(None)
    )
    if name:
        query = query.where(Patron.school == school, Patron.school_class == name)
    batch = Batch(session, actor, "classes", actor.library_id or 0)
    agreed = "photos_agreed" in request.form
    done = ListDone(
        photos=keep_photos(
            session, actor, batch, zipped, list(session.scalars(query)), agreed=agreed
        )
    )
    kept = done.photos.kept if done.photos else 0
    done.batch = batch.close(photos=kept)
    if done.photos is not None and not name:
        done.photos.without = []  # of a whole library that says nothing
    token = secrets.token_hex(12)
    file = upload_file(token)
    file.parent.mkdir(parents=True, exist_ok=True)
    _keep_result(file, (), done)
    return token
