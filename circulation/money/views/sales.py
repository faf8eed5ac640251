"""Selling from the price list, to a patron or to somebody without a card."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy.orm import Session

from circulation.desk import perform
from circulation.fees import reverse_sale
from circulation.money.rates import EDIT_RATES, offers
from circulation.money.sales import sell
from circulation.money.tills import NEEDED, till_held
from circulation.money.views.told import new_key, sent_key, sentence_of, tell
from circulation.money.words import METHODS
from circulation.notices.receipts import goes_to
from circulation.patrons.cards import card_by_number
from circulation.patrons.models import Patron
from circulation.patrons.patrons import patron_for
from circulation.permissions import REVERSE, TAKE_PAYMENT, VIEW_FEES
from ils.core import clock
from ils.core.db import reading
from ils.core.errors import IlsError, Invalid
from ils.org.settings import setting
from ils.web.door import current_actor, door
from ils.web.errors import sentence_for

bp = Blueprint(
    "money_sales", __name__, url_prefix="/staff/money/sale", template_folder="../templates"
)


@bp.get("/")
@door(TAKE_PAYMENT)
def sale() -> str:
    """Show what is for sale."""
    return _page()


def _page(problem: str = "") -> str:
    actor = current_actor()
    here = actor.unit_id or 0
    receipt_id = request.args.get("receipt", type=int)
    with reading() as session:
        patron = _patron(session)
        return render_template(
            "money/sale.html",
            offers=offers(session, here, clock.today()) if here else [],
            patron=patron,
            methods=METHODS,
            receipt_id=receipt_id,
            mailed=goes_to(session, patron, receipt_id),
            till=till_held(session, actor.staff_id, here),
            till_needed=setting(session, here, NEEDED) if here else False,
            may_edit=actor.can_somewhere(EDIT_RATES),
            typed=request.form,
            problem=problem,
            key=new_key(),
        )


def _patron(session: Session) -> Patron | None:
    wanted = request.values.get("patron", type=int)
    return patron_for(session, current_actor(), wanted, VIEW_FEES) if wanted else None


def _buyer(session: Session) -> int | None:
    """Return the patron named in the address, or by the card typed."""
    if known := _patron(session):
        return known.id
    typed = request.form.get("card", "").strip()
    if not typed:
        return None
    return patron_for(session, current_actor(), card_by_number(session, typed).patron_id).id


@bp.post("/")
@door(TAKE_PAYMENT)
def take() -> Any:
    """Sell what was typed."""
    try:
        with reading() as session:
            patron_id = _buyer(session)
        result = perform(
            sell,
            current_actor(),
            quantities=_quantities(),
            patron_id=patron_id,
            payer=request.form.get("payer", ""),
            method=request.form.get("method", "cash"),
            pay_now=request.form.get("act") != "later" or patron_id is None,
            key=sent_key(),
        )
    except IlsError as error:
        if error.status == 403:
            raise
        return _page(sentence_for(error)), error.status
    if not result.ok:
        return _page(sentence_of(result)), 409
    tell(result)
    receipt = (result.slip or {}).get("receipt_id")
    return redirect(url_for("money_sales.sale", patron=patron_id, receipt=receipt))


def _quantities() -> dict[int, int]:
    wanted = {}
    for name, text in request.form.items():
        price = name.removeprefix("price-")
        if name == price or not text.strip():
            continue
        if not text.strip().isdecimal() or not price.isdecimal() or len(text) > 6:
            raise Invalid("quantity_wrong", field=name)
        wanted[int(price)] = int(text)
    return wanted


@bp.post("/<int:receipt_id>/reverse")
@door(REVERSE)
def take_back(receipt_id: int) -> Any:
    """Take back a sale to somebody without a card."""
    reason = request.form.get("reason", "").strip()
    try:
        if not reason:
            raise Invalid("reason_missing", field="reason")
        result = perform(
            reverse_sale,
            current_actor(),
            receipt_id=receipt_id,
            reason_text=reason,
            key=sent_key(),
        )
    except IlsError as error:
        if error.status in (403, 404):
            raise
        return _page(sentence_for(error)), error.status
    tell(result)
    return redirect(url_for("money_books.fees"))
