"""Boxes in the browser: the lists, one box from packing to its end."""

from collections.abc import Callable
from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from cataloging.items import collections_of, registers_of
from circulation.money.views.told import new_key
from circulation.money.words import METHODS
from circulation.permissions import REVERSE, TAKE_PAYMENT, WAIVE
from circulation.receipts import receipt_name
from circulation.rotation import arriving, claims, giving, lists, moving, returning, undoing, words
from circulation.rotation import boxes as use
from circulation.rotation.boxes import MANAGE
from circulation.rotation.figures import link_of, new_link
from circulation.rotation.models import Consignment, RotationPoint
from ils.core import clock
from ils.core.db import reading, transaction
from ils.core.errors import IlsError, NotFound
from ils.org.units import library_of, unit_names
from ils.web.door import current_actor, door
from ils.web.errors import sentence_for
from ils.web.forms import parse_day, parse_dong
from ils.web.pages import Page, page_number

bp = Blueprint(
    "rotation",
    __name__,
    url_prefix="/staff/rotation",
    template_folder="../templates",
    static_folder="../static",
    static_url_path="/static",
)

SIZE = 50


def asked() -> lists.Asked:
    """Return what the address asks for; what is no day or number is left aside."""
    which = request.args.get("which", "out")
    return lists.Asked(
        library_id=current_actor().library_id or 0,
        which=which if which in lists.WHICH else "out",
        point_id=request.args.get("point", type=int),
        kind=request.args.get("kind", ""),
        first=_day_asked("first"),
        last=_day_asked("last"),
        sort=request.args.get("sort", ""),
    )


def _day_asked(name: str) -> date | None:
    try:
        return parse_day(request.args[name]) if request.args.get(name, "").strip() else None
    except ValueError:
        return None


@bp.get("/")
@door(MANAGE)
def boxes() -> Any:
    """Show the boxes of the library worked at, by state."""
    wanted = asked()
    with reading() as session:
        found = lists.box_numbered(session, wanted, request.args.get("number", ""))
        if found is not None:
            return redirect(url_for("rotation.show", box_id=found))
        total = lists.how_many(session, wanted)
        number = page_number(request.args.get("page"))
        rows = lists.boxes_of(session, wanted, limit=SIZE, offset=(number - 1) * SIZE)
        points = lists.points_of(session, wanted.library_id)
        return render_template(
            "rotation/boxes.html",
            asked=wanted,
            rows=rows,
            counts=lists.counts_of(session, wanted.library_id),
            page=Page(number, SIZE, total, rows),
            points=[(one.id, one.name) for one in points],
            typed=request.args,
            words=words,
        )


@bp.route("/new", methods=["GET", "POST"])
@door(MANAGE)
def new() -> Any:
    """Begin a box, empty or with what an earlier one held."""
    actor, problem, status = current_actor(), "", 200
    if request.method == "POST":
        try:
            with transaction() as session:
                point_id = request.form.get("point", 0, type=int)
                box = use.open_box(session, actor, point_id, request.form.get("note", ""))
                earlier = request.form.get("like", type=int)
                if earlier:
                    ids = use.copies_of_box(session, actor, earlier)
                    _tell_packed(*use.pack_chosen(session, actor, box_id=box.id, item_ids=ids))
            return redirect(url_for("rotation.show", box_id=box.id))
        except IlsError as error:
            problem, status = sentence_for(error), error.status
    with reading() as session:
        library_id = actor.library_id or 0
        page = render_template(
            "rotation/new.html",
            points=[(p.id, p.name) for p in lists.points_of(session, library_id, active=True)],
            earlier=[(b.id, b.number) for b in lists.earlier_boxes(session, library_id)],
            typed=request.values,
            problem=problem,
        )
    return page, status


def _tell_packed(put: int, left: int) -> None:
    text = _("%(put)s copies are in the box.", put=put)
    if left:
        text += " " + _("%(left)s could not be packed: lent, awaited or elsewhere.", left=left)
    flash(text, "warn" if left else "ok")


# --- one box ---------------------------------------------------------------------------------


def seen(session: Session, box_id: int) -> tuple[Consignment, RotationPoint, bool]:
    """Return a box with its point, and whether it is the library's own (else lent to it)."""
    box, point = use.box_for(session, current_actor(), box_id, receiver=True, lock=False)
    return box, point, box.library_id == current_actor().library_id


@bp.get("/<int:box_id>")
@door(MANAGE)
def show(box_id: int) -> Any:
    """Show a box: what is in it, what comes next, its papers."""
    return page_of(box_id)


