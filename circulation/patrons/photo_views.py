"""Photos of patrons: shown, taken by file, phone or webcam, taken away."""

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from circulation.patrons.consent import agrees_to
from circulation.patrons.forms import PhotoForm
from circulation.patrons.patrons import EDIT, VIEW, patron_for
from circulation.patrons.photos import drop_photo, keep_photo, photo_of
from circulation.patrons.views import bp
from circulation.rules.consent import PHOTO
from ils.core.db import reading, transaction
from ils.core.errors import IlsError
from ils.web.door import current_actor, door
from ils.web.errors import sentence_for
from ils.web.files import file_response


@bp.get("/<int:patron_id>/photo.jpg")
@door(VIEW)
def photo(patron_id: int) -> Response:
    """Show a patron's photo."""
    with reading() as session:
        return file_response(photo_of(session, current_actor(), patron_id))


@bp.route("/<int:patron_id>/photo", methods=["GET", "POST"])
@door(EDIT)
def take_photo(patron_id: int) -> Any:
    """Keep a photo from a file or a camera."""
    with reading() as session:
        patron = patron_for(session, current_actor(), patron_id, EDIT)
        agreed = agrees_to(session, patron_id, PHOTO)
    form, status = PhotoForm(), 200
    if form.validate_on_submit():
        try:
            with transaction() as session:
                content = form.photo.data.read()
                said = bool(form.agreed.data)
                keep_photo(session, current_actor(), patron_id, content, agreed=said)
        except IlsError as error:
            box = form.agreed if error.facts.get("field") == "agreed" else form.photo
            box.errors, status = [*box.errors, sentence_for(error)], error.status
        else:
            flash(_("The photo is kept."), "ok")
            return redirect(url_for("patrons.show", patron_id=patron_id))
    elif form.errors:
        status = 422
    return render_template(
        "circulation/patrons_photo.html", patron=patron, form=form, agreed=agreed
    ), status


@bp.post("/<int:patron_id>/photo/drop")
@door(EDIT)
def remove_photo(patron_id: int) -> Response:
    """Take a photo away."""
    with transaction() as session:
        drop_photo(session, current_actor(), patron_id)
    flash(_("The photo is gone."), "ok")
    return redirect(url_for("patrons.show", patron_id=patron_id))
