"""Pages of duplicates: found, judged, side by side, merged."""

from collections.abc import Collection, Sequence
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cataloging.duplicates import finding, judging, merging
from cataloging.duplicates.merged import where_all_now
from cataloging.duplicates.rules.choosing import made_of, rows_of
from cataloging.duplicates.rules.likeness import likeness
from cataloging.duplicates.words import CERTAINTIES, say_rows, say_why
from cataloging.marc.model import Marc
from cataloging.marc.standard import standard
from cataloging.models import Item, Record
from cataloging.permissions import DELETE_RECORD, EDIT_RECORD
from cataloging.records import record_for
from cataloging.search import SearchRequest, search
from cataloging.serials.words import say_pattern
from cataloging.views.base import english, say, staff_names
from cataloging.views.words import material_name, say_finding
from ils.core.db import reading, transaction
from ils.core.errors import IlsError, Invalid, Refused, StaleVersion
from ils.org.units import unit_names
from ils.printing import xlsx
from ils.web.door import current_actor, door
from ils.web.downloads import XLSX, as_file
from ils.web.pages import Page, page_number

bp = Blueprint(
    "duplicates",
    __name__,
    url_prefix="/staff/duplicates",
    template_folder="templates",
    static_folder="static",
    static_url_path="/static",
)
PAGE = 20
JUDGED_PAGE = 50
EXPORTED_AT_MOST = 5000


@bp.get("/")
@door(EDIT_RECORD)
def listed() -> str:
    """List the likely duplicates, by certainty."""
    actor = current_actor()
    mine = actor.library_id if request.args.get("mine") == "1" else None
    certainty = request.args.get("certainty", type=int)
    certainty = certainty if certainty in CERTAINTIES else None
    with reading() as session:
        counts = judging.counts(session, mine)
        total = counts.get(certainty, 0) if certainty else sum(counts.values())
        page = Page(page_number(request.args.get("page")), PAGE, total)
        groups = judging.open_groups(
            session,
            certainty=certainty,
            library_id=mine,
            by_title=request.args.get("sort") == "title",
            limit=PAGE,
            offset=page.offset,
        )
        run = finding.latest_run(session)
        return render_template(
            "cataloging/duplicates/list.html",
            groups=groups,
            page=page,
            counts=counts,
            certainty=certainty,
            certainties=CERTAINTIES,
            mine=mine is not None,
            my_library=actor.library_id,
            copies=_copies(session, [r.id for g in groups for r in g.records]),
            run=run,
            job=finding.job_of(session, run),
            at_work=run is not None and finding.is_at_work(session, run),
            stopped=run is not None and finding.has_been_stopped(session, run),
            say_why=say_why,
            material_name=material_name,
            most=judging.MOST_AT_ONCE,
        )


@bp.post("/")
@door(EDIT_RECORD)
def look_over() -> Any:
    """Begin a look over the catalogue, go on with one, or stop it."""
    try:
        with transaction() as session:
            if request.form.get("act") == "stop":
                finding.stop(session, current_actor())
            else:
                finding.begin(session, current_actor())
    except IlsError as error:
        flash(say(error), "bad")
    return redirect(url_for("duplicates.listed"))


def _copies(session: Session, ids: Collection[int]) -> dict[int, int]:
    live = select(Item.record_id, func.count()).where(
        Item.record_id.in_(ids), Item.lifecycle != "withdrawn"
    )
    return dict(session.execute(live.group_by(Item.record_id)).all())