def page_of(box_id: int, problem: str = "", status: int = 200, again: bool = False) -> Any:
    """Show a box, with what was refused and all that was typed."""
    with reading() as session:
        box, point, mine = seen(session, box_id)
        rows = lists.sheet_of_box(session, box)
        out = lists.with_proposals(session, box) if box.state == "sent" else []
        there = library_of(session, point.branch_id).id if point.branch_id else None
        earlier = session.get(Consignment, box.from_id) if box.from_id else None
        return render_template(
            "rotation/show.html",
            box=box,
            point=point,
            mine=mine,
            rows=rows,
            out=out,
            extras=lists.extras_of(session, box.id),
            never_came=lists.not_arrived(session, box),
            mark=lists.mark_of(session, box),
            claim=claims.claim_of(session, box),
            receipt_name=receipt_name,
            methods=METHODS,
            key=new_key(),
            may_take=mine and current_actor().can(TAKE_PAYMENT),
            may_waive=mine and current_actor().can(WAIVE),
            may_reverse=mine and current_actor().can(REVERSE),
            earlier=earlier,
            to_enter=not mine and box.state == "given",
            outside=there != box.library_id,
            registers=_registers(session) if not mine and box.state == "given" else [],
            link=_address(link_of(box)),
            names=unit_names(session),
            problem=problem,
            again=again,
            typed=request.form,
            today=clock.today(),
            words=words,
        ), status


def _registers(session: Session) -> list[tuple[int, str]]:
    found = registers_of(session, current_actor().library_id or 0)
    return [(one.id, one.name) for one in found]


def _address(token: str) -> str:
    return url_for("point_page.show", token=token, _external=True) if token else ""


@bp.post("/<int:box_id>")
@door(MANAGE)
def act(box_id: int) -> Any:
    """Do what a button of the page says; refused, the page keeps what was typed."""
    word = request.form.get("act", "")
    if word not in _ACTS:
        raise NotFound("box_unknown")
    try:
        with transaction() as session:
            said = _ACTS[word](session, box_id)
    except NotFound:
        raise
    except IlsError as error:
        return page_of(box_id, sentence_for(error), error.status, error.code == "box_same_again")
    except ValueError:
        return page_of(box_id, _("This is not a date or amount. Nothing was changed."), 422)
    if said:
        flash(said, "ok")
    page = "rotation_scans.arrival" if request.form.get("from") == "arrival" else "rotation.show"
    return redirect(url_for(page, box_id=box_id))


def day_typed(name: str) -> date:
    """Return a day typed into a form. Raises ``ValueError``."""
    return parse_day(request.form.get(name, ""))


def _text(name: str) -> str:
    return request.form.get(name, "").strip()[:120]


def _send(session: Session, box_id: int) -> str:
    actor = current_actor()
    use.send_box(
        session,
        actor,
        box_id=box_id,
        due_on=day_typed("due_on"),
        seal=_text("seal")[:40],
        handed_by=_text("handed_by") or actor.name,
        taken_by=_text("taken_by"),
        again=request.form.get("again") == "1",
    )
    new_link(session, actor, box_id=box_id)
    return str(_("The box has left. Print the list and the minutes for both signatures."))


def _receive(session: Session, box_id: int) -> str:
    """The copies are those typed, or those that were scanned."""
    box, point = use.box_for(session, current_actor(), box_id, receiver=True)
    scanned = request.form.get("scanned") == "1"
    copies = None if scanned else request.form.get("copies", -1, type=int)
    arriving.receive_box(
        session, current_actor(), box=box, point=point, copies=copies, taken_by=_text("taken_by")
    )
    absent = len(lists.not_arrived(session, box))
    if absent:
        return str(_("The point has the box; %(count)s copies were missing.", count=absent))
    return str(_("The point has the box."))


def _close(session: Session, box_id: int) -> str:
    absent = request.form.get("missing") == "1"
    lost = [line for line in request.form.getlist("lost", type=int) if absent]
    returning.close_box(
        session,
        current_actor(),
        box_id=box_id,
        seal_back=_text("seal_back")[:40],
        missing=absent,
        lost=lost,
    )
    return str(_("The return of the box is closed. Print the minutes for both signatures."))


def _settle(session: Session, box_id: int) -> str:
    amount = _text("amount")
    claims.settle_box(
        session,
        current_actor(),
        box_id=box_id,
        paper=request.form.get("paper", ""),
        amount=parse_dong(amount) if amount else None,
    )
    return str(_("Noted."))


def _let_off(session: Session, box_id: int) -> str:
    claims.let_off(
        session,
        current_actor(),
        box_id=box_id,
        amount=parse_dong(_text("amount")),
        paper=request.form.get("paper", ""),
    )
    return str(_("The point is let off."))


def _enter(session: Session, box_id: int) -> str:
    register = request.form.get("register", type=int)
    made = giving.enter_given(session, current_actor(), box_id=box_id, register_id=register)
    return str(_("%(count)s copies are in our books now.", count=len(made)))


def _plain(use_case: Callable[..., Any], said: Callable[[], str], **fixed: str) -> Any:
    """Make an act of a use case that needs nothing typed but, perhaps, the id of a line."""

    def doing(session: Session, box_id: int) -> str:
        named = {name: request.form.get(field, 0, type=int) for name, field in fixed.items()}
        use_case(session, current_actor(), box_id=box_id, **named)
        return said()

    return doing


