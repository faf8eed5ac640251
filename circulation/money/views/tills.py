"""Pages of tills: one's own, who holds which, closing by counting, the closed ones with paper."""

from datetime import date, timedelta
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from circulation.desk import DeskResult, perform
from circulation.money.books import income_of
from circulation.money.models import Till
from circulation.money.papers import till_pdf
from circulation.money.tills import (
    OVERSEE,
    close_till,
    drawer_names,
    move_cash,
    open_till,
    till_held,
    till_report,
    till_seen,
    tills_open,
)
from circulation.money.views.told import (
    new_key,
    sent_key,
    sentence_of,
    staff_names,
    tell,
    typed_amount,
)
from circulation.money.words import KINDS
from circulation.permissions import TAKE_PAYMENT
from circulation.receipts import receipt_name
from circulation.registers.asked import MOST_PRINTED
from circulation.registers.views import own_branches, typed_day
from circulation.rules.till import NOTES
from ils.core import clock
from ils.core.audit import audit
from ils.core.db import reading, transaction
from ils.core.errors import IlsError, Invalid
from ils.org.office import office_of
from ils.org.units import unit_names
from ils.printing.listing import Column, Listing, listing_pdf, listing_xlsx
from ils.web.door import current_actor, door
from ils.web.downloads import XLSX, as_file
from ils.web.errors import sentence_for
from ils.web.pages import Page, page_number

bp = Blueprint(
    "money_tills", __name__, url_prefix="/staff/money/tills", template_folder="../templates"
)
SIZE = 30


@bp.get("/")
@door(TAKE_PAYMENT)
def home() -> str:
    """Show one's till, who holds which, and the tills of before."""
    return _home()


def _home(problem: str = "") -> str:
    actor = current_actor()
    with reading() as session:
        branches = [one.id for one in own_branches(session, OVERSEE)]
        number = page_number(request.args.get("page"))
        closed, total = _closed(session, branches, number)
        open_now = tills_open(session, branches or [actor.unit_id or 0])
        own = till_held(session, actor.staff_id, actor.unit_id or 0)
        return render_template(
            "money/tills.html",
            own=own,
            open_now=open_now,
            page=Page(number, SIZE, total, closed),
            names=staff_names(session, [t.clerk_id for t in [*closed, *open_now]]),
            units=unit_names(session),
            drawers=drawer_names(session, actor.unit_id or 0),
            oversees=bool(branches),
            typed=request.form,
            problem=problem,
            key=new_key(),
        )


def _closed(session: Session, branches: list[int], number: int) -> tuple[list[Till], int]:
    """Return a page of closed tills, the newest first."""
    query = _closed_query(branches)
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    rows = session.scalars(
        query.order_by(Till.closed_at.desc(), Till.id.desc())
        .limit(SIZE)
        .offset((number - 1) * SIZE)
    )
    return list(rows), total


def _closed_query(branches: list[int]) -> Select[Till]:
    """Ask for closed tills: one's own and those of branches overseen, between the days typed."""
    mine = Till.clerk_id == (current_actor().staff_id or 0)
    query = select(Till).where(
        Till.closed_at.is_not(None), (mine | Till.branch_id.in_(branches)) if branches else mine
    )
    first, last = typed_day("first"), typed_day("last")
    if first:
        query = query.where(Till.closed_at >= clock.at_local(first, 0))
    if last:
        query = query.where(Till.closed_at < clock.at_local(last + timedelta(days=1), 0))
    return query


@bp.get("/closed.xlsx")
@door(TAKE_PAYMENT)
def closed_sheet() -> Response:
    """Return the closed tills as a spreadsheet."""
    return as_file(listing_xlsx(_closed_listing()), "ket-da-dong.xlsx", XLSX)


@bp.get("/closed.pdf")
@door(TAKE_PAYMENT)
def closed_paper() -> Response:
    """Return the closed tills as a paper to sign."""
    return as_file(listing_pdf(_closed_listing()), "ket-da-dong.pdf", "application/pdf")


