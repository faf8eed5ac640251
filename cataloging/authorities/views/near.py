"""Near-equal headings: listed, merged or said to be two."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from cataloging.authorities import near
from cataloging.authorities.views import base
from cataloging.authorities.views.base import bp, kind_or_404, seen
from cataloging.permissions import EDIT_AUTHORITY
from ils.core.db import reading, transaction
from ils.core.jobs import Job, enqueue
from ils.web.door import current_actor, door
from ils.web.pages import Page, page_number

PAGE = 30


@bp.get("/near")
@door(EDIT_AUTHORITY)
def near_equal() -> str:
    """List pairs of headings that may be one, in filing order."""
    kind = request.args.get("kind", "")
    if kind:
        kind_or_404(kind)
    number = page_number(request.args.get("page"))
    job_id = request.args.get("job", type=int)
    with reading() as session:
        total = near.count_near(session, kind)
        page = Page(number, PAGE, total)
        rows = near.list_near(session, kind, seen(session), limit=PAGE, offset=page.offset)
        return render_template(
            "cataloging/authorities/near.html",
            kind=kind,
            kinds=base.KIND_NAMES,
            roles=base.ROLES,
            differences=base.DIFFERENCES,
            page=Page(number, PAGE, total, rows),
            job=session.get(Job, job_id) if job_id else None,
        )


@bp.post("/near")
@door(EDIT_AUTHORITY)
def look_for_near() -> Any:
    """Look for near-equal headings now; it is done every night anyway."""
    with transaction() as session:
        job = enqueue(session, current_actor(), near.KIND)
    return redirect(url_for("authorities.near_equal", job=job.id))


@bp.post("/near/apart")
@door(EDIT_AUTHORITY)
def keep_apart() -> Any:
    """Say that two headings are two."""
    low, high = (request.form.get(name, type=int) or 0 for name in ("low", "high"))
    with transaction() as session:
        near.keep_apart(session, current_actor(), low, high)
    flash(_("They stay two headings and are not listed again."), "ok")
    return redirect(
        url_for(
            "authorities.near_equal",
            kind=request.form.get("kind", ""),
            page=request.form.get("page"),
        )
    )
