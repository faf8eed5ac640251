"""Orders in the browser: the list, one order from its first title until all of it came in."""

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from cataloging.acquisitions import order_lists as lists
from cataloging.acquisitions import orders as use
from cataloging.acquisitions import papers, words
from cataloging.acquisitions.budgets import budgets_to_choose, standings_of
from cataloging.acquisitions.forms import OrderForm
from cataloging.acquisitions.mailing import can_mail, mail_order, mails_of
from cataloging.acquisitions.models import PurchaseOrder, Supplier
from cataloging.acquisitions.receipts import received_of, vouchers_of
from cataloging.acquisitions.receiving import receive_order
from cataloging.acquisitions.rules.ordering import (
    is_late,
    net_price,
    read_percent,
    stage_of,
    written_percent,
)
from cataloging.models import Record
from cataloging.permissions import EDIT_ITEM, ORDER_BOOKS
from cataloging.stockbook.views.typed import sent_twice, title_typed
from cataloging.stockbook.vouchers import find_titles
from cataloging.views.base import show_problem, staff_names
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.db import reading, transaction
from ils.core.errors import IlsError, Invalid
from ils.core.money import dong
from ils.org.units import unit, unit_names
from ils.printing.listing import listing_pdf, listing_xlsx
from ils.web.door import current_actor, door
from ils.web.downloads import PDF, XLSX, as_file
from ils.web.errors import sentence_for
from ils.web.forms import clean_text, parse_day, parse_dong, parse_year
from ils.web.pages import Page, page_number

bp = Blueprint(
    "orders", __name__, url_prefix="/staff/acquisitions/orders", template_folder="../templates"
)
SIZE = 50


def asked() -> lists.Asked:
    """Return what the address asks of the list of orders."""
    stage = request.args.get("state", "open")
    return lists.Asked(
        library_id=current_actor().library_id or 0,
        stage=stage if stage in lists.STAGES else "open",
        words=clean_text(request.args.get("q", ""))[:100],
        year=request.args.get("year", type=parse_year),
        sort=request.args.get("sort", ""),
    )


@bp.get("/")
@door(ORDER_BOOKS)
def orders() -> str:
    """List the orders of the library worked at."""
    wanted, number = asked(), page_number(request.args.get("page"))
    with reading() as session:
        rows, total = lists.orders_of(session, wanted, limit=SIZE, offset=(number - 1) * SIZE)
        return render_template(
            "acquisitions/orders.html",
            rows=rows,
            page=Page(number, SIZE, total, rows),
            asked=wanted,
            late=lists.how_many_late(session, wanted.library_id),
            words=words,
        )


@bp.get("/list.pdf", endpoint="list_pdf")
@bp.get("/list.xlsx", endpoint="list_xlsx")
@door(ORDER_BOOKS)
def taken_away() -> Response:
    """Return the list as a paper or a spreadsheet."""
    with reading() as session, force_locale("vi"):
        listing = lists.listing_of(session, asked())
        if request.path.endswith(".pdf"):
            return as_file(listing_pdf(listing), "don-dat-mua.pdf", PDF)
        return as_file(listing_xlsx(listing), "don-dat-mua.xlsx", XLSX)


@bp.route("/new", methods=["GET", "POST"])
@door(ORDER_BOOKS)
def new() -> Any:
    """Begin an order."""
    form, status = OrderForm(), 200
    with reading() as session:
        form.fill_choices(session, current_actor())
    if form.validate_on_submit():
        try:
            with transaction() as session:
                made_id = use.begin_order(session, current_actor(), form.facts()).id
        except IlsError as error:
            status = show_problem(form, error, "supplier_id")
        else:
            return redirect(url_for("orders.show", order_id=made_id))
    elif request.method == "POST":
        status = 422
    return render_template("acquisitions/order_head.html", form=form, order=None), status


@bp.route("/<int:order_id>/head", methods=["GET", "POST"])
@door(ORDER_BOOKS)
def head(order_id: int) -> Any:
    """Change the head of a draft; of an order that was sent, only when it is awaited."""
    status, actor = 200, current_actor()
    with reading() as session:
        order = use.order_for(session, actor, order_id)
        form = OrderForm(obj=order)
        form.fill_choices(session, actor, order)
    if request.method == "GET":
        form.budget_line_id.data = order.budget_line_id or 0
        form.discount.data = written_percent(order.off)
    if form.validate_on_submit():
        try:
            with transaction() as session:
                if order.state == "draft":
                    use.change_order(session, actor, order_id, form.facts())
                else:
                    facts = form.facts()
                    use.put_off(session, actor, order_id, facts.expected_on, facts.note)
        except IlsError as error:
            status = show_problem(form, error, "supplier_id")
        else:
            return redirect(url_for("orders.show", order_id=order_id))
    elif request.method == "POST":
        status = 422
    return render_template("acquisitions/order_head.html", form=form, order=order), status


