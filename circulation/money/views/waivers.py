"""The book of waivers, and old debts forgiven together: previewed, given by a job, taken back as one."""

from collections.abc import Callable
from datetime import date
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import force_locale
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from circulation.money import batch_waivers as batches
from circulation.money.models import BatchWaiver
from circulation.money.views.told import typed_day
from circulation.money.waiver_book import WaiverLine, batches_of, lines_in_words, waivers
from circulation.money.words import KINDS, KINDS_VI
from circulation.patrons.models import Patron, PatronCategory
from circulation.permissions import GIVE_AMNESTY, VIEW_FEES
from circulation.registers.views import own_branches
from circulation.registers.views import typed_day as asked_day
from ils.core import clock
from ils.core.audit import audit
from ils.core.db import reading, transaction
from ils.core.errors import IlsError, Invalid
from ils.core.jobs import has_stopped
from ils.org.models import OrgUnit
from ils.org.office import office_of
from ils.org.units import unit_names
from ils.printing.listing import Column, Listing, listing_pdf, listing_xlsx
from ils.web.admin import chosen_unit, units_of_actor
from ils.web.door import current_actor, door
from ils.web.downloads import XLSX, as_file
from ils.web.errors import sentence_for
from ils.web.pages import Page, page_number

bp = Blueprint(
    "money_waivers", __name__, url_prefix="/staff/money/waivers", template_folder="../templates"
)
SIZE = 50
MOST_PRINTED = 20_000

STATES: dict[str, tuple[str, Any]] = {
    "draft": ("info", _l("preview")),
    "giving": ("warn", _l("being forgiven")),
    "given": ("ok", _l("forgiven")),
    "taking": ("warn", _l("being taken back")),
    "taken": ("off", _l("taken back")),
    "discarded": ("off", _l("thrown away")),
}
LINE_STATES: dict[str, tuple[str, Any]] = {
    "planned": ("info", _l("to be forgiven")),
    "given": ("ok", _l("forgiven")),
    "changed": ("off", _l("settled meanwhile, left alone")),
    "taken": ("off", _l("taken back")),
    "kept": ("off", _l("not taken back: it had ended already")),
}


# --- the book --------------------------------------------------------------------------------


def _period() -> tuple[date, date]:
    today = clock.today()
    first, last = asked_day("first") or today.replace(day=1), asked_day("last") or today
    return min(first, last), max(first, last)


def _asked_branches(session: Session) -> tuple[list[OrgUnit], tuple[int, ...]]:
    own = list(own_branches(session, VIEW_FEES))
    wanted = request.args.get("branch", type=int)
    ids = tuple(one.id for one in own)
    return own, (wanted,) if wanted in ids and wanted is not None else ids


def _book(session: Session) -> list[WaiverLine]:
    return waivers(session, _asked_branches(session)[1], *_period())


@bp.get("/")
@door(VIEW_FEES)
def book() -> str:
    """Show what was forgiven in some days."""
    first, last = _period()
    with reading() as session:
        branches, _ids = _asked_branches(session)
        lines = _book(session)
        number = page_number(request.args.get("page"))
        names = unit_names(session)
        return render_template(
            "money/waivers.html",
            page=Page(number, SIZE, len(lines), lines[(number - 1) * SIZE : number * SIZE]),
            total=sum(one.counts for one in lines),
            first=first,
            last=last,
            branches=[(one.id, names.get(one.id, one.code)) for one in branches],
            kinds=KINDS,
            may_forgive=current_actor().can_somewhere(GIVE_AMNESTY),
            typed=request.args,
        )


@bp.get("/book.<any(xlsx, pdf):form>")
@door(VIEW_FEES)
def book_file(form: str) -> Response:
    """Return the book of waivers as a spreadsheet or a paper; that it was taken away is audited."""
    actor, (first, last) = current_actor(), _period()
    with force_locale("vi"), transaction() as session:
        lines = _book(session)[:MOST_PRINTED]
        audit(session, actor, "list_taken", "list", None, list="so-mien-giam", rows=len(lines))
        listing = Listing(
            title="Sổ theo dõi miễn, giảm",
            columns=(
                Column("day", "Ngày", "date", "20mm"),
                Column("patron", "Bạn đọc", width="1.3fr"),
                Column("card", "Số thẻ", "code", "24mm"),
                Column("of", "Khoản được miễn", width="1fr"),
                Column("amount", "Số tiền", "money", "24mm", total=True),
                Column("why", "Lý do, quyết định", width="2fr"),
                Column("by", "Người thực hiện", width="1fr"),
                Column("note", "Ghi chú", width="28mm"),
            ),
            rows=[_row(one) for one in lines],
            office=office_of(session, actor.library_id or actor.unit_id or 0, last),
            about=[f"(từ ngày {first:%d/%m/%Y} đến ngày {last:%d/%m/%Y})"],
        )
        content = listing_pdf(listing) if form == "pdf" else listing_xlsx(listing)
    name = f"so-mien-giam-{first:%Y%m%d}-{last:%Y%m%d}.{form}"
    return as_file(content, name, "application/pdf" if form == "pdf" else XLSX)


