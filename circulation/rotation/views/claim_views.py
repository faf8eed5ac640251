"""What a point pays for missing copies, in the browser."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, redirect, request, url_for

from circulation.desk import DeskResult, perform
from circulation.money.views.told import sent_key, sentence_of, tell, typed_amount
from circulation.permissions import REVERSE, TAKE_PAYMENT
from circulation.rotation.claims import take_back_point_payment, take_point_payment
from circulation.rotation.views.views import page_of
from ils.core.errors import IlsError
from ils.web.door import current_actor, door
from ils.web.errors import sentence_for

bp = Blueprint("rotation_claims", __name__, url_prefix="/staff/rotation")


@bp.post("/<int:box_id>/pay")
@door(TAKE_PAYMENT)
def pay(box_id: int) -> Any:
    """Take what the point pays."""
    return _done(
        box_id,
        lambda: perform(
            take_point_payment,
            current_actor(),
            box_id=box_id,
            amount=typed_amount(),
            payer=request.form.get("payer", "")[:100],
            method=request.form.get("method", "cash"),
            key=sent_key(),
        ),
    )


@bp.post("/<int:box_id>/take-back")
@door(REVERSE)
def take_back(box_id: int) -> Any:
    """Take a payment back."""
    return _done(
        box_id,
        lambda: perform(
            take_back_point_payment,
            current_actor(),
            box_id=box_id,
            receipt_id=request.form.get("receipt", 0, type=int),
            reason_text=request.form.get("reason", ""),
            key=sent_key(),
        ),
    )


def _done(box_id: int, do: Callable[[], DeskResult]) -> Any:
    try:
        result = do()
    except IlsError as error:
        if error.status in (403, 404):
            raise
        return page_of(box_id, sentence_for(error), error.status)
    if not result.ok:
        return page_of(box_id, sentence_of(result), 409)
    tell(result)
    return redirect(url_for("rotation.show", box_id=box_id) + "#settle")