# --- one order ---------------------------------------------------------------------------------


@bp.get("/<int:order_id>")
@door(ORDER_BOOKS)
def show(order_id: int) -> Any:
    """Show an order: its titles, what it costs, what came in."""
    return _page(order_id)


def _page(
    order_id: int,
    problem: str = "",
    status: int = 200,
    *,
    matches: list[Record] | None = None,
    unknown: bool = False,
) -> Any:
    with reading() as session:
        actor = current_actor()
        order = use.order_for(session, actor, order_id)
        lines = use.lines_of(session, order_id)
        came = received_of(session, [line.id for line, _record in lines])
        stage = stage_of(order.state, [(line.copies, came[line.id].copies) for line, _r in lines])
        chosen = [order.budget_line_id, *(line.budget_line_id for line, _record in lines)]
        return render_template(
            "acquisitions/order.html",
            order=order,
            lines=lines,
            came=came,
            stage=stage,
            late=is_late(stage, order.expected_on, clock.today()),
            cost=use.cost_of(line for line, _record in lines),
            net=net_price,
            percent=written_percent,
            mail_to=can_mail(session, order),
            mails=mails_of(session, order_id),
            people=staff_names(session, {one.asked_by for one in mails_of(session, order_id)}),
            supplier=session.get_one(Supplier, order.supplier_id),
            names=unit_names(session),
            budgets=budgets_to_choose(session, order.library_id, chosen),
            standing=_standing(session, order, lines),
            there=lists.there_of(
                session, order.library_id, [r.id for _line, r in lines if r], but_order=order.id
            ),
            vouchers=vouchers_of(session, order_id),
            may_receive=actor.can(EDIT_ITEM, unit(session, order.branch_id)),
            matches=matches or [],
            unknown=unknown,
            typed=request.form,
            problem=problem,
            words=words,
            today=clock.today(),
        ), status


def _standing(
    session: Session, order: PurchaseOrder, lines: list[tuple[Any, Record | None]]
) -> list[tuple[Any, Any, int, int]]:
    """Return (budget line, how it stands, what this draft takes, what is left then)."""
    used = use.budgets_used(session, [line for line, _record in lines])
    stands = standings_of(session, [budget for budget, _lines in used])
    rows = []
    for budget, own in used:
        takes = use.cost_of(own) if order.state == "draft" else 0
        rows.append((budget, stands[budget.id], takes, stands[budget.id].after(takes)))
    return rows


@bp.post("/<int:order_id>/add")
@door(ORDER_BOOKS)
def add(order_id: int) -> Any:
    """Put a title on the order by number or title; ask back where it is not clear."""
    actor, typed = current_actor(), title_typed()
    code, chosen, fresh = typed.code, typed.record_id, typed.fresh
    try:
        with reading() as session:
            use.order_for(session, actor, order_id)
            lines = use.lines_of(session, order_id)
            if fresh["title"] and sent_twice(lines, fresh):
                return redirect(url_for("orders.show", order_id=order_id))
            found = [] if chosen or fresh["title"] else find_titles(session, code)
        if not chosen and not fresh["title"]:
            if len(found) != 1:
                return _page(order_id, matches=found, unknown=bool(code) and not found)
            chosen = found[0].id
        with transaction() as session:
            use.add_title(
                session,
                actor,
                order_id,
                line_facts(""),
                record_id=chosen,
                fresh=None if chosen else fresh,
            )
    except IlsError as error:
        if error.status in (403, 404):
            raise
        return _page(order_id, sentence_for(error), error.status, unknown=bool(fresh["title"]))
    return redirect(url_for("orders.show", order_id=order_id))


def line_facts(prefix: str) -> use.LineFacts:
    """Read copies, price, discount and budget line from the boxes that begin with a prefix."""
    sent = request.form
    copies = clean_text(sent.get(f"{prefix}copies", ""))
    price = clean_text(sent.get(f"{prefix}price", ""))
    discount = clean_text(sent.get(f"{prefix}discount", ""))
    try:
        amount = parse_dong(price) if price else None
    except ValueError:
        amount = -1  # the use case says what is wrong with it
    try:
        off = read_percent(discount) if discount else None
    except ValueError:
        off = -1
    return use.LineFacts(
        int(copies[:6]) if copies.isdecimal() else -1 if copies else 1,
        amount,
        off,
        sent.get(f"{prefix}budget_line_id", type=int) or None,
    )


