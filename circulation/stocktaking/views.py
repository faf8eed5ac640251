"""Stock-taking in the browser: planning, counting (also on a phone that loses its line), results."""

import secrets
from datetime import UTC, datetime
from typing import Any

import orjson
from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from cataloging.items import collections_of
from circulation.offline.views import worker_for
from circulation.rules.stock_take import ACCOUNTED, GROUPS
from circulation.stocktaking import takes as use
from circulation.stocktaking.changes import APPLICABLE, UNDOABLE, apply_groups, undo_groups
from circulation.stocktaking.models import StockTake
from circulation.stocktaking.papers import groups_xlsx, minutes_pdf
from circulation.stocktaking.results import last_scans, progress_of, rows_of_group, sums_of
from circulation.stocktaking.scanning import (
    Scan,
    out_of_place,
    read_collector,
    record_scans,
    take_back_scan,
)
from ils.core.db import reading, transaction
from ils.core.errors import IlsError, NotFound
from ils.core.jobs import Job
from ils.org.units import branches_of, unit_names
from ils.web.door import current_actor, door
from ils.web.downloads import XLSX, as_file
from ils.web.errors import sentence_for
from ils.web.forms import parse_day
from ils.web.pages import Page, page_number

bp = Blueprint(
    "stocktaking",
    __name__,
    url_prefix="/staff/stock-takings",
    template_folder="templates",
    static_folder="static",
    static_url_path="/static",
)

SIZE = 100

GROUP_WORDS: dict[str, Any] = {
    "present": _l("In its place"),
    "on_loan": _l("On loan"),
    "away": _l("On its way or at a point"),
    "waiting": _l("Waiting for a patron"),
    "absent_before": _l("Missing before"),
    "missing": _l("Missing"),
    "damaged": _l("Damaged"),
    "misplaced": _l("In the wrong place"),
    "found_again": _l("Found again"),
    "lent_but_here": _l("On loan by the books, but here"),
    "surplus": _l("Surplus: withdrawn, or in no register"),
}
STATE_WORDS: dict[str, tuple[str, Any]] = {
    "planned": ("info", _l("planned")),
    "counting": ("warn", _l("being counted")),
    "closed": ("ok", _l("closed")),
    "canceled": ("off", _l("count given up")),
}
OUTCOME_WORDS: dict[str, tuple[str, Any]] = {
    "found": ("ok", _l("in its place")),
    "again": ("info", _l("seen already")),
    "elsewhere": ("warn", _l("belongs elsewhere")),
    "unknown": ("bad", _l("in no register")),
    "withdrawn": ("bad", _l("was withdrawn")),
    "card": ("bad", _l("a card, not an item")),
}


@bp.get("/")
@door(use.COUNT)
def takes() -> str:
    """Show the stock-takings of the library worked at."""
    with reading() as session:
        rows = use.takes_of(session, current_actor().library_id or 0)
        return render_template(
            "stocktaking/takes.html", rows=rows, states=STATE_WORDS, names=unit_names(session)
        )


@bp.route("/new", methods=["GET", "POST"])
@door(use.MANAGE)
def new() -> Any:
    """Plan a stock-taking."""
    actor, problem, status = current_actor(), "", 200
    if request.method == "POST":
        try:
            with transaction() as session:
                made = use.plan_stock_take(session, actor, _plan())
            return redirect(url_for("stocktaking.show", take_id=made.id))
        except ValueError:
            problem, status = _("The day of the decision is not a date. Nothing was saved."), 422
        except IlsError as error:
            problem, status = sentence_for(error), error.status
    with reading() as session:
        names = unit_names(session)
        library_id = actor.library_id or 0
        page = render_template(
            "stocktaking/new.html",
            branches=[(b.id, names.get(b.id, b.code)) for b in branches_of(session, library_id)],
            collections=collections_of(session, library_id),
            typed=request.form,
            problem=problem,
        )
    return page, status


def _plan() -> use.Plan:
    words = request.form
    decided = words.get("decided_on", "").strip()
    council = []
    for line in words.get("council", "").splitlines():
        name, _dash, role = line.replace("–", "-").partition("-")
        if name.strip():
            council.append({"name": name.strip()[:80], "role": role.strip()[:80]})
    return use.Plan(
        name=words.get("name", ""),
        scope=use.Scope(
            tuple(words.getlist("branches", type=int)),
            tuple(words.getlist("collections", type=int)),
            words.get("shelf", "").strip()[:40],
        ),
        decision=words.get("decision", ""),
        decided_on=parse_day(decided) if decided else None,
        council=council,
    )


