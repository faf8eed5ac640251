"""Pages of quality: the dashboard, the tray, the records with a fault, mending many."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cataloging.baskets.contents import add_records, baskets_of, open_basket
from cataloging.marc.validate import validate
from cataloging.models import ImportRun, Record, RecordVersion
from cataloging.permissions import EDIT_RECORD, UNDO_CHANGES
from cataloging.quality import counting, repairs
from cataloging.quality.models import RecordFault
from cataloging.quality.rules import Fault, faults
from cataloging.views.base import english, say, staff_names
from cataloging.views.words import say_finding
from ils.core.db import reading, transaction
from ils.core.errors import IlsError
from ils.core.jobs import Job
from ils.org.models import OrgUnit
from ils.org.units import libraries, province, unit_names
from ils.printing import xlsx
from ils.web.door import current_actor, door
from ils.web.downloads import XLSX, as_file
from ils.web.pages import Page, page_number

bp = Blueprint(
    "quality",
    __name__,
    url_prefix="/staff/quality",
    template_folder="templates",
    static_folder="static",
    static_url_path="/static",
)
PAGE = 50
RULED = ("marc_error", "marc_warning")  # faults whose word names a field and a rule
SORTS = {
    "title": (Record.title_sort, Record.id),
    "-title": (Record.title_sort.desc(), Record.id),
    "-added": (Record.id.desc(),),
    "added": (Record.id,),
}


@dataclass(frozen=True)
class Scope:
    """Whose records a page is about; ``library_id`` is None for the whole province."""

    library_id: int | None
    choices: list[tuple[int, str]]


def _scope(session: Session) -> Scope:
    """Return the library asked for, of those whose records the actor may change."""
    actor = current_actor()
    names = unit_names(session)
    mine: list[OrgUnit] = [one for one in libraries(session) if actor.can(EDIT_RECORD, one)]
    choices = [(one.id, names.get(one.id, one.code)) for one in mine]
    whole = actor.can(EDIT_RECORD, province(session))
    if whole:
        choices.insert(0, (0, _("The whole province")))
    given = request.values.get("library", type=int)
    wanted = given if given is not None else actor.library_id or 0
    if wanted not in [code for code, _name in choices]:
        if given is not None or not choices:
            abort(404)
        wanted = choices[0][0]
    return Scope(wanted or None, choices)


def _fault(code: str) -> Fault:
    if code not in faults():
        abort(404)
    return faults()[code]


def _at() -> int:
    return 0 if english() else 1


@bp.get("/")
@door(EDIT_RECORD)
def dashboard() -> str:
    """Show how many of each fault a library has, how it goes by month, and every library's state."""
    with reading() as session:
        scope = _scope(session)
        found = counting.how_many(session, scope.library_id)
        whole = scope.library_id is None
        return render_template(
            "cataloging/quality/dashboard.html",
            scope=scope,
            state=counting.state_of(session, scope.library_id),
            rows=[(one, found.get(one.code, 0)) for one in faults().values()],
            most=max(found.values(), default=1),
            trend=counting.trend(session, scope.library_id),
            of_libraries=counting.by_library(session) if whole else [],
            names=unit_names(session),
            at=_at(),
        )


@bp.get("/tray")
@door(EDIT_RECORD)
def tray() -> str:
    """Show the ten small repairs of the morning."""
    with reading() as session:
        scope = _scope(session)
        rows = repairs.tray(session, current_actor(), scope.library_id)
        counts = counting.how_many(session, scope.library_id)
        return render_template(
            "cataloging/quality/tray.html",
            scope=scope,
            rows=rows,
            faults=faults(),
            # For which of them all like it may be mended at once, and how many those are.
            like_it={one: n for one, n in counts.items() if one in repairs.FOR_MANY and n > 1},
            at=_at(),
        )


@bp.post("/mend")
@door(EDIT_RECORD)
def mend() -> Any:
    """Mend one fault of one record, or leave it as it is."""
    sent = request.form
    record_id, code = sent.get("record", type=int, default=0), sent.get("code", "")
    try:
        with transaction() as session:
            scope = _scope(session)
            if sent.get("act") == "leave":
                repairs.leave(session, current_actor(), record_id, code)
                flash(_("Left as it is; it is not told again."), "ok")
            else:
                record = repairs.mend(
                    session,
                    current_actor(),
                    record_id,
                    code,
                    version=sent.get("version", type=int, default=0),
                    typed=sent.get("typed", ""),
                    library_id=scope.library_id,
                )
                flash(_("Mended: %(title)s", title=record.title), "ok")
    except IlsError as error:
        flash(say(error), "bad")
    return redirect(url_for("quality.tray", library=sent.get("library", type=int)))


