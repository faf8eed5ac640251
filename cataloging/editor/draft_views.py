"""One's own drafts: a list, each opened again or thrown away."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from cataloging.editor.drafts import discard_draft, draft_for, drafts_of
from cataloging.editor.views import bp
from cataloging.permissions import EDIT_RECORD
from ils.core.db import reading, transaction
from ils.web.door import current_actor, door
from ils.web.pages import Page, page_number

PAGE = 50


@bp.get("/drafts")
@door(EDIT_RECORD)
def drafts() -> str:
    """List what one typed and has not saved."""
    number = page_number(request.args.get("page"))
    with reading() as session:
        rows, total = drafts_of(session, current_actor(), limit=PAGE, offset=(number - 1) * PAGE)
        return render_template("editor/drafts.html", rows=rows, page=Page(number, PAGE, total))


@bp.get("/drafts/<int:record_draft_id>")
@door(EDIT_RECORD)
def draft(record_draft_id: int) -> Any:
    """Open a draft in the editor."""
    with reading() as session:
        found = draft_for(session, current_actor(), record_draft_id)
        if found.record_id is None:
            return redirect(url_for("editor.new", draft=found.id))
        return redirect(url_for("editor.edit", record_id=found.record_id, draft=found.id))


@bp.post("/drafts/<int:record_draft_id>/discard")
@door(EDIT_RECORD)
def discard(record_draft_id: int) -> Any:
    """Throw a draft away."""
    with transaction() as session:
        discard_draft(session, current_actor(), record_draft_id)
    flash(_("The draft is thrown away."), "ok")
    return redirect(url_for("editor.drafts"))