@bp.get("/<int:take_id>")
@door(use.COUNT)
def show(take_id: int) -> str:
    """Show one: how far it is, or its results."""
    actor = current_actor()
    with reading() as session:
        take = use.take_for(session, actor, take_id)
        closed = take.state == "closed"
        return render_template(
            "stocktaking/show.html",
            take=take,
            state=STATE_WORDS[take.state],
            scope=use.scope_of_take(take),
            progress=progress_of(session, take) if take.state != "planned" else None,
            sums=sums_of(session, take) if closed else None,
            preview=use.groups_now(session, take) if take.state == "counting" else None,
            unknown=len(use.surplus_scans(session, take.id)),
            groups=GROUPS,
            accounted=ACCOUNTED,
            applicable=APPLICABLE,
            undoable=UNDOABLE,
            words=GROUP_WORDS,
            names=unit_names(session),
            job=_job(session, request.args.get("job", type=int)),
            may_manage=actor.can(use.MANAGE),
        )


def _job(session: Session, job_id: int | None) -> Job | None:
    job = session.get(Job, job_id) if job_id else None
    known = job is not None and job.kind.startswith("circulation.stock_take")
    return job if known and job is not None and job.created_by == current_actor().staff_id else None


@bp.post("/<int:take_id>")
@door(use.MANAGE)
def act(take_id: int) -> Any:
    """Freeze, close, open again, give up; record results or take them back."""
    word, actor = request.form.get("act", ""), current_actor()
    job: int | None = None
    try:
        with transaction() as session:
            if word == "freeze":
                count = use.freeze(session, actor, take_id)
                flash(_("%(count)s copies are expected. Counting may begin.", count=count), "ok")
            elif word == "close":
                use.close_stock_take(session, actor, take_id)
                flash(_("The stock-taking is closed; its results stand below."), "ok")
            elif word == "reopen":
                use.reopen(session, actor, take_id)
            elif word == "cancel":
                use.cancel_stock_take(session, actor, take_id)
            elif word == "apply":
                groups = request.form.getlist("groups")
                job = apply_groups(session, actor, take_id, groups).id
            elif word == "undo":
                job = undo_groups(session, actor, take_id).id
    except IlsError as error:
        if isinstance(error, NotFound):
            raise
        flash(sentence_for(error), "bad")
    return redirect(url_for("stocktaking.show", take_id=take_id, job=job))


@bp.route("/<int:take_id>/count", methods=["GET", "POST"])
@door(use.COUNT)
def count(take_id: int) -> Any:
    """The page to scan with; without scripts each scan is a form."""
    actor = current_actor()
    if request.method == "POST":
        code = request.form.get("code", "").strip()
        if code:
            _one_by_form(take_id, code)
        place = request.form.get("place", "").strip()[:60]
        return redirect(url_for("stocktaking.count", take_id=take_id, place=place))
    with reading() as session:
        take = use.take_for(session, actor, take_id)
        return render_template(
            "stocktaking/count.html",
            take=take,
            progress=progress_of(session, take) if take.state != "planned" else None,
            scans=last_scans(session, take),
            outcomes=OUTCOME_WORDS,
            place=request.args.get("place", ""),
            scanner=actor.name,
        )


@bp.get("/worker.js")
@door(use.COUNT)
def worker() -> Response:
    """Give the service worker that keeps the page to count with for when there is no line."""
    return worker_for("/staff/stock-takings/")


def _one_by_form(take_id: int, code: str) -> None:
    form = request.form
    scan = Scan(
        key=form.get("key") or f"form-{secrets.token_hex(8)}",
        code=code,
        place=form.get("place", ""),
        damaged=form.get("damaged") == "1",
    )
    try:
        with transaction() as session:
            actor = current_actor()
            heard = record_scans(session, actor, take_id, [scan], scanner=actor.name)[0]
    except IlsError as error:
        if isinstance(error, NotFound):
            raise
        flash(sentence_for(error), "bad")
        return
    kind, words = OUTCOME_WORDS[heard.outcome]
    flash(f"{heard.accession_no or heard.code} {heard.title}: {words}", kind)


@bp.post("/<int:take_id>/scans")
@door(use.COUNT)
def scans(take_id: int) -> Any:
    """Take scans a page has gathered, some of them while it had no line."""
    actor = current_actor()
    sent = _sent(request.form.get("scans", ""))
    scanner = request.form.get("scanner", "").strip() or actor.name
    with transaction() as session:
        if request.form.get("back"):
            take_back_scan(session, actor, take_id, request.form["back"])
        heard = record_scans(session, actor, take_id, sent, scanner=scanner)
    with reading() as session:
        far = progress_of(session, use.take_for(session, actor, take_id))
    return jsonify(
        heard=[
            {
                "key": one.key,
                "outcome": one.outcome,
                "tone": OUTCOME_WORDS[one.outcome][0],
                "words": str(OUTCOME_WORDS[one.outcome][1]),
                "title": one.title,
                "number": one.accession_no or one.code,
            }
            for one in heard
        ],
        seen=far.seen,
        expected=far.expected,
    )


