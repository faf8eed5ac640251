"""Tallies of visits and use, and loans that are open on paper."""

import secrets
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select
from wtforms import StringField
from wtforms.validators import Length

from circulation.checkout import enter_open_loan
from circulation.desk import DeskResult, perform
from circulation.permissions import ENTER_OPEN_LOAN, TALLY
from circulation.sentences import headline_sentence, reason_sentence
from circulation.tallies import count_in_house_use, count_visit
from ils.core import clock
from ils.core.db import reading
from ils.core.errors import IlsError
from ils.core.events import EventRow
from ils.web.door import current_actor, door
from ils.web.errors import sentence_for
from ils.web.forms import DayField, Form, Required

bp = Blueprint("lists", __name__, url_prefix="/staff/lists", template_folder="../templates")


class OpenLoanForm(Form):
    """A loan that is open on paper."""

    card = StringField(_l("Card number"), [Required(), Length(max=40)])
    barcode = StringField(_l("Barcode or accession number"), [Required(), Length(max=60)])
    started_on = DayField(_l("Lent on"), [Required()])
    due_on = DayField(_l("Due on"), [Required()])


def _tell(result: Any) -> None:
    text = headline_sentence(result.code, result.facts)
    reasons = " ".join(reason_sentence(r["code"], r["facts"]) for r in result.reasons)
    tone = {"green": "ok", "amber": "warn", "red": "bad"}[result.tone]
    flash(f"{text} {'' if result.ok else reasons}".strip(), tone)


@bp.route("/tally", methods=["GET", "POST"])
@door(TALLY)
def tally() -> Any:
    """Count visits and in-house use by a tap."""
    actor = current_actor()
    if request.method == "POST":
        what, band = request.form.get("what", "visit"), request.form.get("age_band") or None
        key = request.form.get("key") or f"tally-{secrets.token_hex(8)}"
        typed = request.form.get("quantity", "1").strip()
        quantity = int(typed[:9]) if typed.isdecimal() else 0
        try:
            count = count_visit if what == "visit" else count_in_house_use
            _tell(perform(count, actor, key=key, quantity=quantity, age_band=band))
        except IlsError as error:
            flash(sentence_for(error), "bad")
        return redirect(url_for("lists.tally"))
    with reading() as session:
        rows = session.execute(
            select(EventRow.kind, EventRow.age_band, func.sum(EventRow.quantity))
            .where(
                EventRow.unit_id == actor.unit_id,
                EventRow.effective_on == clock.today(),
                EventRow.kind.in_(("visit_counted", "in_house_use_counted")),
            )
            .group_by(EventRow.kind, EventRow.age_band)
        )
        counts = {(kind, band or ""): int(total) for kind, band, total in rows}
    return render_template(
        "circulation/lists_tally.html", counts=counts, key=lambda: secrets.token_hex(8)
    )


@bp.route("/open-loan", methods=["GET", "POST"])
@door(ENTER_OPEN_LOAN)
def open_loan() -> Any:
    """Enter a loan that is open on paper, with its dates; it is not counted as lending."""
    form = OpenLoanForm()
    status, result = 200, None
    if form.validate_on_submit():
        try:
            result = _enter(form)
        except IlsError as error:
            box = form[error.facts.get("field", "barcode")]
            box.errors = [*box.errors, sentence_for(error)]
            status = error.status
        else:
            if result.ok:
                _tell(result)
                again: dict[str, Any] = {
                    name: request.form[name] for name in ("card", "started_on", "due_on")
                }
                return redirect(url_for("lists.open_loan", **again))
            status = 409
    elif request.method == "POST":
        status = 422
    else:
        form.card.data = request.args.get("card", "")
        form.started_on.raw_text = request.args.get("started_on", "")
        form.due_on.raw_text = request.args.get("due_on", "")
    page = render_template(
        "circulation/lists_open_loan.html", form=form, result=result, key=secrets.token_hex(8)
    )
    return page, status


def _enter(form: OpenLoanForm) -> DeskResult:
    return perform(
        enter_open_loan,
        current_actor(),
        barcode=form.barcode.data,
        card=form.card.data,
        started_on=form.started_on.data or clock.today(),
        due_on=form.due_on.data or clock.today(),
        key=request.form.get("key") or f"paper-{secrets.token_hex(8)}",
    )
