"""Notes and blocks on a patron: written and ended. The list of all blocks is among the lists."""

from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _

from circulation.patrons.forms import NoteForm
from circulation.patrons.notes import lift_note, write_note
from circulation.patrons.patrons import EDIT
from circulation.patrons.views import bp
from ils.core.db import transaction
from ils.core.errors import IlsError
from ils.web.door import current_actor, door
from ils.web.errors import sentence_for


@bp.post("/<int:patron_id>/notes")
@door(EDIT)
def add_note(patron_id: int) -> Any:
    """Write a note or a block."""
    form = NoteForm()
    if not form.validate_on_submit():
        flash(_("The note needs a text, and its days are dates."), "bad")
        return redirect(url_for("patrons.show", patron_id=patron_id))
    try:
        with transaction() as session:
            write_note(
                session,
                current_actor(),
                patron_id,
                form.text.data,
                acts=[a for a in form.block.data.split(",") if a],
                from_on=form.from_on.data,
                to_on=form.to_on.data,
            )
    except IlsError as error:
        if error.status == 404:
            raise
        flash(sentence_for(error), "bad")
    return redirect(url_for("patrons.show", patron_id=patron_id))


@bp.post("/<int:patron_id>/notes/<int:note_id>/lift")
@door(EDIT)
def end_note(patron_id: int, note_id: int) -> Any:
    """End a note or a block; of a block it is said why."""
    try:
        with transaction() as session:
            lift_note(session, current_actor(), note_id, request.form.get("why", ""))
    except IlsError as error:
        if error.status in (403, 404):
            raise
        flash(sentence_for(error), "bad")
    else:
        flash(_("It is ended."), "ok")
    return redirect(url_for("patrons.show", patron_id=patron_id))