def _sent(text: str) -> list[Scan]:
    """Read what a page sent; what is no scan is left out."""
    try:
        rows = orjson.loads(text or "[]")
    except orjson.JSONDecodeError:
        return []
    found = []
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, dict) and row.get("key") and str(row.get("code", "")).strip():
            found.append(
                Scan(
                    key=str(row["key"]),
                    code=str(row["code"]).strip(),
                    at=_instant(row.get("at")),
                    place=str(row.get("place", "")),
                    damaged=bool(row.get("damaged")),
                )
            )
    return found


def _instant(milliseconds: Any) -> datetime | None:
    if not isinstance(milliseconds, int | float) or not 0 < milliseconds < 4e12:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


@bp.post("/<int:take_id>/file")
@door(use.COUNT)
def collector(take_id: int) -> Any:
    """Take the file of a data collector."""
    upload = request.files.get("file")
    if upload is None or not upload.filename:
        flash(_("Please choose the file of the data collector."), "bad")
        return redirect(url_for("stocktaking.count", take_id=take_id))
    try:
        found = read_collector(upload.read(), upload.filename)
        told: dict[str, int] = {}
        for n in range(0, len(found), 500):
            with transaction() as session:
                part = found[n : n + 500]
                for heard in record_scans(
                    session, current_actor(), take_id, part, scanner=upload.filename[:40]
                ):
                    told[heard.outcome] = told.get(heard.outcome, 0) + 1
    except IlsError as error:
        if isinstance(error, NotFound):
            raise
        flash(sentence_for(error), "bad")
    else:
        parts = [f"{OUTCOME_WORDS[code][1]}: {n}" for code, n in sorted(told.items())]
        flash(_("%(count)s codes were read.", count=len(found)) + " " + "; ".join(parts), "ok")
    return redirect(url_for("stocktaking.count", take_id=take_id))


@bp.get("/<int:take_id>/progress")
@door(use.COUNT)
def progress(take_id: int) -> Any:
    """How far the count is, for pages that ask now and then."""
    with reading() as session:
        far = progress_of(session, use.take_for(session, current_actor(), take_id))
    return jsonify(
        seen=far.seen,
        expected=far.expected,
        scans=far.scans,
        outside=far.outside,
        unknown=far.unknown,
    )


@bp.get("/<int:take_id>/order")
@door(use.COUNT)
def order(take_id: int) -> str:
    """Show copies that stood out of order on their shelf."""
    with reading() as session:
        take = use.take_for(session, current_actor(), take_id)
        return render_template(
            "stocktaking/order.html", take=take, rows=out_of_place(session, take)
        )


@bp.get("/<int:take_id>/group/<group>")
@door(use.COUNT)
def group(take_id: int, group: str) -> str:
    """Show the copies of a group of a closed stock-taking."""
    if group not in GROUPS:
        raise NotFound("stock_take_unknown")
    with reading() as session:
        take = use.take_for(session, current_actor(), take_id)
        number = page_number(request.args.get("page"))
        total = use.groups_now(session, take)[group] if take.state == "closed" else 0
        rows = rows_of_group(session, take, group, limit=SIZE, offset=(number - 1) * SIZE)
        unknown = use.surplus_scans(session, take.id) if group == "surplus" else []
        return render_template(
            "stocktaking/group.html",
            take=take,
            group=group,
            title=GROUP_WORDS[group],
            rows=rows,
            unknown=unknown,
            page=Page(number, SIZE, total, rows),
        )


@bp.get("/<int:take_id>/minutes.pdf")
@door(use.COUNT)
def minutes(take_id: int) -> Response:
    """Return the minutes."""
    with reading() as session:
        take = _closed(session, take_id)
        content = minutes_pdf(session, take)
    return as_file(content, f"bien-ban-kiem-ke-{take_id}.pdf", "application/pdf")


@bp.get("/<int:take_id>/groups.xlsx")
@door(use.COUNT)
def spreadsheet(take_id: int) -> Response:
    """Return all groups as a spreadsheet."""
    with reading() as session:
        content = groups_xlsx(session, _closed(session, take_id))
    return as_file(content, f"kiem-ke-{take_id}.xlsx", XLSX)


def _closed(session: Session, take_id: int) -> StockTake:
    take = use.take_for(session, current_actor(), take_id)
    if take.state != "closed":
        raise NotFound("stock_take_unknown")
    return take