def _extend(session: Session, box_id: int) -> str:
    moving.extend_box(session, current_actor(), box_id=box_id, due_on=day_typed("due_on"))
    return str(_("The point may keep the box longer."))


def _give(session: Session, box_id: int) -> str:
    giving.give_box(session, current_actor(), box_id=box_id, decision=_text("decision"))
    return str(_("The copies stay with the point for good."))


_ACTS: dict[str, Callable[[Session, int], str]] = {
    "send": _send,
    "receive": _receive,
    "close": _close,
    "settle": _settle,
    "enter": _enter,
    "let_off": _let_off,
    "let_off_undone": _plain(
        claims.take_back_let_off, lambda: _("It is owed again."), payment_id="payment"
    ),
    "extend": _extend,
    "give": _give,
    "cancel": _plain(use.cancel_box, lambda: _("The box was given up; its copies are free.")),
    "unsend": _plain(undoing.unsend, lambda: _("The box is open again.")),
    "unreceive": _plain(undoing.unreceive, lambda: _("The receipt was taken back.")),
    "reopen": _plain(undoing.reopen_box, lambda: _("The return goes on.")),
    "take_back_gift": _plain(undoing.take_back_gift, lambda: _("The gift was taken back.")),
    "link": _plain(new_link, lambda: _("There is a new link; the old one opens nothing.")),
    "unpack": _plain(use.unpack, lambda: _("Taken out of the box."), line_id="line"),
    "untick": _plain(undoing.untick, lambda: _("The copy is out again."), line_id="line"),
    "not_there": _plain(
        arriving.not_there, lambda: _("Taken back: it was not there."), line_id="line"
    ),
    "drop": _plain(returning.drop_extra, lambda: _("Taken away."), extra_id="extra"),
}


# --- other ways in and on --------------------------------------------------------------------


@bp.route("/<int:box_id>/choose", methods=["GET", "POST"])
@door(MANAGE)
def choose(box_id: int) -> Any:
    """Choose copies from the shelves; what the point has never had comes first."""
    actor = current_actor()
    if request.method == "POST":
        with transaction() as session:
            ids = request.form.getlist("items", type=int)
            codes = request.form.get("codes", "").split("\n")
            listed, unknown = use.find_listed(session, actor, box_id, codes)
            put, left = use.pack_chosen(session, actor, box_id=box_id, item_ids=[*ids, *listed])
            _tell_packed(put, left)
        if unknown:
            flash(_("Unknown numbers: %(codes)s", codes=", ".join(unknown[:20])), "bad")
        return redirect(url_for("rotation.show", box_id=box_id))
    begins = request.args.get("begins", "").strip()[:40]
    collection = request.args.get("collection", type=int)
    with reading() as session:
        box, point = use.box_for(session, actor, box_id, "draft", lock=False)
        found = use.free_for(session, box, begins=begins, collection_id=collection)
        return render_template(
            "rotation/choose.html",
            box=box,
            point=point,
            rows=use.titled(session, found),
            before=use.held_before(session, point.id, except_box=box.id),
            collections=[(one.id, one.name) for one in collections_of(session, box.library_id)],
            typed=request.args,
        )


@bp.route("/<int:box_id>/move", methods=["GET", "POST"])
@door(MANAGE)
def move(box_id: int) -> Any:
    """Hand what the point has on to the next point."""
    actor, problem, status, again = current_actor(), "", 200, False
    if request.method == "POST":
        try:
            with transaction() as session:
                after = moving.move_on(
                    session,
                    actor,
                    box_id=box_id,
                    point_id=request.form.get("point", 0, type=int),
                    due_on=day_typed("due_on"),
                    seal=_text("seal")[:40],
                    handed_by=_text("handed_by"),
                    taken_by=_text("taken_by"),
                    absent=request.form.getlist("absent", type=int),
                    again=request.form.get("again") == "1",
                )
                new_link(session, actor, box_id=after.id)
            flash(_("The copies are at the next point, as box %(box)s.", box=after.number), "ok")
            return redirect(url_for("rotation.show", box_id=after.id))
        except NotFound:
            raise
        except ValueError:
            problem, status = _("This is not a date or amount. Nothing was changed."), 422
        except IlsError as error:
            problem, status = sentence_for(error), error.status
            again = error.code == "box_same_again"
    with reading() as session:
        box, point = use.box_for(session, actor, box_id, "sent", lock=False)
        others = lists.points_of(session, box.library_id, active=True)
        page = render_template(
            "rotation/move.html",
            box=box,
            point=point,
            rows=lists.sheet_of_box(session, box, "out"),
            points=[(one.id, one.name) for one in others if one.id != point.id],
            typed=request.form,
            problem=problem,
            again=again,
        )
    return page, status