@bp.post("/<int:order_id>/lines")
@door(ORDER_BOOKS)
def change_lines(order_id: int) -> Any:
    """Save what was changed in the titles, or take one off."""
    actor, gone = current_actor(), request.form.get("remove", type=int)
    try:
        with transaction() as session:
            _save_lines(session, actor, order_id, gone)
    except IlsError as error:
        if error.status in (403, 404):
            raise
        return _page(order_id, sentence_for(error), error.status)
    flash(_("The titles were saved."), "ok")
    return redirect(url_for("orders.show", order_id=order_id))


def _save_lines(session: Session, actor: Actor, order_id: int, gone: int | None = None) -> None:
    use.draft_for(session, actor, order_id)
    for line, _record in use.lines_of(session, order_id):
        prefix = f"line-{line.id}-"
        if line.id == gone:
            use.remove_title(session, actor, line.id)
        elif f"{prefix}copies" in request.form:
            use.change_title(session, actor, line.id, line_facts(prefix))


@bp.post("/<int:order_id>/act")
@door(ORDER_BOOKS)
def act(order_id: int) -> Any:
    """Send an order, take that back, cancel it, revive it, give a draft up, receive it."""
    actor, what = current_actor(), request.form.get("act", "")
    try:
        with transaction() as session:
            address = _do(session, actor, order_id, what)
    except IlsError as error:
        if error.status == 404:
            raise
        return _page(order_id, sentence_for(error), error.status)
    return redirect(address)


def _do(session: Session, actor: Actor, order_id: int, what: str) -> str:
    """Do one act and tell it; return where to go on."""
    here = url_for("orders.show", order_id=order_id)
    if what in ("send", "send_mail"):
        _save_lines(session, actor, order_id)
        sent = use.send_order(session, actor, order_id, _day("dated_on"))
        flash(_("The order is sent under the number %(number)s.", number=sent.number), "ok")
        _warn_overdrawn(session, sent)
        if what == "send_mail":
            _mail(session, actor, order_id)
    elif what == "mail":
        _mail(session, actor, order_id)
    elif what == "back":
        use.take_sending_back(session, actor, order_id)
        flash(_("The order is a draft again; its number stays its own."), "ok")
    elif what == "cancel":
        use.cancel_order(session, actor, order_id, clean_text(request.form.get("reason", "")))
        flash(_("The order is cancelled; nothing more of it is awaited."), "ok")
    elif what == "revive":
        use.revive_order(session, actor, order_id)
        flash(_("The order stands again; what is missing is awaited."), "ok")
    elif what == "receive":
        made = receive_order(session, actor, order_id)
        flash(
            _("A voucher was begun with all that is missing. Type its number, then what came."),
            "ok",
        )
        return url_for("stockbook.head", voucher_id=made.id)
    elif what == "delete":
        use.delete_order(session, actor, order_id)
        flash(_("The order is given up."), "ok")
        return url_for("orders.orders")
    else:
        use.order_for(session, actor, order_id)
    return here


def _mail(session: Session, actor: Actor, order_id: int) -> None:
    made = mail_order(session, actor, order_id)
    flash(_("The order goes to %(address)s by e-mail.", address=made.address), "ok")


def _warn_overdrawn(session: Session, order: PurchaseOrder) -> None:
    lines = [line for line, _record in use.lines_of(session, order.id)]
    used = [budget for budget, _lines in use.budgets_used(session, lines)]
    for budget in used:
        left = standings_of(session, [budget])[budget.id].left
        if left < 0:
            said = _(
                "Budget line %(name)s is overdrawn by %(over)s.",
                name=budget.name,
                over=dong(-left),
            )
            flash(said, "warn")


def _day(name: str) -> Any:
    typed = clean_text(request.form.get(name, ""))
    try:
        return parse_day(typed) if typed else None
    except ValueError as error:
        raise Invalid("order_day_impossible", field=name) from error


@bp.get("/<int:order_id>/order.pdf", endpoint="paper")
@bp.get("/<int:order_id>/order.xlsx", endpoint="sheet")
@door(ORDER_BOOKS)
def paper(order_id: int) -> Response:
    """Return the order as the supplier gets it."""
    with reading() as session, force_locale("vi"):
        order = use.order_for(session, current_actor(), order_id)
        name = f"don-dat-mua-{order.number.replace('/', '-') or order_id}"
        if request.path.endswith(".pdf"):
            return as_file(papers.order_pdf(session, order), f"{name}.pdf", PDF)
        return as_file(listing_xlsx(papers.order_listing(session, order)), f"{name}.xlsx", XLSX)
