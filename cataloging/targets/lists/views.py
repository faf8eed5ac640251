"""Pages of the lists of ISBNs: begun, followed, chosen from, taken, handed out as a spreadsheet."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cataloging.change_sets import change_set_for
from cataloging.marc.display import isbd, labeled
from cataloging.permissions import EDIT_RECORD, UNDO_CHANGES
from cataloging.targets import searches
from cataloging.targets.folding import fold
from cataloging.targets.lists import runs, settled, taking
from cataloging.targets.lists.forms import ListForm, ShortForm
from cataloging.targets.lists.lines import Line, read_text
from cataloging.targets.lists.words import REASONS, STATES
from cataloging.targets.models import IsbnLine, IsbnList, Target, TargetSearch
from cataloging.targets.setup import targets_of
from cataloging.targets.views import bp
from cataloging.views.base import english, show_problem
from ils.core.db import reading, transaction
from ils.core.errors import IlsError, Invalid, Refused
from ils.core.jobs import Job
from ils.printing.spreadsheet import Sheet, xlsx
from ils.web.door import current_actor, door
from ils.web.downloads import XLSX, as_file
from ils.web.errors import sentence_for
from ils.web.i18n import number
from ils.web.pages import Page, page_number

PAGE = 50
LISTS = 20
SIDE_BY_SIDE = 6
_NOT_COMPARED = ("LDR", "001", "003", "005", "006", "007", "008")


@bp.route("/lists", methods=["GET", "POST"])
@door(EDIT_RECORD)
def lists() -> Any:
    """List one's own lists, and begin one from what was pasted, scanned or sent as a file."""
    actor, form, status = current_actor(), ListForm(), 200
    with reading() as session:
        offered = targets_of(session, actor, active=True)
    form.targets.choices = [(one.id, one.name) for one in offered]
    if request.method == "GET":
        form.targets.data = [one.id for one in offered]
    elif not form.validate():
        status = 422
    else:
        try:
            lines = _lines(form)
            with transaction() as session:
                made = runs.begin_list(
                    *(session, actor, lines, form.targets.data), name=form.name.data or ""
                )
                return redirect(url_for("targets.isbn_list", isbn_list_id=made.id))
        except IlsError as error:
            status = show_problem(form, error, "isbns")
    with reading() as session:
        query = runs.lists_of(actor)
        total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
        page = Page(page_number(request.args.get("page")), LISTS, total)
        rows = session.scalars(query.limit(LISTS).offset(page.offset)).all()
        counted = [(one, runs.counts_of(session, one.id)) for one in rows]
        shown = {"form": form, "rows": counted, "page": page, "states": STATES}
        return render_template("targets/lists.html", **shown), status


def _lines(form: ListForm) -> list[Line]:
    sent = request.files.get("file")
    content = sent.read() if sent and sent.filename else b""
    return runs.read_file(content) if content else read_text(form.isbns.data or "")


@bp.get("/lists/<int:isbn_list_id>")
@door(EDIT_RECORD)
def isbn_list(isbn_list_id: int) -> str:
    """Show a list: how far it is, and its lines by what became of them."""
    actor = current_actor()
    _look_again(isbn_list_id)
    with reading() as session:
        found = runs.list_for(session, actor, isbn_list_id)
        counts = runs.counts_of(session, found.id)
        state = request.args.get("state", "")
        if state not in STATES:
            state = next((one for one in STATES if counts[one]), "one")
        page = Page(page_number(request.args.get("page")), PAGE, counts[state])
        query = runs.lines_of(found, state).limit(PAGE).offset(page.offset)
        rows: Sequence[IsbnLine] = session.scalars(query).all()
        made_in = change_set_for(session, found.change_set_id) if found.change_set_id else None
        return render_template(
            "targets/list.html",
            **_told(session, found),
            found=found,
            counts=counts,
            state=state,
            page=page,
            rows=rows,
            states=STATES,
            reasons=REASONS,
            given_up=_given_up(session, found),
            stopped=runs.has_been_stopped(session, found),
            change_set=made_in,
            may_undo=actor.can_somewhere(UNDO_CHANGES),
        )


def _told(session: Session, found: IsbnList) -> dict[str, Any]:
    job = session.get(Job, found.job_id) if found.job_id else None
    busy = runs.is_at_work(session, found)
    done, total = (job.done, job.total) if job else (0, 0)
    text = _("%(done)s of %(total)s ISBNs", done=number(done), total=number(total)) if total else ""
    return {"busy": busy, "done": done, "total": total, "text": text or _("It begins soon.")}


def _given_up(session: Session, found: IsbnList) -> list[tuple[str, str, str]]:
    """Return name, reason and detail of each target that is asked no more."""
    lost = {
        int(one): past
        for one, past in found.lost.items()
        if runs.is_lost(past["in_a_row"], past["code"])
    }
    rows = session.scalars(select(Target).where(Target.id.in_(lost)).order_by(Target.order))
    return [(one.name, lost[one.id]["code"], lost[one.id]["detail"]) for one in rows]


@bp.get("/lists/<int:isbn_list_id>/progress")
@door(EDIT_RECORD)
def isbn_list_progress(isbn_list_id: int) -> Any:
    """Answer how far a list is."""
    with reading() as session:
        told = _told(session, runs.list_for(session, current_actor(), isbn_list_id))
        return jsonify({**told, "state": "busy" if told["busy"] else "over"})