def _row(one: WaiverLine) -> dict[str, Any]:
    note = f"thu hồi {one.back_on:%d/%m/%Y}" if one.back_on else ""
    return {
        "day": one.entry.effective_on,
        "patron": one.patron,
        "card": one.card,
        "of": KINDS_VI.get(one.of, ""),
        "amount": one.counts,
        "why": one.entry.note,
        "by": one.by,
        "note": note,
    }


# --- many together ---------------------------------------------------------------------------


@bp.route("/batches", methods=["GET", "POST"])
@door(GIVE_AMNESTY)
def home() -> Any:
    """Show the batches, and preview a new one. Nothing is forgiven by a preview."""
    problem, status = "", 200
    with reading() as session:
        chosen, units = chosen_unit(session, GIVE_AMNESTY)
    if request.method == "POST":
        try:
            with transaction() as session:
                made = batches.plan_batch(
                    session,
                    current_actor(),
                    chosen.id,
                    _typed_filter(),
                    decision=request.form.get("decision", ""),
                    decided_on=typed_day("decided_on", empty=clock.today()),
                    reason=request.form.get("reason", ""),
                )
            return redirect(url_for("money_waivers.show", waived_id=made.id))
        except IlsError as error:
            if error.status in (403, 404):
                raise
            problem, status = sentence_for(error), error.status
    with reading() as session:
        mine = [one.id for one in units_of_actor(session, GIVE_AMNESTY)]
        total = session.scalar(
            select(func.count())
            .select_from(BatchWaiver)
            .where(BatchWaiver.unit_id.in_(mine), BatchWaiver.state != "discarded")
        )
        number = page_number(request.args.get("page"))
        rows = batches_of(session, mine, limit=SIZE, offset=(number - 1) * SIZE)
        page = render_template(
            "money/batch_waivers.html",
            unit=chosen,
            units=units,
            names=unit_names(session),
            page=Page(number, SIZE, total or 0, list(rows)),
            sums={row.id: batches.sums_of(session, row.id) for row in rows},
            states=STATES,
            kinds=[(kind, KINDS[kind]) for kind in batches.KINDS],
            ticked=request.form.getlist("kind") or ["overdue"],
            choices=_choices(session),
            typed=request.form,
            problem=problem,
            today=clock.today(),
        )
    return page, status


def _typed_filter() -> batches.Asked:
    form = request.form
    days = form.get("days", "").strip() or "0"
    if not days.isdecimal() or len(days) > 5:
        raise Invalid("debt_age_wrong", field="days")
    return batches.Asked(
        kinds=tuple(form.getlist("kind")),
        days=int(days),
        category=form.get("category", ""),
        school_class=form.get("school_class", "").strip(),
        commune=form.get("commune", "").strip(),
    )


def _choices(session: Session) -> dict[str, list[Any]]:
    library = current_actor().library_id
    mine = [Patron.library_id == library] if library is not None else []
    found: dict[str, list[Any]] = {
        "category": [
            (code, name)
            for code, name in session.execute(
                select(PatronCategory.code, PatronCategory.name).order_by(PatronCategory.order)
            )
        ]
    }
    for name, column in (("school_class", Patron.school_class), ("commune", Patron.commune)):
        query = select(column).where(column != "", Patron.deleted_at.is_(None), *mine)
        found[name] = list(session.scalars(query.distinct().order_by(column).limit(300)))
    return found


