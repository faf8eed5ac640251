"""The page of acts on many patrons, with their undo."""

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from werkzeug.wrappers import Response

from circulation.desk import perform
from circulation.patrons import batch_runs
from circulation.patrons.batch_runs import rows_of
from circulation.patrons.batches import batches_of
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
    "replaced": _l("photos replaced"),
    "had_one": _l("have a photo already"),
    "unknown": _l("photos of nobody"),
    "several": _l("photos that fit several"),
    "twice": _l("second photos"),
    "photos_wrong": _l("pictures not kept"),
    "others": _l("files that are no picture"),
    "ready": _l("can be renewed"),
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
    """Undo an act on many; a long one goes on behind its page."""
    try:
        row = perform(batch_runs.take_back, current_actor(), batch_id)
    except IlsError as error:
        if error.status == 404:
            raise
        flash(sentence_for(error), "bad")
        return redirect(url_for("patrons.batches"))
    if row.state == "undoing":
        return redirect(url_for("patrons.run", batch_id=row.id))
    back, left = int(row.facts["back"]), int(row.facts["left"])
    flash(ngettext("Taken back for %(num)s patron.", "Taken back for %(num)s patrons.", back), "ok")
    if left:
        with reading() as session:
            stayed = rows_of(session, row.id, part="left", limit=20)
            names = ", ".join(one.name for one in stayed)
        flash(
            _("Left as they are, since somebody has been there: %(names)s", names=names)
            + (" …" if left > 20 else ""),
            "warn",
        )
    return redirect(url_for("patrons.batches"))
