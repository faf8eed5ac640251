"""Pages of school classes: the classes there are, a list of a school sent, photos from a zip.

What would come of them, and what came of them, is shown by ``run_views``.
"""

from typing import Any

from flask import abort, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from sqlalchemy import select

from circulation.patrons.class_runs import look_at_list, look_at_photos
from circulation.patrons.classes import (
    BOXES,
    ListFacts,
    classes_with_figures,
    this_school_year,
)
from circulation.patrons.models import PatronCategory
from circulation.patrons.patrons import EDIT
from circulation.patrons.photo_zip import open_zip
from circulation.patrons.spreadsheet import guess_columns, read_sheet, shown
from circulation.patrons.uploads import (
    keep_sent,
    keep_upload,
    name_of,
    new_token,
    upload_file,
    zip_file,
)
from circulation.patrons.views import bp, branches_to_register_at
from ils.core.db import reading, transaction
from ils.core.errors import IlsError
from ils.org.units import unit_names
from ils.web.door import current_actor, door
from ils.web.errors import sentence_for
from ils.web.forms import Form


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
        token = new_token()
        data, name = form.file.data.read(), form.file.data.filename or ""
        try:
            read_sheet(data, name)
            _keep_zip(form.photos.data, token)
        except IlsError as error:
            box = form.photos if error.facts.get("field") == "photos" else form.file
            box.errors, status = [*box.errors, sentence_for(error)], error.status
        else:
            keep_upload(token, data, name)
            return redirect(url_for("patrons.class_list", token=token))
    elif request.method == "POST":
        status = 422
    with reading() as session:
        found = classes_with_figures(session, current_actor())
    return render_template("circulation/patrons_classes.html", form=form, classes=found), status


def _keep_zip(sent: Any, token: str) -> None:
    """Keep a zip that was sent, if one was; what cannot be opened is not kept."""
    if not sent:
        return
    file = zip_file(token)
    keep_sent(sent, file)
    try:
        open_zip(file)
    except IlsError:
        file.unlink()
        raise


@bp.route("/classes/<token>", methods=["GET", "POST"])
@door(EDIT)
def class_list(token: str) -> Any:
    """Show what the columns of a list hold, to be corrected; on POST look at what would come of it."""
    file = upload_file(token)
    if not file.exists():
        abort(404)
    sheet = read_sheet(file.read_bytes(), name_of(token))
    guessed = guess_columns(sheet.headers)
    mapping = {box: column for box, column in guessed.items() if box in BOXES}
    problem, status = None, 200
    if request.method == "POST":
        mapping = _chosen(len(sheet.headers))
        try:
            with transaction() as session:
                made = look_at_list(session, current_actor(), token, mapping, _facts())
        except IlsError as error:
            problem, status = sentence_for(error), error.status
        else:
            return redirect(url_for("patrons.run", batch_id=made.id))
    with reading() as session:
        kinds = session.scalars(select(PatronCategory).order_by(PatronCategory.order)).all()
        return render_template(
            "circulation/patrons_class_list.html",
            sheet=sheet,
            shown=shown,
            mapping={column: box for box, column in mapping.items()},
            boxes=BOXES,
            problem=problem,
            typed=request.form,
            branches=branches_to_register_at(session),
            names=unit_names(session),
            categories=kinds,
            category=next((k.code for k in kinds if k.code == "pupil"), ""),
            unit_id=current_actor().unit_id,
            year=this_school_year(),
            has_photos=zip_file(token).exists(),
        ), status


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


class PhotoZipForm(Form):
    """A zip of photos of people who are registered already."""

    photos = FileField(_l("Photos (.zip)"), [FileRequired(_l("Please choose a file."))])


@bp.route("/photos", methods=["GET", "POST"])
@door(EDIT)
def photo_zip() -> Any:
    """Take a zip of photos for a class, a school or everybody registered."""
    form, status = PhotoZipForm(), 200
    if form.validate_on_submit():
        token = new_token()
        school, _at, name = request.form.get("class", "").rpartition("@")
        agreed = "photos_agreed" in request.form
        try:
            _keep_zip(form.photos.data, token)
            with transaction() as session:
                made = look_at_photos(
                    session, current_actor(), token, school=school, school_class=name, agreed=agreed
                )
        except IlsError as error:
            form.photos.errors = [*form.photos.errors, sentence_for(error)]
            status = error.status
        else:
            return redirect(url_for("patrons.run", batch_id=made.id))
    elif request.method == "POST":
        status = 422
    with reading() as session:
        found = classes_with_figures(session, current_actor())
    return render_template(
        "circulation/patrons_photo_zip.html", form=form, classes=found, typed=request.values
    ), status
