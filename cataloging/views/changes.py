"""Change sets: what was changed together, and undoing it whole."""

from collections import Counter
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cataloging.authorities.models import Authority, AuthorityVersion
from cataloging.authorities.undo import authorities_in
from cataloging.change_sets import (
    are_ours,
    change_set_of_ours,
    obstacles,
    undo_change_set,
)
from cataloging.duplicates.merged import went_in
from cataloging.item_rows import copies_changed_in
from cataloging.models import ChangeSet, Item, ItemChange, Record, RecordVersion
from cataloging.permissions import UNDO_CHANGES
from cataloging.undo_job import LARGE, job_of, size_of, undo_later
from cataloging.views.base import bp, staff_names
from cataloging.views.copy_values import values_said
from cataloging.views.words import CHANGE_KINDS, CHANGES, COPY_BOXES
from ils.core.db import reading, transaction
from ils.core.jobs import stop_job
from ils.web.door import current_actor, door
from ils.web.pages import Page, page_number

PAGE = 50
SHOWN = 100


@bp.get("/changes")
@door(UNDO_CHANGES)
def changes() -> str:
    """List the latest change sets with what each touched."""
    number = page_number(request.args.get("page"))
    with reading() as session:
        ours = select(ChangeSet).where(are_ours(current_actor()))
        total = session.scalar(select(func.count()).select_from(ours.subquery())) or 0
        page = Page(number, PAGE, total)
        rows = session.scalars(
            ours.order_by(ChangeSet.id.desc()).limit(PAGE).offset(page.offset)
        ).all()
        ids = [c.id for c in rows]
        return render_template(
            "cataloging/changes.html",
            page=page,
            rows=rows,
            records=_counts(session, RecordVersion.change_set_id, ids),
            items=_copies(session, ids),
            people=staff_names(session, {c.actor_id for c in rows}),
            kinds=CHANGE_KINDS,
        )


def _counts(session: Any, column: Any, ids: list[int]) -> dict[int, int]:
    rows = session.execute(select(column, func.count()).where(column.in_(ids)).group_by(column))
    return {row[0]: row[1] for row in rows}


def _copies(session: Session, ids: list[int]) -> Counter[int]:
    """Count the copies that change sets entered, changed, or moved by a merge."""
    entered = _counts(session, Item.change_set_id, ids)
    found = Counter(entered | copies_changed_in(session, ids))
    for one in went_in(session, ids):
        found[one.change_set_id] += one.copies
    return found


@bp.get("/changes/<int:change_set_id>")
@door(UNDO_CHANGES)
def change_set(change_set_id: int) -> str:
    """Show a change set: its records and copies, and what would keep it from being undone."""
    with reading() as session:
        found = change_set_of_ours(session, current_actor(), change_set_id)
        versions = session.execute(
            select(
                RecordVersion.record_id, RecordVersion.change, Record.title, RecordVersion.version
            )
            .join(Record, Record.id == RecordVersion.record_id)
            .where(RecordVersion.change_set_id == change_set_id)
            .order_by(RecordVersion.record_id)
            .limit(SHOWN)
        ).all()
        counts = _counts(session, RecordVersion.change_set_id, [change_set_id])
        return render_template(
            "cataloging/change_set.html",
            found=found,
            versions=versions,
            count=counts.get(change_set_id, 0),
            copies=_copies(session, [change_set_id])[change_set_id],
            merges=went_in(session, [change_set_id]),
            authorities=session.execute(
                select(AuthorityVersion.authority_id, AuthorityVersion.change, Authority.heading)
                .join(Authority, Authority.id == AuthorityVersion.authority_id)
                .where(AuthorityVersion.change_set_id == change_set_id)
                .order_by(AuthorityVersion.authority_id)
                .limit(SHOWN)
            ).all(),
            authority_count=authorities_in(session, change_set_id),
            in_the_way=obstacles(session, change_set_id) if found.undone_at is None else [],
            people=staff_names(session, {found.actor_id, found.undone_by}),
            kinds=CHANGE_KINDS,
            changes=CHANGES,
            job=job_of(session, change_set_id),
            copy_changes=session.execute(
                select(ItemChange, Item.accession_no, Item.barcode)
                .join(Item, Item.id == ItemChange.item_id)
                .where(ItemChange.change_set_id == change_set_id)
                .order_by(ItemChange.item_id)
                .limit(SHOWN)
            ).all(),
            boxes=COPY_BOXES,
            said=values_said(session),
        )


@bp.post("/changes/<int:change_set_id>/undo")
@door(UNDO_CHANGES)
def undo(change_set_id: int) -> Any:
    """Undo a change set; a large one in the background, so that the desks can go on."""
    partial = request.form.get("partial") == "1"
    here = redirect(url_for("cataloging.change_set", change_set_id=change_set_id))
    with transaction() as session:
        change_set_of_ours(session, current_actor(), change_set_id)
        if request.form.get("act") == "stop":
            job = job_of(session, change_set_id)
            stop_job(session, job.id if job else None)
            return here
        if size_of(session, change_set_id) > LARGE:
            undo_later(session, current_actor(), change_set_id, partial=partial)
            flash(_("The undo has begun; this page shows how far it is."), "ok")
            return here
        done = undo_change_set(session, current_actor(), change_set_id, partial=partial)
    flash(
        _(
            "Undone: %(removed)s records taken out, %(restored)s brought back, %(items)s copies"
            " taken out, %(given_back)s as they were.",
            removed=done.records_removed,
            restored=done.records_restored,
            items=done.items_removed,
            given_back=done.items_restored,
        ),
        "ok",
    )
    return here