def _closed_listing() -> Listing:
    actor = current_actor()
    with transaction() as session:
        branches = [one.id for one in own_branches(session, OVERSEE)]
        query = _closed_query(branches).order_by(Till.closed_at, Till.id).limit(MOST_PRINTED)
        tills = session.scalars(query).all()
        clerks = staff_names(session, [t.clerk_id for t in tills])
        units = unit_names(session)
        audit(session, actor, "list_taken", "list", None, list="tills", rows=len(tills))
        return Listing(
            title="Sổ theo dõi két thu tiền",
            columns=(
                Column("closed_at", "Đóng két lúc", "moment", "30mm"),
                Column("name", "Két", width="1fr"),
                Column("branch", "Cơ sở", width="1.3fr"),
                Column("clerk", "Người giữ", width="1.3fr"),
                Column("float", "Tiền đầu ca", "money", "24mm"),
                Column("expected", "Theo sổ", "money", "26mm", total=True),
                Column("counted", "Đếm được", "money", "26mm", total=True),
                Column("difference", "Chênh lệch", "money", "24mm", total=True),
                Column("reason", "Lý do", width="1.5fr"),
            ),
            rows=[
                {
                    "closed_at": till.closed_at,
                    "name": till.name,
                    "branch": units.get(till.branch_id, ""),
                    "clerk": clerks.get(till.clerk_id, ""),
                    "float": till.float_amount,
                    "expected": till.expected_amount,
                    "counted": till.counted_amount,
                    "difference": till.difference,
                    "reason": till.reason,
                }
                for till in tills
            ],
            office=office_of(session, actor.library_id or actor.unit_id or 0),
            about=_between(typed_day("first"), typed_day("last")),
            signers=("Người lập biểu", "Kế toán", "Phụ trách thư viện"),
        )


def _between(first: date | None, last: date | None) -> list[str]:
    if not (first or last):
        return []
    parts = [f"từ {first:%d/%m/%Y}"] if first else []
    return [f"({' '.join([*parts, *([f'đến {last:%d/%m/%Y}'] if last else [])])})"]


@bp.post("/")
@door(TAKE_PAYMENT)
def start() -> Any:
    """Open a till."""
    try:
        result = perform(
            open_till,
            current_actor(),
            name=request.form.get("name", ""),
            float_amount=typed_amount("float", empty=0),
            key=sent_key(),
        )
    except IlsError as error:
        return _home(sentence_for(error)), error.status
    if not result.ok:
        return _home(sentence_of(result)), 409
    tell(result)
    return redirect(url_for("money_tills.show", till_id=result.facts["till_id"]))


@bp.get("/<int:till_id>")
@door(TAKE_PAYMENT)
def show(till_id: int) -> str:
    """Show what went through a till; an open one can be counted and closed."""
    return _page(till_id)


def _page(till_id: int, problem: str = "") -> str:
    with reading() as session:
        till = till_seen(session, current_actor(), till_id)
        report = till_report(session, till)
        return render_template(
            "money/till.html",
            till=till,
            report=report,
            income=income_of(session, report.receipts),
            clerk=staff_names(session, [till.clerk_id, till.closed_by]),
            unit=unit_names(session).get(till.branch_id, ""),
            notes=NOTES,
            kinds=KINDS,
            number=receipt_name,
            typed=request.form,
            problem=problem,
            key=new_key(),
        )


@bp.post("/<int:till_id>/cash")
@door(TAKE_PAYMENT)
def cash(till_id: int) -> Any:
    """Put change in, or hand money over."""
    return _done(
        till_id,
        lambda: perform(
            move_cash,
            current_actor(),
            till_id=till_id,
            kind=request.form.get("act", ""),
            amount=typed_amount(),
            reason_text=request.form.get("reason", ""),
            key=sent_key(),
        ),
    )


@bp.post("/<int:till_id>/close")
@door(TAKE_PAYMENT)
def close(till_id: int) -> Any:
    """Close a till by its counted notes."""
    return _done(
        till_id,
        lambda: perform(
            close_till,
            current_actor(),
            till_id=till_id,
            counted=_counted(),
            reason_text=request.form.get("reason", ""),
            key=sent_key(),
        ),
    )


def _counted() -> dict[int, int]:
    counted = {}
    for note in NOTES:
        text = request.form.get(f"note-{note}", "").strip() or "0"
        if not text.isdecimal() or len(text) > 6:
            raise Invalid("count_wrong", field=f"note-{note}")
        counted[note] = int(text)
    return counted


def _done(till_id: int, do: Any) -> Any:
    try:
        result: DeskResult = do()
    except IlsError as error:
        if error.status in (403, 404):
            raise
        return _page(till_id, sentence_for(error)), error.status
    if not result.ok:
        return _page(till_id, sentence_of(result)), 409
    tell(result)
    return redirect(url_for("money_tills.show", till_id=till_id))


@bp.get("/<int:till_id>.pdf")
@door(TAKE_PAYMENT)
def paper(till_id: int) -> Response:
    """Return the closing of a till as a paper to sign."""
    with reading() as session:
        report = till_report(session, till_seen(session, current_actor(), till_id))
        return as_file(till_pdf(session, report), f"kiem-ke-{till_id}.pdf", "application/pdf")