@bp.get("/lists/<int:isbn_list_id>/lines.xlsx")
@door(EDIT_RECORD)
def isbn_list_sheet(isbn_list_id: int) -> Any:
    """Hand out the lines of one state, or all, as a spreadsheet."""
    with reading() as session:
        found = runs.list_for(session, current_actor(), isbn_list_id)
        state = request.args.get("state", "")
        lines = session.scalars(runs.lines_of(found, state if state in STATES else "")).all()
        rows = [
            [
                *(one.number, one.typed, one.isbn, one.title, str(STATES[one.state])),
                str(REASONS.get(one.reason, "")),
            ]
            for one in lines
        ]
    heads = [_("Line"), _("As typed"), "ISBN", _("Title"), _("Result"), _("Remark")]
    content = xlsx([Sheet("ISBN", heads, rows, heading=[found.name], wide=(3, 5))])
    return as_file(content, f"ISBN {found.name.replace('/', '-')}.xlsx", XLSX)


@bp.post("/lists/<int:isbn_list_id>/act")
@door(EDIT_RECORD)
def act_on_list(isbn_list_id: int) -> Any:
    """Take what was found, ask again, stop, or forget the list."""
    actor = current_actor()
    try:
        with transaction() as session:
            runs.list_for(session, actor, isbn_list_id)
            match request.form.get("act"):
                case "take":
                    taking.begin_taking(session, actor, isbn_list_id)
                case "again":
                    runs.ask_again(session, actor, isbn_list_id)
                case "stop":
                    runs.stop(session, actor, isbn_list_id)
                case "forget":
                    runs.forget(session, actor, isbn_list_id)
                    return redirect(url_for("targets.lists"))
    except Refused as error:
        flash(sentence_for(error), "bad")
    return redirect(url_for("targets.isbn_list", isbn_list_id=isbn_list_id))


@bp.route("/lists/lines/<int:isbn_line_id>", methods=["GET", "POST"])
@door(EDIT_RECORD)
def isbn_line(isbn_line_id: int) -> Any:
    """Choose among the records found for a line, or describe the book in short; then the next."""
    form, status, actor = ShortForm(), 200, current_actor()
    if request.method == "POST" and form.validate():
        act = request.form.get("act", "")
        values = {name: form[name].data or "" for name in taking.SHORT}
        try:
            with transaction() as session:
                if act == "editor":
                    draft = taking.open_in_editor(session, actor, isbn_line_id, values)
                    return redirect(url_for("editor.new", draft=draft.id))
                found, line = runs.line_for(session, actor, isbn_line_id)
                before = line.state
                if act == "short":
                    taking.describe(session, actor, isbn_line_id, values)
                elif act == "none" or act.isdecimal():
                    chosen = int(act) if act != "none" else None
                    taking.choose(session, actor, isbn_line_id, chosen)
                after = runs.next_line(session, found, line, before)
                to = (found.id, before, after.id if after else None)
            return _go_on(*to)
        except Invalid as error:
            status = show_problem(form, error, "title")
        except Refused as error:
            flash(sentence_for(error), "bad")
    elif request.method == "POST":
        status = 422
    return _line_page(isbn_line_id, form), status


def _go_on(list_id: int, state: str, next_id: int | None) -> Any:
    if next_id is not None and state in ("several", "none"):
        return redirect(url_for("targets.isbn_line", isbn_line_id=next_id))
    return redirect(url_for("targets.isbn_list", isbn_list_id=list_id))


def _look_again(isbn_list_id: int) -> None:
    """Note what the catalogue got or lost since the list was looked at."""
    with reading() as session:
        is_behind = runs.is_behind(session, runs.list_for(session, current_actor(), isbn_list_id))
    if is_behind:
        with suppress(Refused), transaction() as session:
            runs.bring_up_to_date(session, current_actor(), isbn_list_id)


def _line_page(isbn_line_id: int, form: ShortForm) -> str:
    with reading() as session:
        found, line = runs.line_for(session, current_actor(), isbn_line_id)
    _look_again(found.id)
    with reading() as session:
        found, line = runs.line_for(session, current_actor(), isbn_line_id)
        search = session.get(TargetSearch, line.search_id) if line.search_id else None
        parts = searches.parts_of(session, search) if search else []
        seen = searches.projected(parts)
        different = fold(searches.given_by(parts, seen))
        marcs: dict[int, Any] = {one.id: one.marc for part in parts for one in part.found}
        names = {one.id: part.target.name for part in parts for one in part.found}
        shown = list(different)[:SIDE_BY_SIDE]
        after = runs.next_line(session, found, line, line.state)
        return render_template(
            "targets/line.html",
            found=found,
            line=line,
            form=form,
            search=search,
            busy=runs.is_at_work(session, found),
            is_open=line.state in settled.OPEN,
            candidates=[
                {
                    "id": one,
                    "name": names[one],
                    "card": isbd(marcs[one]),
                    "has_isbn": line.isbn in seen[one].isbns,
                    "also": [name for name, _id in different[one]],
                    "chosen": one == line.found_id,
                }
                for one in shown
            ],
            others=len(different) - len(shown),
            compared=_compared([marcs[one] for one in shown]),
            silent=[p for p in parts if p.answer.state != "answered"],
            after=after,
            states=STATES,
            reasons=REASONS,
        )


def _compared(marcs: list[Any]) -> list[tuple[str, str, list[list[str]], bool]]:
    """Lay records side by side: tag, label, what each says, and whether all say the same."""
    rows: dict[str, tuple[str, list[list[str]]]] = {}
    for place, marc in enumerate(marcs):
        for one in labeled(marc, english=english()):
            if one.tag not in _NOT_COMPARED:
                _label, cells = rows.setdefault(one.tag, (one.label, [[] for _m in marcs]))
                cells[place].append(one.text)
    return [
        (tag, label, cells, all(cell == cells[0] for cell in cells))
        for tag, (label, cells) in sorted(rows.items())
    ]
