"""Points in the browser, and what staff type or scan of the figures a point returns."""

from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from circulation.rotation import boxes as use
from circulation.rotation import figures, lists, words
from circulation.rotation.boxes import MANAGE
from circulation.rotation.views.views import seen
from ils.core.db import reading, transaction
from ils.core.errors import IlsError, Invalid, NotFound
from ils.org.models import OrgUnit
from ils.org.units import branches_of, unit_names
from ils.web.door import current_actor, door
from ils.web.errors import sentence_for

bp = Blueprint("rotation_points", __name__, url_prefix="/staff/rotation")


@bp.get("/points")
@door(MANAGE)
def points() -> str:
    """Show the points of the library worked at."""
    with reading() as session:
        rows = lists.points_with_boxes(session, current_actor().library_id or 0)
        return render_template(
            "rotation/points.html", rows=rows, kinds=words.KINDS, names=unit_names(session)
        )


@bp.route("/points/new", methods=["GET", "POST"])
@door(MANAGE)
def new_point() -> Any:
    """Add a point."""
    return _point_page(None)


@bp.route("/points/<int:point_id>", methods=["GET", "POST"])
@door(MANAGE)
def point(point_id: int) -> Any:
    """Change a point, and see what it has had."""
    return _point_page(point_id)


def _point_page(point_id: int | None) -> Any:
    actor, problem, status = current_actor(), "", 200
    if request.method == "POST":
        try:
            with transaction() as session:
                use.write_point(session, actor, _facts(), point_id)
            flash(_("Saved."), "ok")
            return redirect(url_for("rotation_points.points"))
        except NotFound:
            raise
        except IlsError as error:
            problem, status = sentence_for(error), error.status
    with reading() as session:
        known = use.point_for(session, actor, point_id) if point_id else None
        library_id = actor.library_id or 0
        wanted = lists.Asked(library_id, "all", point_id)
        page = render_template(
            "rotation/point.html",
            point=known,
            kinds=list(words.KINDS.items()),
            branches=_branches(session),
            boxes=lists.boxes_of(session, wanted, limit=20) if known else [],
            typed=request.form if request.method == "POST" else known,
            active=request.form.get("active") == "1" if problem else (not known or known.active),
            states=words.STATES,
            problem=problem,
        )
    return page, status


def _branches(session: Session) -> list[tuple[Any, str]]:
    """Every branch of the province: boxes go to other libraries, too."""
    names = unit_names(session)
    libraries = session.query(OrgUnit).filter(OrgUnit.kind == "library").all()
    found = [
        (branch.id, f"{names.get(branch.id, branch.code)} ({names.get(library.id, library.code)})")
        for library in libraries
        for branch in branches_of(session, library.id)
    ]
    return [("", "–"), *sorted(found, key=lambda pair: pair[1])]


def _facts() -> use.PointFacts:
    form = request.form
    kind = form.get("kind", "other")
    return use.PointFacts(
        name=form.get("name", "")[:160],
        kind=kind if kind in words.KINDS else "other",
        branch_id=form.get("branch_id", type=int) if kind == "branch" else None,
        address=form.get("address", "")[:200],
        contact=form.get("contact", "")[:120],
        phone=form.get("phone", "")[:40],
        active=form.get("active") == "1",
    )


# --- figures ---------------------------------------------------------------------------------


def month_typed(text: str) -> date:
    """Read a month as forms send it (2026-11). Raises ``Invalid``."""
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        raise Invalid("figures_month", field="month") from None


def numbers_typed() -> tuple[int, int, int]:
    """Read visits, uses on the spot and loans; an empty box is none. Raises ``Invalid``."""
    found = []
    for name in ("visits", "reads", "loans"):
        text = request.form.get(name, "").strip().replace(".", "") or "0"
        if not text.isdecimal() or len(text) > 6:
            raise Invalid("figures_wrong", field=name)
        found.append(int(text))
    return found[0], found[1], found[2]


@bp.route("/<int:box_id>/figures", methods=["GET", "POST"])
@door(MANAGE)
def told(box_id: int) -> Any:
    """Type what the point told of a month, or count uses by scanning."""
    problem, status = "", 200
    if request.method == "POST":
        try:
            with transaction() as session:
                said = _take(session, box_id)
            flash(said, "ok")
            month = request.form.get("month", "")
            return redirect(url_for("rotation_points.told", box_id=box_id, month=month))
        except NotFound:
            raise
        except IlsError as error:
            problem, status = sentence_for(error), error.status
    with reading() as session:
        box, point, mine = seen(session, box_id)
        rows = figures.figures_of(session, box.id)
        page = render_template(
            "rotation/figures.html",
            box=box,
            point=point,
            mine=mine,
            months=figures.months_of(box),
            rows=rows,
            counts_itself=figures.counts_itself(session, point),
            chosen=request.values.get("month", ""),
            typed=request.form,
            problem=problem,
            channels=words.CHANNELS,
        )
    return page, status


def _take(session: Session, box_id: int) -> str:
    actor, word = current_actor(), request.form.get("act", "tell")
    month = month_typed(request.form.get("month", ""))
    if word == "scan":
        code = request.form.get("code", "").strip()[:60]
        title = figures.count_scanned(session, actor, box_id=box_id, month=month, barcode=code)
        return str(_("One use counted: %(title)s", title=title))
    if word == "forget":
        figures.forget_figures(session, actor, box_id=box_id, month=month)
        return str(_("The figures of the month were taken back."))
    visits, reads, loans = numbers_typed()
    figures.report_figures(
        session,
        actor,
        box_id=box_id,
        month=month,
        visits=visits,
        reads=reads,
        loans=loans,
        told_by=request.form.get("told_by", ""),
    )
    return str(_("The figures are noted; they count for %(month)s.", month=f"{month:%m/%Y}"))
