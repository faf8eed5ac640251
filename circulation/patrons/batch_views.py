"""The page of acts on many patrons, with their undo."""

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from werkzeug.wrappers import Response

from circulation.desk import perform
from circulation.patrons.batches import batches_of, undo_batch
from circulation.patrons.notes import author_names
from circulation.patrons.patrons import EDIT
from circulation.patrons.views import bp
from ils.core import clock
from ils.core.db import reading
from ils.core.errors import IlsError
from ils.web.door import current_actor, door
from ils.web.errors import sentence_for

KINDS = {
    "classes": _l("List or photos of a school"),
    "renewal": _l("Cards renewed"),
    "new_year": _l("New school year"),
    "ages": _l("Kinds changed by age"),
}
FIGURES = {
    "added": _l("new"),
    "changed": _l("changed"),
    "same": _l("unchanged"),
    "wrong": _l("not taken"),
    "photos": _l("photos"),
    "renewed": _l("renewed"),
    "refused": _l("refused"),
    "moved": _l("moved up"),
    "left_school": _l("left school"),
    "blocked": _l("blocked"),
    "back": _l("given back"),
    "left": _l("left as they are"),
}


@bp.get("/batches")
@door(EDIT)
def batches() -> str:
    """List what was done to many at once, newest first."""
    with reading() as session:
        rows = batches_of(session, current_actor())
        return render_template(
            "circulation/patrons_batches.html",
            rows=rows,
            authors=author_names(session, [row.by for row in rows]),
            kinds=KINDS,
            figures=FIGURES,
            today=clock.today(),
        )


@bp.post("/batches/<int:batch_id>/undo")
@door(EDIT)
def take_back(batch_id: int) -> Response:
    """Undo an act on many."""
    try:
        done = perform(undo_batch, current_actor(), batch_id)
    except IlsError as error:
        if error.status == 404:
            raise
        flash(sentence_for(error), "bad")
        return redirect(url_for("patrons.batches"))
    flash(
        ngettext("Taken back for %(num)s patron.", "Taken back for %(num)s patrons.", done.back),
        "ok",
    )
    if done.left:
        names = ", ".join(one.name for one in done.left[:20])
        flash(
            _("Left as they are, since somebody has been there: %(names)s", names=names)
            + (" …" if len(done.left) > 20 else ""),
            "warn",
        )
    return redirect(url_for("patrons.batches"))