def _listed(scope: Scope, code: str) -> Any:
    """Return the records with a fault, narrowed to who made them or the import they came by."""
    query = (
        counting.faulty(scope.library_id, code)
        .with_only_columns(Record, RecordFault.word)
        .join(Record, Record.id == RecordFault.record_id)
    )
    if (by := request.args.get("by", type=int)) is not None:
        query = query.where(Record.created_by == by if by else Record.created_by.is_(None))
    if word := request.args.get("word"):
        query = query.where(RecordFault.word == word)
    if run := request.args.get("run", type=int):
        made = (
            select(RecordVersion.record_id)
            .join(ImportRun, ImportRun.change_set_id == RecordVersion.change_set_id)
            .where(ImportRun.id == run, RecordVersion.version == 1)
        )
        query = query.where(Record.id.in_(made))
    sort = SORTS.get(request.args.get("sort", ""), SORTS["title"])
    return query.order_by(*sort)


@bp.get("/faults/<code>")
@door(EDIT_RECORD)
def fault(code: str) -> str:
    """List the records with a fault."""
    one = _fault(code)
    with reading() as session:
        scope = _scope(session)
        query = _listed(scope, code)
        total = session.scalar(select(func.count()).select_from(_ids(query).subquery())) or 0
        page = Page(page_number(request.args.get("page")), PAGE, total)
        makers = counting.by_staff(session, scope.library_id, code)
        words = counting.by_word(session, scope.library_id, code) if code in RULED else []
        rows = session.execute(query.limit(PAGE).offset(page.offset)).all()
        return render_template(
            "cataloging/quality/fault.html",
            scope=scope,
            fault=one,
            page=page,
            rows=[(record, _said(record, code, word)) for record, word in rows],
            words=[
                (word, n, _said(session.get_one(Record, one), code, word)) for word, n, one in words
            ],
            makers=makers,
            people=staff_names(session, {who for who, _n in makers}),
            runs=counting.by_import(session, scope.library_id, code),
            many=code in repairs.FOR_MANY,
            baskets=[b.name for b, *_n in baskets_of(session, current_actor())],
            at=_at(),
        )


def _ids(query: Any) -> Any:
    return query.with_only_columns(Record.id).order_by(None)


def _said(record: Record, code: str, word: str) -> str:
    """Say what stands there: of a breach of MARC the sentence of the rule that was noted."""
    if code not in RULED:
        return word
    found = next((f for f in validate(record.marc) if f"{f.tag} {f.rule}" == word), None)  # type: ignore[arg-type]
    return f"{found.tag}: {say_finding(found)}" if found else word


@bp.post("/faults/<code>/basket")
@door(EDIT_RECORD)
def to_basket(code: str) -> Any:
    """Put all records with a fault, as they are narrowed, into a basket: to change many at once."""
    _fault(code)
    with transaction() as session:
        actor = current_actor()
        basket = open_basket(session, actor, request.form.get("basket", ""))
        ids = session.scalars(_ids(_listed(_scope(session), code))).all()
        count = add_records(session, actor, basket.id, ids)
        address = url_for("baskets.show", basket_id=basket.id)
    flash(ngettext("%(num)s record was put in.", "%(num)s records were put in.", count), "ok")
    return redirect(address)


@bp.get("/faults/<code>.xlsx")
@door(EDIT_RECORD)
def fault_sheet(code: str) -> Response:
    """Send the records with a fault as a spreadsheet."""
    one = _fault(code)
    with reading() as session:
        rows = [
            [f"#{record.id}", record.title, record.author, record.year, _said(record, code, word)]
            for record, word in session.execute(_listed(_scope(session), code))
        ]
    headers = [_("Record"), _("Title"), _("Author"), _("Year"), _("What stands there")]
    book = xlsx([(one.name[_at()][:30], headers, rows)])
    return as_file(book, f"{one.name[_at()]}.xlsx", XLSX)


@bp.route("/faults/<code>/all", methods=["GET", "POST"])
@door(EDIT_RECORD)
def many(code: str) -> Any:
    """Show what mending a fault over all records would do; begin it; show how far it is."""
    one = _fault(code)
    actor = current_actor()
    if code not in repairs.FOR_MANY:
        abort(404)
    if request.method == "POST":
        try:
            with transaction() as session:
                scope = _scope(session)
                job = repairs.begin_many(session, actor, code, scope.library_id)
                job_id = job.id
        except IlsError as error:
            flash(say(error), "bad")
            return redirect(url_for("quality.dashboard"))
        return redirect(
            url_for("quality.many", code=code, library=scope.library_id or 0, job=job_id)
        )
    with reading() as session:
        scope = _scope(session)
        begun = request.args.get("job", type=int)
        found = session.get(Job, begun) if begun else None
        if found is not None and (found.kind, found.created_by) != (repairs.KIND, actor.staff_id):
            abort(404)
        return render_template(
            "cataloging/quality/many.html",
            scope=scope,
            fault=one,
            count=counting.how_many(session, scope.library_id).get(code, 0),
            rows=repairs.first_of_many(session, actor, code, scope.library_id),
            job=found,
            may_undo=actor.can_somewhere(UNDO_CHANGES),
            at=_at(),
        )
