"""Finding records elsewhere: the question, the answers side by side, preview, take, merge."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cataloging.imports.matching import first_match, keys_of, stored_matches
from cataloging.imports.wording import repair_sentence
from cataloging.marc.display import isbd, labeled
from cataloging.marc.project import project
from cataloging.marc.standard import standard
from cataloging.marc.text import write, write_field
from cataloging.models import Item, Record
from cataloging.permissions import EDIT_RECORD, UNDO_CHANGES
from cataloging.records import record_for
from cataloging.search import SearchRequest, search
from cataloging.targets import searches
from cataloging.targets.asking import Wanted
from cataloging.targets.fields import groups, joined
from cataloging.targets.folding import fold
from cataloging.targets.forms import SearchForm
from cataloging.targets.models import TargetSearch
from cataloging.targets.permissions import SET_UP_TARGETS
from cataloging.targets.setup import targets_of
from cataloging.targets.words import say_problem
from cataloging.views.base import english, say, show_problem
from ils.core.db import reading, transaction
from ils.core.errors import IlsError, StaleVersion
from ils.web.door import current_actor, door

bp = Blueprint(
    "targets",
    __name__,
    url_prefix="/staff/targets",
    template_folder="templates",
    static_folder="static",
    static_url_path="/static",
)

OWN_SHOWN = 5


@bp.context_processor
def _words() -> dict[str, Any]:
    return {"say_problem": say_problem, "write_field": write_field}


@bp.route("/", methods=["GET", "POST"])
@door(EDIT_RECORD)
def find() -> Any:
    """Ask all active targets at once. Without JavaScript the page waits for the slowest."""
    form = SearchForm()
    status = 200
    if request.method == "GET":
        form.words.data = request.args.get("q", "")[:200]
        form.title.data = request.args.get("title", "")[:200]
        form.record.data = request.args.get("record", "")
    elif not form.validate():
        status = 422
    else:
        wanted = Wanted(form.words.data or "", form.title.data or "", form.author.data or "")
        into = int(form.record.data) if (form.record.data or "").isdecimal() else None
        try:
            with transaction() as session:
                made, asked = searches.begin_search(session, current_actor(), wanted, into)
                to = url_for("targets.results", target_search_id=made.id)
        except IlsError as error:
            status = show_problem(form, error, "words")
        else:
            threads = searches.start_asking(asked, wanted)
            if "script" not in request.form:
                for thread in threads:
                    thread.join(max(place.seconds for _id, place in asked) + 2)
            return redirect(to)
    with reading() as session:
        return render_template(
            "targets/find.html",
            form=form,
            active=targets_of(session, current_actor(), active=True),
            may_set_up=current_actor().can_somewhere(SET_UP_TARGETS),
        ), status


@bp.get("/<int:target_search_id>")
@door(EDIT_RECORD)
def results(target_search_id: int) -> str:
    """Show our own hits first, then what each target gave."""
    with reading() as session:
        made = searches.search_for(session, current_actor(), target_search_id)
        page = "targets/_parts.html" if _is_script() else "targets/results.html"
        form = SearchForm(data={"words": made.words, "title": made.title, "author": made.author})
        form.record.data = str(made.record_id or "")
        return render_template(
            page, made=made, form=form, own=_own(session, made), **_parts(session, made)
        )


def _parts(session: Session, made: TargetSearch) -> dict[str, Any]:
    parts = searches.parts_of(session, made)
    shown: dict[int, dict[str, Any]] = {}
    seen = searches.projected(parts)
    known = stored_matches(session, (key for one in seen.values() for key in keys_of(one)))
    cards: dict[int, Any] = {found.id: found.marc for part in parts for found in part.found}
    for number, also in fold(searches.given_by(parts, seen)).items():
        one = seen[number]
        here = first_match(keys_of(one), known, one)
        shown[number] = {"seen": one, "card": isbd(cards[number]), "here": here, "also": also}
    return {"parts": parts, "shown": shown, "waits": any(part.waits for part in parts)}


def _own(session: Session, made: TargetSearch) -> list[tuple[Record, int]]:
    words = " ".join(filter(None, (made.words, made.title, made.author)))
    found = search(session, SearchRequest(words, page_size=OWN_SHOWN, hidden=True))
    if found.correction is not None or not found.ids:
        return []
    rows = {r.id: r for r in session.scalars(select(Record).where(Record.id.in_(found.ids)))}
    copies = dict(
        session.execute(
            select(Item.record_id, func.count())
            .where(Item.record_id.in_(found.ids), Item.lifecycle != "withdrawn")
            .group_by(Item.record_id)
        ).all()
    )
    return [(rows[i], copies.get(i, 0)) for i in found.ids if i in rows]


@bp.get("/found/<int:found_id>")
@door(EDIT_RECORD)
def preview(found_id: int) -> str:
    """Show a record found, as it would be taken, with its repairs and what is left out."""
    with reading() as session:
        seen = searches.found_for(session, current_actor(), found_id)
        one = project(seen.ready.marc)
        here = first_match(keys_of(one), stored_matches(session, keys_of(one)), one)
        return render_template(
            "targets/preview.html",
            one=seen,
            title=one.title,
            card=isbd(seen.ready.marc),
            fields=labeled(seen.ready.marc, english=english()),
            lines=write(seen.ready.marc),
            repairs=[repair_sentence(r) for r in seen.found.repairs],
            here=record_for(session, here.record_id) if here else None,
        )


@bp.post("/found/<int:found_id>/take")
@door(EDIT_RECORD)
def take(found_id: int) -> Any:
    """Open a record found in the editor; nothing is saved before the cataloger saves it."""
    with transaction() as session:
        draft = searches.take(session, current_actor(), found_id, whole="whole" in request.form)
        return redirect(url_for("editor.new", draft=draft.id))


@bp.route("/found/<int:found_id>/merge/<int:record_id>", methods=["GET", "POST"])
@door(EDIT_RECORD)
def merge(found_id: int, record_id: int) -> Any:
    """Lay a record found beside one of ours, choose field by field, look, save as a version."""
    chosen = {k[2:]: v for k, v in request.form.items() if k.startswith("f.")}
    if request.method == "POST" and request.form.get("act") == "save":
        version = request.form.get("version", type=int) or 0
        why = request.form.get("why", "")[:300]
        try:
            with transaction() as session:
                _saved, made_in = searches.merge_into(
                    *(session, current_actor(), found_id, record_id, chosen),
                    expected_version=version,
                    why=why,
                )
        except StaleVersion as error:
            flash(say(error), "bad")
            return _merge_page(found_id, record_id, chosen), 409
        flash(_("The record was saved."), "ok")
        if current_actor().can_somewhere(UNDO_CHANGES):
            return redirect(url_for("cataloging.change_set", change_set_id=made_in.id))
        return redirect(url_for("cataloging.show", record_id=record_id))
    return _merge_page(found_id, record_id, chosen)


def _merge_page(found_id: int, record_id: int, chosen: dict[str, str]) -> str:
    with reading() as session:
        actor = current_actor()
        seen = searches.found_for(session, actor, found_id)
        record = record_for(session, record_id)
        protected = searches.protected_fields(session, actor)
        ours: Any = record.marc
        at = 0 if english() else 1
        return render_template(
            "targets/merge.html",
            one=seen,
            record=record,
            groups=groups(ours, seen.ready.marc, protected),
            chosen=chosen,
            names={tag: field.name[at] for tag, field in standard().fields.items()},
            after=write(joined(ours, seen.ready.marc, chosen, protected)),
            previewed=request.method == "POST",
        )


def _is_script() -> bool:
    return request.headers.get("X-Requested-With") == "fetch"