@bp.get("/batches/<int:waived_id>")
@door(GIVE_AMNESTY)
def show(waived_id: int) -> str:
    """Show a batch with its sum and every line, and what may be done with it."""
    with reading() as session:
        batch, at = batches.batch_for(session, current_actor(), waived_id)
        sums = batches.sums_of(session, waived_id)
        number = page_number(request.args.get("page"))
        rows = lines_in_words(session, waived_id, limit=SIZE, offset=(number - 1) * SIZE)
        job = batches.job_of(session, batch)
        return render_template(
            "money/batch_waiver.html",
            batch=batch,
            unit=at,
            asked=batches.Asked.from_json(batch.asked),
            sums=sums,
            count=sum(count for count, _shown, _given in sums.values()),
            shown=sum(shown for _count, shown, _given in sums.values()),
            page=Page(number, SIZE, sum(one[0] for one in sums.values()), rows),
            states=STATES,
            line_states=LINE_STATES,
            kinds=KINDS,
            categories=dict(_choices(session)["category"]),
            names=unit_names(session),
            job=job,
            stopped=has_stopped(job),
        )


@bp.post("/batches/<int:waived_id>")
@door(GIVE_AMNESTY)
def act(waived_id: int) -> Any:
    """Forgive, take back, stop, go on, or throw the preview away."""
    here, actor = url_for("money_waivers.show", waived_id=waived_id), current_actor()
    doing, said = ACTS.get(request.form.get("act", ""), (None, ""))
    try:
        with transaction() as session:
            if doing is None:
                batches.batch_for(session, actor, waived_id)
                return redirect(here)
            doing(session, actor, waived_id)
    except IlsError as error:
        if error.status in (403, 404):
            raise
        flash(sentence_for(error), "error")
        return redirect(here)
    flash(str(said), "ok")
    return redirect(url_for("money_waivers.home") if doing is batches.discard_batch else here)


ACTS: dict[str, tuple[Callable[..., Any], Any]] = {
    "give": (batches.give_batch, _l("The debts are being forgiven; this page shows how far.")),
    "back": (batches.take_batch_back, _l("The waivers are being taken back.")),
    "stop": (batches.stop_batch, _l("It stops after the readers it is at.")),
    "go_on": (batches.go_on, _l("It goes on where it had stopped.")),
    "discard": (
        batches.discard_batch,
        _l("The preview was thrown away; nothing had changed."),
    ),
}


@bp.get("/batches/<int:waived_id>.xlsx")
@door(GIVE_AMNESTY)
def batch_sheet(waived_id: int) -> Response:
    """Return the list of a batch as a spreadsheet."""
    return _batch_file(waived_id, "xlsx")


@bp.get("/batches/<int:waived_id>.pdf")
@door(GIVE_AMNESTY)
def batch_paper(waived_id: int) -> Response:
    """Return the list of a batch as a paper, to be laid before whoever decides."""
    return _batch_file(waived_id, "pdf")


def _batch_file(waived_id: int, form: str) -> Response:
    """Make the list of a batch; that it was taken away is audited."""
    actor = current_actor()
    with force_locale("vi"), transaction() as session:
        batch, at = batches.batch_for(session, actor, waived_id)
        rows = lines_in_words(session, waived_id, limit=MOST_PRINTED)
        for row in rows:
            row["what"] = KINDS_VI.get(row["kind"], row["kind"])
            row["state_words"] = str(LINE_STATES[row["state"]][1])
        audit(session, actor, "list_taken", "list", None, list="batch_waiver", rows=len(rows))
        listing = Listing(
            title="Danh sách nợ đề nghị miễn"
            if batch.state == "draft"
            else "Danh sách nợ được miễn",
            columns=(
                Column("patron", "Bạn đọc", width="1.4fr"),
                Column("card", "Số thẻ", "code", "26mm"),
                Column("school_class", "Lớp", width="18mm"),
                Column("commune", "Xã, phường", width="1fr"),
                Column("what", "Khoản nợ", width="1fr"),
                Column("effective_on", "Ngày", "date", "22mm"),
                Column("amount", "Còn nợ", "money", "24mm", total=True),
                Column("given", "Đã miễn", "money", "24mm", total=True),
                Column("state_words", "Trạng thái", width="1fr"),
            ),
            rows=rows,
            office=office_of(session, actor.library_id or at.id),
            about=[
                f"(theo quyết định {batch.decision} ngày {batch.decided_on:%d/%m/%Y})",
                batch.reason,
            ],
        )
        content = listing_pdf(listing) if form == "pdf" else listing_xlsx(listing)
    name = f"mien-no-{waived_id}.{form}"
    return as_file(content, name, "application/pdf" if form == "pdf" else XLSX)