@bp.get("/duplicates.xlsx")
@door(EDIT_RECORD)
def sheet() -> Response:
    """Send the list as a spreadsheet, a line for each record."""
    actor = current_actor()
    mine = actor.library_id if request.args.get("mine") == "1" else None
    certainty = request.args.get("certainty", type=int)
    with reading() as session:
        groups = judging.open_groups(
            session,
            certainty=certainty if certainty in CERTAINTIES else None,
            library_id=mine,
            limit=EXPORTED_AT_MOST,
        )
        copies = _copies(session, [r.id for g in groups[:500] for r in g.records])
    headers = [
        *(_("Group"), _("How certain"), _("Why"), _("Record"), _("Title"), _("Author")),
        *(_("Publisher"), _("Year"), _("ISBN"), _("Copies in all")),
    ]
    lines = [
        [
            *(n, str(CERTAINTIES[g.certainty][1]), "; ".join(say_why(w) for w in g.whys), r.id),
            *(r.title, r.author, r.publisher, r.year, r.isbn, copies.get(r.id, 0)),
        ]
        for n, g in enumerate(groups, 1)
        for r in g.records
    ]
    return as_file(xlsx([(_("Duplicates"), headers, lines)]), "trung-lap.xlsx", XLSX)


@bp.get("/judged")
@door(EDIT_RECORD)
def judged() -> str:
    """List the pairs that somebody found to be two titles."""
    number = page_number(request.args.get("page"))
    with reading() as session:
        total, rows = judging.judged(session, JUDGED_PAGE, (number - 1) * JUDGED_PAGE)
        return render_template(
            "cataloging/duplicates/judged.html",
            page=Page(number, JUDGED_PAGE, total),
            rows=rows,
            people=staff_names(session, {pair.judged_by for pair, _low, _high in rows}),
        )


@bp.post("/judge")
@door(EDIT_RECORD)
def judge() -> Any:
    """Write down that records are titles of their own, or take that back."""
    ids = _asked(request.form.getlist("record"))
    actor = current_actor()
    try:
        with transaction() as session:
            if request.form.get("act") == "again" and len(ids) == 2:
                judging.judge_again(session, actor, min(ids), max(ids))
                flash(_("The pair is looked at again."), "ok")
                return redirect(url_for("duplicates.judged"))
            judging.not_the_same(session, actor, ids)
    except IlsError as error:
        flash(say(error), "bad")
        return redirect(url_for("duplicates.listed"))
    flash(_("They stay titles of their own; no later look shows them again."), "ok")
    back: dict[str, Any] = {
        name: v for name in ("certainty", "mine", "page") if (v := request.form.get(name))
    }
    return redirect(url_for("duplicates.listed", **back))


def _asked(sent: Sequence[str]) -> list[int]:
    return list(dict.fromkeys(int(one) for one in sent if one.isdecimal() and len(one) < 10))


@bp.get("/with/<int:record_id>")
@door(EDIT_RECORD)
def beside(record_id: int) -> Any:
    """Show which records one may be merged with: alike ones, and those a search finds."""
    words = request.args.get("q", "").strip()[:200]
    with reading() as session:
        record = record_for(session, record_id)
        alike = judging.alike_to(session, record_id)
        found = _found(session, words) if words else []
        rows = [r for r in found if r.id != record_id and r.deleted_at is None]
        return render_template(
            "cataloging/duplicates/with.html",
            record=record,
            alike=alike,
            words=words,
            rows=rows,
            copies=_copies(session, [*(r.id for r, _c, _w in alike), *(r.id for r in rows)]),
            certainties=CERTAINTIES,
            say_why=say_why,
            material_name=material_name,
        )


def _found(session: Session, words: str) -> list[Record]:
    """Return the records that words, a number of a copy or ``#`` and a record's number lead to."""
    number = words.removeprefix("#")
    if words.startswith("#") and number.isdecimal() and len(number) < 10:
        one = session.get(Record, int(number))
        return [one] if one is not None else []
    ids = search(session, SearchRequest(words, page_size=20, hidden=True)).ids
    there = {r.id: r for r in session.scalars(select(Record).where(Record.id.in_(ids)))}
    return [there[one] for one in ids if one in there]


# --- side by side, and merged --------------------------------------------------------------------


