"""Vouchers in the browser: the list, one voucher from its first title to its closing."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from cataloging.hooks import origin_of
from cataloging.models import Record
from cataloging.numbers import numbers_typed
from cataloging.permissions import EDIT_ITEM, EDIT_RECORD
from cataloging.stockbook import lists, words
from cataloging.stockbook import vouchers as use
from cataloging.stockbook.forms import VoucherForm
from cataloging.stockbook.funding import fundings
from cataloging.stockbook.models import Voucher
from cataloging.stockbook.views.typed import sent_twice, title_typed
from cataloging.views.base import show_problem
from ils.core import clock
from ils.core.db import reading, transaction
from ils.core.errors import IlsError
from ils.org.units import unit
from ils.web.door import current_actor, door
from ils.web.errors import sentence_for
from ils.web.forms import clean_text, parse_dong, parse_year
from ils.web.pages import Page, page_number

bp = Blueprint(
    "stockbook",
    __name__,
    url_prefix="/staff/stockbook",
    template_folder="../templates",
    static_folder="../static",
    static_url_path="/static",
)
SIZE = 50


def asked() -> lists.Asked:
    """Return what the address asks of the list of vouchers."""
    return lists.Asked(
        library_id=current_actor().library_id or 0,
        state=request.args.get("state", ""),
        kind=request.args.get("kind", ""),
        words=clean_text(request.args.get("q", "")),
        year=request.args.get("year", type=parse_year),
        sort=request.args.get("sort", ""),
    )


@bp.get("/")
@door(EDIT_ITEM)
def vouchers() -> str:
    """List the vouchers of the library worked at."""
    wanted, number = asked(), page_number(request.args.get("page"))
    with reading() as session:
        rows, total = lists.vouchers_of(session, wanted, limit=SIZE, offset=(number - 1) * SIZE)
        return render_template(
            "stockbook/vouchers.html",
            rows=rows,
            drafted=lists.drafted(session, [row.id for row in rows]),
            page=Page(number, SIZE, total, rows),
            asked=wanted,
            words=words,
        )


@bp.route("/new", methods=["GET", "POST"])
@door(EDIT_ITEM)
def new() -> Any:
    """Begin a voucher, or with ``corrects`` one that puts a closed one right."""
    corrects = request.args.get("corrects", type=int)
    form, status = VoucherForm(), 200
    with reading() as session:
        form.fill_choices(session)
        sources = fundings(session, current_actor().library_id or 0)
        wrong = use.voucher_for(session, current_actor(), corrects) if corrects else None
        if request.method == "GET":
            form.begin(session, current_actor().library_id)
            if wrong is not None:
                _fill(form, wrong)
    if form.validate_on_submit():
        try:
            with transaction() as session:
                made = use.open_voucher(
                    session, current_actor(), form.facts(), corrects_id=corrects
                )
        except IlsError as error:
            status = show_problem(form, error, "number")
        else:
            return redirect(url_for("stockbook.show", voucher_id=made.id))
    elif request.method == "POST":
        status = 422
    shown = {"form": form, "sources": sources, "voucher": None, "wrong": wrong}
    return render_template("stockbook/head.html", **shown), status


@bp.route("/<int:voucher_id>/head", methods=["GET", "POST"])
@door(EDIT_ITEM)
def head(voucher_id: int) -> Any:
    """Change the head of a draft."""
    form, status = VoucherForm(), 200
    with reading() as session:
        form.fill_choices(session)
        voucher = use.voucher_for(session, current_actor(), voucher_id)
        sources = fundings(session, voucher.library_id)
        if request.method == "GET":
            _fill(form, voucher)
            form.total.data, form.note.data = voucher.total, voucher.note
            form.summary_no.data = voucher.summary_no if voucher.kind == "opening" else None
    if form.validate_on_submit():
        try:
            with transaction() as session:
                use.change_voucher(session, current_actor(), voucher_id, form.facts())
        except IlsError as error:
            status = show_problem(form, error, "number")
        else:
            return redirect(url_for("stockbook.show", voucher_id=voucher_id))
    elif request.method == "POST":
        status = 422
    shown = {"form": form, "sources": sources, "voucher": voucher, "wrong": None}
    return render_template("stockbook/head.html", **shown), status


def _fill(form: VoucherForm, voucher: Voucher) -> None:
    for name in ("kind", "number", "dated_on", "source", "address", "funding", "branch_id"):
        form[name].data = getattr(voucher, name)
    form.entered_on.data = voucher.entered_on
    form.item_type.data = voucher.item_type
    form.register_id.data = voucher.register_id or 0
    form.collection_id.data = voucher.collection_id or 0


# --- one voucher -----------------------------------------------------------------------------


@bp.get("/<int:voucher_id>")
@door(EDIT_ITEM)
def show(voucher_id: int) -> Any:
    """Show a voucher: its titles, its sum, what comes next."""
    return _page(voucher_id)


def _page(
    voucher_id: int,
    problem: str = "",
    status: int = 200,
    *,
    matches: list[Record] | None = None,
    unknown: bool = False,
) -> Any:
    with reading() as session:
        actor = current_actor()
        voucher = use.voucher_for(session, actor, voucher_id)
        form = VoucherForm(formdata=None)
        form.fill_choices(session)
        lines = use.lines_of(session, voucher_id)
        return render_template(
            "stockbook/show.html",
            voucher=voucher,
            lines=lines,
            sum=use.sum_of(lines),
            items=use.items_of_voucher(session, voucher_id),
            problem=problem,
            matches=matches or [],
            unknown=unknown,
            typed=request.form,
            choices=form,
            may_reopen=actor.can(EDIT_RECORD, unit(session, voucher.branch_id)),
            corrects=session.get(Voucher, voucher.corrects_id) if voucher.corrects_id else None,
            origin=origin_of(session, voucher_id),
            words=words,
            today=clock.today(),
        ), status


@bp.post("/<int:voucher_id>/add")
@door(EDIT_ITEM)
def add(voucher_id: int) -> Any:
    """Put a title on the voucher by scan, number or title; ask back where it is not clear."""
    typed = title_typed()
    code, chosen, fresh = typed.code, typed.record_id, typed.fresh
    try:
        facts = line_facts("")
        with reading() as session:
            voucher = use.voucher_for(session, current_actor(), voucher_id)
            lines = use.lines_of(session, voucher_id)
            if fresh["title"] and sent_twice(lines, fresh):
                return redirect(url_for("stockbook.show", voucher_id=voucher_id))
            found = [] if chosen or fresh["title"] else use.find_titles(session, code)
            new = None if chosen or found or fresh["title"] else use.new_title_of(lines, code)
        if not chosen and not fresh["title"]:
            if voucher.state == "draft" and len(found) != 1 and new is None:
                return _page(voucher_id, matches=found, unknown=bool(code) and not found)
            chosen = found[0].id if found else None
        with transaction() as session:
            use.add_title(
                session,
                current_actor(),
                voucher_id,
                facts,
                record_id=chosen,
                fresh=None if chosen else new.fresh if new else fresh,
            )
    except IlsError as error:
        return _page(voucher_id, sentence_for(error), error.status, unknown=bool(fresh["title"]))
    return redirect(url_for("stockbook.show", voucher_id=voucher_id))


def line_facts(prefix: str) -> use.LineFacts:
    """Read copies, prices and old numbers of a line from the boxes that begin with a prefix."""
    typed = {
        name: clean_text(request.form.get(prefix + name, ""))
        for name in ("copies", "cover_price", "paid_price", "numbers")
    }
    prices: dict[str, int | None] = {}
    for name in ("cover_price", "paid_price"):
        try:
            prices[name] = parse_dong(typed[name]) if typed[name] else None
        except ValueError:
            prices[name] = -1  # the use case says what is wrong with it
    copies = int(typed["copies"]) if typed["copies"].isdecimal() else -1 if typed["copies"] else 1
    numbers = numbers_typed(typed["numbers"])
    return use.LineFacts(copies, prices["cover_price"], prices["paid_price"], numbers)


@bp.post("/<int:voucher_id>/lines")
@door(EDIT_ITEM)
def change_lines(voucher_id: int) -> Any:
    """Save what was changed in the lines, or take one off."""
    actor, gone = current_actor(), request.form.get("remove", type=int)
    try:
        with transaction() as session:
            use.voucher_for(session, actor, voucher_id)
            own = {line.id: line for line, _record in use.lines_of(session, voucher_id)}
            if gone in own:
                use.remove_title(session, actor, gone)
            for line_id, line in own.items():
                prefix = f"line-{line_id}-"
                if line_id == gone or f"{prefix}copies" not in request.form:
                    continue
                place = (
                    request.form.get(f"{prefix}collection_id", type=int) or None,
                    request.form.get(f"{prefix}register_id", type=int) or None,
                    request.form.get(f"{prefix}item_type", line.item_type),
                )
                use.change_title(session, actor, line_id, line_facts(prefix), place=place)
    except IlsError as error:
        return _page(voucher_id, sentence_for(error), error.status)
    flash(_("The lines were saved."), "ok")
    return redirect(url_for("stockbook.show", voucher_id=voucher_id))


@bp.post("/<int:voucher_id>/act")
@door(EDIT_ITEM)
def act(voucher_id: int) -> Any:
    """Close a voucher, open it again, or strike it out."""
    actor, what = current_actor(), request.form.get("act", "")
    try:
        with transaction() as session:
            left = _do(session, actor, voucher_id, what)
    except IlsError as error:
        return _page(voucher_id, sentence_for(error), error.status)
    if not left:
        return redirect(url_for("stockbook.vouchers"))
    return redirect(url_for("stockbook.show", voucher_id=voucher_id))


def _do(session: Session, actor: Any, voucher_id: int, what: str) -> bool:
    """Do one act and tell it; return whether the voucher is still there."""
    if what == "close":
        in_spite = request.form.get("in_spite") == "1"
        made = use.close_voucher(session, actor, voucher_id, in_spite=in_spite)
        flash(_("The voucher is closed: %(count)s copies were entered.", count=len(made)), "ok")
    elif what == "reopen":
        use.reopen_voucher(session, actor, voucher_id)
        flash(_("The voucher is a draft again; its copies are taken back."), "ok")
    elif what == "strike":
        struck = use.strike_voucher(session, actor, voucher_id)
        flash(_("The voucher is given up."), "ok")
        return struck is not None
    else:
        use.voucher_for(session, actor, voucher_id)
    return True
