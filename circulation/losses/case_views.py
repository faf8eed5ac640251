"""One loan, one copy, one case: what may be done with it, and the paper the reader signs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage

from cataloging.models import Item, Record
from circulation.checkin import check_in
from circulation.desk import DeskResult, perform, require_approval
from circulation.facts import item_at_desk
from circulation.fees import take_payment, waive
from circulation.losses import claims, damage, lost, papers, words
from circulation.losses.models import Claim, Loss
from circulation.losses.undoing import last_undoable
from circulation.models import Loan
from circulation.patrons.cards import active_card
from circulation.patrons.models import Patron
from circulation.permissions import DECIDE_LOSSES, HANDLE_LOSSES, TAKE_PAYMENT, WAIVE
from circulation.policies import branch, policy_for, require_within
from circulation.sentences import detail_sentence, headline_sentence, reason_sentence
from circulation.views.holds import new_key, tell
from ils.core import clock
from ils.core.db import reading, transaction
from ils.core.errors import IlsError, NotFound, Refused
from ils.org.units import unit_names
from ils.printing.pdf import typst_pdf
from ils.web.door import current_actor, door
from ils.web.errors import sentence_for
from ils.web.forms import parse_day, parse_dong

bp = Blueprint("losses_case", __name__, url_prefix="/staff/losses", template_folder="templates")

PAPER = Path(__file__).with_name("print") / "minutes.typ"
Said = tuple[str, list[str]]
CANCELS = {"cancel": lost.cancel_loss, "cancel_damage": damage.cancel_damage}


# --- a loan ----------------------------------------------------------------------------------


@bp.route("/loan/<int:loan_id>", methods=["GET", "POST"])
@door(HANDLE_LOSSES)
def loan(loan_id: int) -> Any:
    """Show what a loan costs if its copy is lost, and record a loss or a claim."""
    actor, said = current_actor(), None
    if request.method == "POST":
        with reading() as session:
            item_id = claims.loan_for(session, actor, loan_id).item_id
        said, result = _attempt(lambda: _loan_act(loan_id, item_id))
        if result is not None and result.ok:
            tell(result)
            loss_id = result.facts.get("loss_id")
            if loss_id is not None:
                return redirect(url_for("losses_case.show", loss_id=loss_id))
            return redirect(url_for("losses_case.loan", loan_id=loan_id))
    with reading() as session:
        found = claims.loan_for(session, actor, loan_id)
        item = session.get_one(Item, found.item_id)
        patron = session.get(Patron, found.patron_id) if found.patron_id else None
        at = branch(session, found.branch_id)
        category = patron.category if patron is not None else ""
        page = render_template(
            "losses/loan.html",
            loan=found,
            item=item,
            record=session.get_one(Record, found.record_id),
            patron=patron,
            reckoned=lost.reckon(at, item, category),
            rules=_origins(session, found.branch_id, item.item_type, category),
            claims=session.scalars(
                select(Claim).where(Claim.loan_id == loan_id).order_by(Claim.id.desc())
            ).all(),
            cases=session.scalars(
                select(Loss).where(Loss.loan_id == loan_id).order_by(Loss.id.desc())
            ).all(),
            claims_before=claims.claims_of(session, patron.id) if patron is not None else 0,
            names=unit_names(session),
            last=last_undoable(session, actor),
            said=said,
            typed=request.form,
            today=clock.today(),
            may_decide=actor.can_somewhere(DECIDE_LOSSES),
            words=words,
            key=new_key(),
        )
    return page, 422 if said else 200


def _loan_act(loan_id: int, item_id: int) -> DeskResult:
    form, word = request.form, request.form.get("act", "")
    key = f"{form.get('key') or new_key()}-{word}"[:80]
    day = parse_day(form["on"]) if form.get("on", "").strip() else None
    note = form.get("note", "")
    if word in ("returned", "never_had"):
        return perform(
            claims.make_claim,
            current_actor(),
            loan_id=loan_id,
            kind=word,
            on=day,
            note=note,
            key=key,
        )
    way = form.get("way", "money")
    return perform(
        lost.declare_lost,
        current_actor(),
        item_id=item_id,
        way=way if way in words.WAYS else "money",
        on=day,
        note=note,
        key=key,
    )


def _origins(session: Session, unit_id: int, item_type: str, category: str) -> list[Any]:
    """Return the values that decide on compensation, each with the unit that set it."""
    found = policy_for(session, unit_id, item_type, category)
    names = unit_names(session)
    return [
        (name, getattr(found.policy, name), names.get(row.unit_id, "") if row else "")
        for name in ("loss_rule", "loss_price_unknown", "loss_processing", "loss_ways")
        for row in (found.origins.get(name),)
    ]


# --- a copy ----------------------------------------------------------------------------------


@bp.route("/item/<int:item_id>", methods=["GET", "POST"])
@door(HANDLE_LOSSES)
def item(item_id: int) -> Any:
    """Record damage to a copy, or that it is lost though nobody has it on loan."""
    actor, said = current_actor(), None
    if request.method == "POST":
        with reading() as session:
            _item_for(session, item_id)
        said, result = _attempt(lambda: _item_act(item_id))
        if result is not None and result.ok:
            tell(result)
            return redirect(url_for("losses_case.show", loss_id=result.facts["loss_id"]))
    with reading() as session:
        _item_for(session, item_id)
        at_desk = item_at_desk(session, item_id)
        if at_desk.loan is not None:
            return redirect(url_for("losses_case.loan", loan_id=at_desk.loan.id))
        last = damage.last_loan_of(session, item_id)
        reader = session.get(Patron, last.patron_id) if last and last.patron_id else None
        where = branch(session, last.branch_id if last else at_desk.item.branch_id)
        page = render_template(
            "losses/item.html",
            at_desk=at_desk,
            item=at_desk.item,
            last=last,
            reader=reader,
            card=active_card(session, reader.id) if reader is not None else None,
            rates=damage.damage_rates(session, where.library_id),
            most=lost.reckon(where, at_desk.item, reader.category if reader else "").amount,
            said=said,
            typed=request.form,
            today=clock.today(),
            words=words,
            may_decide=actor.can_somewhere(DECIDE_LOSSES),
            key=new_key(),
        )
    return page, 422 if said else 200


def _item_for(session: Session, item_id: int) -> Item:
    found = session.get(Item, item_id)
    unknown = NotFound("item_unknown", item_id=item_id)
    if found is None:
        raise unknown
    require_within(session, current_actor(), HANDLE_LOSSES, found.branch_id, unknown)
    return found


def _item_act(item_id: int) -> DeskResult:
    form, actor = request.form, current_actor()
    word = form.get("act", "")
    key = f"{form.get('key') or new_key()}-{word}"[:80]
    if word == "lost":
        why = form.get("why", "").strip()
        lifted = dict.fromkeys(("lost_in_transit", "lost_on_shelf_for"), why) if why else {}
        return perform(
            lost.declare_lost, actor, item_id=item_id, way="none", overrides=lifted, key=key
        )
    typed = form.get("amount", "").strip()
    photo = request.files.get("photo")
    return perform(
        damage.record_damage,
        actor,
        item_id=item_id,
        loan_id=form.get("loan", type=int) if form.get("asked") else None,
        rate_ids=form.getlist("rate", type=int),
        amount=parse_dong(typed) if typed else None,
        way="same_book" if form.get("way") == "same_book" else "money",
        lifecycle=form.get("lifecycle", "damaged"),
        note=form.get("note", ""),
        photo=photo.read() if isinstance(photo, FileStorage) and photo.filename else b"",
        key=key,
    )


# --- a case ----------------------------------------------------------------------------------


@bp.get("/case/<int:loss_id>")
@door(HANDLE_LOSSES)
def show(loss_id: int) -> str:
    """Show a case of loss or damage with what is open of it and what may be done."""
    actor = current_actor()
    with reading() as session:
        case = lost.case_for(session, actor, loss_id)
        owed = lost.owed_on(session, case)
        payer = lost.payer_of(session, case)
        return render_template(
            "losses/case.html",
            case=case,
            item=session.get_one(Item, case.item_id),
            record=session.get_one(Record, session.get_one(Item, case.item_id).record_id),
            loan=session.get(Loan, case.loan_id) if case.loan_id else None,
            patron=session.get(Patron, payer) if payer else None,
            owed=owed,
            open=sum(left for _entry, left in owed) if case.state == "open" else 0,
            replacement=session.get(Item, case.replacement_item_id)
            if case.replacement_item_id
            else None,
            names=unit_names(session),
            words=words,
            last=last_undoable(session, actor),
            may_decide=actor.can_somewhere(DECIDE_LOSSES),
            may_take=actor.can_somewhere(TAKE_PAYMENT),
            may_waive=actor.can_somewhere(WAIVE),
            key=new_key(),
        )


@bp.post("/case/<int:loss_id>")
@door(HANDLE_LOSSES)
def act(loss_id: int) -> Any:
    """Do what a button says to a case."""
    with reading() as session:
        lost.case_for(session, current_actor(), loss_id)
    said, result = _attempt(lambda: _case_act(loss_id))
    if result is not None and result.ok:
        tell(result)
    elif said:
        flash(" ".join([said[0], *said[1]]), "bad")
    return redirect(url_for("losses_case.show", loss_id=loss_id))


def _case_act(loss_id: int) -> DeskResult:
    form, actor, word = request.form, current_actor(), request.form.get("act", "")
    key = f"{form.get('key') or new_key()}-{word}"[:80]
    why = form.get("why", "").strip()
    if word == "bring":
        return perform(
            lost.bring_copy,
            actor,
            loss_id=loss_id,
            barcode=form.get("barcode", ""),
            note=why,
            key=key,
        )
    if word in CANCELS:
        return perform(CANCELS[word], actor, loss_id=loss_id, reason_text=why, key=key)
    if word == "on_shelf":
        with reading() as session:
            number = lost.number_of(session, loss_id)
        return perform(check_in, actor, barcode=number, from_shelf=True, key=key)
    if word == "pay_back":
        return perform(lost.pay_back_found, actor, loss_id=loss_id, key=key)
    if word in words.MONEY:
        return perform(lost.decide_money, actor, loss_id=loss_id, money=word, key=key)
    with reading() as session:
        case = lost.case_for(session, actor, loss_id)
        owed = [(entry.id, left) for entry, left in lost.owed_on(session, case) if left]
        payer = lost.payer_of(session, case) or 0
    if not owed:
        raise Refused("loss_state")
    if word == "waive":
        for entry_id, _left in owed:
            result = perform(
                waive,
                actor,
                patron_id=payer,
                entry_id=entry_id,
                reason_text=why,
                key=f"{key}-{entry_id}"[:80],
            )
        return result
    return perform(
        take_payment,
        actor,
        patron_id=payer,
        amount=sum(left for _id, left in owed),
        chosen=[entry_id for entry_id, _left in owed],
        post_running=False,
        key=key,
    )


@bp.get("/case/<int:loss_id>/minutes.pdf")
@door(HANDLE_LOSSES)
def minutes(loss_id: int) -> Response:
    """Return the minutes the reader signs; A5, or A4 where asked for."""
    size = "a4" if request.args.get("size") == "a4" else "a5"
    with reading() as session:
        case = lost.case_for(session, current_actor(), loss_id)
        data = papers.minutes_data(session, current_actor(), case)
    answer = Response(typst_pdf(PAPER, {**data, "size": size}), mimetype="application/pdf")
    answer.headers["Content-Disposition"] = f'inline; filename="bien-ban-{loss_id}.pdf"'
    return answer


# --- the list of damages ---------------------------------------------------------------------


@bp.route("/damages", methods=["GET", "POST"])
@door(DECIDE_LOSSES)
def rates() -> Any:
    """Show the library's list of damages, and add a line to it."""
    actor, problem = current_actor(), ""
    library_id = actor.library_id or 0
    if request.method == "POST":
        form = request.form
        try:
            amount, percent = form.get("amount", "").strip(), form.get("percent", "").strip()
            with transaction() as session:
                damage.add_rate(
                    session,
                    actor,
                    library_id=library_id,
                    name=form.get("name", ""),
                    amount=parse_dong(amount) if amount else None,
                    percent=int(percent) if percent else None,
                )
            return redirect(url_for("losses_case.rates"))
        except ValueError:
            problem = _("This is not a number.")
        except IlsError as error:
            if error.status in (403, 404):
                raise
            problem = sentence_for(error)
    with reading() as session:
        page = render_template(
            "losses/rates.html",
            rates=damage.damage_rates(session, library_id),
            problem=problem,
            typed=request.form,
        )
    return page, 422 if problem else 200


@bp.post("/damages/<int:rate_id>")
@door(DECIDE_LOSSES)
def end_rate(rate_id: int) -> Any:
    """Take a line off the list of damages."""
    with transaction() as session:
        damage.end_rate(session, current_actor(), rate_id)
    return redirect(url_for("losses_case.rates"))


def _attempt(do: Callable[[], DeskResult]) -> tuple[Said | None, DeskResult | None]:
    """Do an act; return what it said no with, so that the page keeps what was typed."""
    try:
        result = do()
    except ValueError:
        return (_("A date or an amount could not be read."), []), None
    except IlsError as error:
        if error.status in (403, 404):
            raise
        return (sentence_for(error), []), None
    if result.ok:
        return None, result
    if request.form.get("why", "").strip():  # it was said why; only the right is missing
        require_approval(result)
    lines = [reason_sentence(one["code"], one["facts"]) for one in result.reasons]
    lines += [detail_sentence(one["code"], one["facts"]) for one in result.details]
    return (headline_sentence(result.code, result.facts), lines), result