@bp.get("/compare")
@door(EDIT_RECORD)
def compare() -> Any:
    """Show records side by side, the first as the one that stays, with what a merge would do."""
    ids = _asked(request.args.getlist("record"))
    if not ids:
        return redirect(url_for("duplicates.listed"))
    if len(ids) == 1:
        return redirect(url_for("duplicates.beside", record_id=ids[0]))
    with reading() as session:
        now = where_all_now(session, ids)
        standing = list(dict.fromkeys(now.get(one, one) for one in ids))
        if len(standing) < 2:
            flash(_("These records are one already."), "info")
            return redirect(url_for("cataloging.show", record_id=standing[0]))
        if len(standing) > judging.MOST_AT_ONCE:
            raise Invalid("merge_how_many", most=judging.MOST_AT_ONCE)
        return _side_by_side(session, standing, None)


def _side_by_side(
    session: Session,
    ids: Sequence[int],
    chosen: Collection[str] | None,
    problem: str = "",
    serials: Collection[int] = (),
) -> str:
    records = [record_for(session, one) for one in ids]
    marcs: list[Marc] = [r.marc for r in records]  # type: ignore[misc]
    facts = finding.read_facts(session, ids)
    alike = {one: likeness(facts[ids[0]], facts[one]) for one in ids[1:]}
    rows = rows_of(marcs, chosen)
    coming = merging.look(session, ids[0], ids[1:])
    known = standard().fields
    at = 0 if english() else 1
    return render_template(
        "cataloging/duplicates/compare.html",
        records=records,
        alike=alike,
        differing=[row for row in rows if not row.same],
        same=[row for row in rows if row.same],
        names={row.tag: known[row.tag].name[at] if row.tag in known else "" for row in rows},
        coming=coming,
        serials=serials,
        say_pattern=say_pattern,
        say_rows=say_rows,
        say_why=say_why,
        certainties=CERTAINTIES,
        copies=_copies(session, ids),
        people=staff_names(session, set(coming.drafts)),
        units=unit_names(session),
        problem=problem,
        may_merge=current_actor().can_somewhere(DELETE_RECORD),
        material_name=material_name,
    )


@bp.post("/compare")
@door(DELETE_RECORD)
def merge() -> Any:
    """Make the records one, with the fields chosen; the first stays."""
    sent = request.form
    ids = _asked(sent.getlist("record"))
    if len(ids) < 2:
        abort(400)
    chosen = {*sent.getlist("field")}
    chosen |= {value for name, value in sent.items() if name.startswith("once.")}
    versions = {one: sent.get(f"version.{one}", 0, type=int) for one in ids}
    going = [v for name, v in sent.items() if name.startswith("serial.") and v.isdecimal()]
    serials = {int(one) for one in going if len(one) < 10}
    try:
        with transaction() as session:
            marcs: list[Marc] = [record_for(session, one).marc for one in ids]  # type: ignore[misc]
            made = merging.merge_records(
                session,
                current_actor(),
                ids[0],
                ids[1:],
                made_of(marcs, chosen),
                versions=versions,
                serials=serials,
            )
            change_set_id = made.id
    except (StaleVersion, Invalid, Refused) as error:
        return _once_more(ids, chosen, error, serials)
    flash(
        _(
            "The records are one now. Copies, holds and all that pointed at the others came along;"
            " it can be undone as change %(number)s.",
            number=change_set_id,
        ),
        "ok",
    )
    return redirect(url_for("cataloging.show", record_id=ids[0]))


def _once_more(
    ids: Sequence[int], chosen: Collection[str], error: IlsError, serials: Collection[int]
) -> Any:
    """Show the page again with what was chosen, and why nothing was done."""
    problem = say(error)
    if findings := error.facts.get("findings"):
        problem += " " + " ".join(say_finding(one) for one in findings[:3])
    if isinstance(error, StaleVersion):
        problem = _(
            "Somebody changed one of these records meanwhile. It is shown as it is now; nothing was"
            " merged. Please look at it again."
        )
    with reading() as session:
        return _side_by_side(session, ids, chosen, problem, serials), error.status
