"""What the editor's page asks while somebody types: remarks, the card, duplicates, who else is here,
and that what was typed be kept."""

from typing import Any

from flask import jsonify, render_template, request
from sqlalchemy.orm import Session

from cataloging.classes.marks import mark_for
from cataloging.editor.boxes import read
from cataloging.editor.copies import drafted_of
from cataloging.editor.drafts import keep_draft
from cataloging.editor.habits import habit_of
from cataloging.editor.page_views import card_of, layout_of, may_add_copies
from cataloging.editor.posting import TEXT, OnPage, read_page
from cataloging.editor.presence import tell_closed, tell_open
from cataloging.editor.remarks import remarks
from cataloging.editor.rows import rows
from cataloging.editor.showing import CLASSES, HEADINGS
from cataloging.editor.views import bp
from cataloging.marc.model import Marc
from cataloging.marc.standard import Field, standard
from cataloging.marc.validate import ERROR
from cataloging.permissions import EDIT_RECORD
from cataloging.records import record_for
from cataloging.views.base import english
from cataloging.views.duplicates import likely_same
from cataloging.views.forms import NewCopiesForm
from ils.core.db import reading, transaction
from ils.web.door import current_actor, door

A_DAY = 24 * 3600


def _sent() -> tuple[OnPage, int | None]:
    """Return what stands on the page that asks, and the record it is a change of."""
    return read_page(request.form.to_dict(flat=False)), request.form.get("record", type=int)


def _stored(db: Session, record_id: int | None) -> Marc | None:
    return record_for(db, record_id).marc if record_id else None  # type: ignore[return-value]


@bp.post("/editor/check")
@door(EDIT_RECORD)
def check() -> Any:
    """Answer the remarks on what stands on a page, and its card."""
    on, record_id = _sent()
    with reading() as db:
        said = remarks(on, _stored(db, record_id), layout_of(db, on))
    return jsonify(
        said=render_template("editor/_remarks.html", said=said),
        card=card_of(on),
        errors=sum(1 for one in said if one.level == ERROR),
    )


@bp.post("/editor/keep")
@door(EDIT_RECORD)
def keep() -> Any:
    """Keep what stands on a page as a draft; answer its number."""
    on, record_id = _sent()
    beside: dict[str, Any] = {
        "view": on.view,
        "material": on.material,
        "pinned": list(on.pinned),
        "why": on.why,
        "raw": on.raw if on.view == TEXT and on.problems else "",
    }
    if not record_id and may_add_copies():
        beside["copies"] = drafted_of(NewCopiesForm(prefix="copy-"))
    with transaction() as db:
        draft = keep_draft(
            db,
            current_actor(),
            on.marc,
            record_id or None,
            draft_id=on.draft_id,
            version=on.version,
            beside=beside,
        )
        return jsonify(draft=draft.id)


@bp.post("/editor/alike")
@door(EDIT_RECORD)
def alike() -> Any:
    """Answer the records that may be the same as the one being typed, with their copies."""
    on, record_id = _sent()
    with reading() as db:
        same = [] if record_id or on.problems else likely_same(db, on.marc)
        return render_template("editor/_alike.html", same=same)


@bp.post("/editor/open/<int:record_id>")
@door(EDIT_RECORD)
def here(record_id: int) -> Any:
    """Hear that a page is open still (or was left); answer who else has it, and the version now."""
    with transaction() as db:
        record = record_for(db, record_id)
        if "leave" in request.form:
            tell_closed(db, current_actor(), record_id)
            return "", 204
        others = tell_open(db, current_actor(), record_id)
        return jsonify(others=others, version=record.version)


@bp.get("/editor/last.json")
@door(EDIT_RECORD)
def last() -> Any:
    """Answer what the last record had in every box and field, for repeating it by a key."""
    with reading() as db:
        marc = habit_of(db, current_actor()).last
    if marc is None:
        return jsonify(boxes={}, rows=[])
    found = [
        {"tag": one.tag, "marks": one.ind1 + one.ind2, "subs": one.subfields}
        for one in rows(marc)
        if one.line is None and one.text is None
    ]
    return jsonify(boxes=read(marc), rows=found)


@bp.get("/editor/standard.json")
@door(EDIT_RECORD)
def names() -> Any:
    """Answer the names of all fields, indicators and subfields in the page's language."""
    at = 0 if english() else 1
    answer = jsonify({tag: _names(one, at) for tag, one in standard().fields.items()})
    answer.cache_control.max_age, answer.cache_control.private = A_DAY, True
    answer.vary.add("Cookie")
    return answer


def _names(one: Field, at: int) -> dict[str, Any]:
    marks = [{value: names[at] for value, names in ind.lines} for ind in one.indicators or ()]
    return {
        "name": one.name[at],
        "marks": marks,
        "subs": {code: sub.name[at] for code, sub in one.subfields.items()},
        "heading": HEADINGS.get(one.tag, ""),
        "classes": CLASSES.get(one.tag, ""),
    }


@bp.get("/title-code")
@door(EDIT_RECORD)
def code_of_title() -> Any:
    """Answer the mark of a book for the form to suggest: its title's code or its author's mark."""
    title, author = (request.args.get(name, "")[:300] for name in ("title", "author"))
    with reading() as db:
        return {"code": mark_for(db, current_actor().library_id, title, author)}
