"""The page of dated rates: card fees, exemptions, prices, amnesties; set at a unit, inherited."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from circulation.money.rates import (
    EDIT_RATES,
    end_rate,
    rates_at,
    set_amnesty,
    set_card_fee,
    set_exemption,
    set_price,
)
from circulation.money.views.told import typed_amount, typed_day
from circulation.money.words import CARD_KINDS, OCCASIONS
from circulation.patrons.models import PatronCategory
from circulation.permissions import GIVE_AMNESTY, VIEW_FEES
from ils.core import clock
from ils.core.db import reading, transaction
from ils.core.errors import IlsError, Invalid, NotFound
from ils.org.models import OrgUnit
from ils.org.units import unit_names
from ils.web.admin import units_of_actor
from ils.web.door import current_actor, door
from ils.web.errors import sentence_for

bp = Blueprint(
    "money_rates", __name__, url_prefix="/staff/money/rates", template_folder="../templates"
)


@bp.get("/")
@door(VIEW_FEES)
def show() -> str:
    """Show the rates at a unit: its own and those it inherits."""
    return _page()


def _unit(session: Session) -> tuple[OrgUnit, list[OrgUnit]]:
    choices = units_of_actor(session, VIEW_FEES)
    wanted = request.values.get("unit", type=int)
    mine = current_actor().library_id if wanted is None else wanted
    found = next((one for one in choices if one.id == mine), None)
    if found is None and wanted is not None:
        raise NotFound("unit_unknown", unit_id=wanted)
    if not choices:
        current_actor().require(VIEW_FEES)
    return found or choices[0], choices


def _page(problem: str = "", which: str = "") -> str:
    with reading() as session:
        chosen, choices = _unit(session)
        categories = session.execute(
            select(PatronCategory.code, PatronCategory.name).order_by(PatronCategory.order)
        )
        return render_template(
            "money/rates.html",
            unit=chosen,
            units=choices,
            names=unit_names(session),
            fees=rates_at(session, "card_fee", chosen.id),
            exemptions=rates_at(session, "exemption", chosen.id),
            prices=rates_at(session, "price", chosen.id),
            amnesties=rates_at(session, "amnesty", chosen.id),
            categories=[(code, name) for code, name in categories],
            card_kinds=CARD_KINDS,
            occasions=OCCASIONS,
            may_edit=current_actor().can(EDIT_RATES, chosen),
            may_forgive=current_actor().can(GIVE_AMNESTY, chosen),
            today=clock.today(),
            typed=request.form,
            problem=problem,
            which=which,
        )


@bp.post("/")
@door(VIEW_FEES)
def change() -> Any:
    """Set a rate, or let one end."""
    which, act = request.form.get("which", ""), request.form.get("act", "set")
    with reading() as session:
        chosen, _choices = _unit(session)
    doing = _end if act == "end" else SETTERS.get(which)
    if doing is None:
        raise NotFound("rate_unknown")
    try:
        with transaction() as session:
            doing(session, chosen.id)
    except IlsError as error:
        if error.status in (403, 404):
            raise
        return _page(sentence_for(error), which), error.status
    flash(_("Saved."), "ok")
    return redirect(url_for("money_rates.show", unit=chosen.id, _anchor=which))


def _end(session: Session, _unit_id: int) -> None:
    yesterday = clock.today() - timedelta(days=1)
    end_rate(
        session,
        current_actor(),
        which=request.form.get("which", ""),
        rate_id=request.form.get("rate", 0, type=int),
        last_day=typed_day("last_day", empty=yesterday),
    )


def _number(name: str) -> int | None:
    text = request.form.get(name, "").strip()
    if not text:
        return None
    if not text.isdecimal() or len(text) > 3:
        raise Invalid("age_unreadable", field=name)
    return int(text)


def _days() -> dict[str, Any]:
    return {
        "valid_from": typed_day("valid_from", empty=clock.today()),
        "valid_to": typed_day("valid_to"),
    }


def _card_fee(session: Session, unit_id: int) -> None:
    set_card_fee(
        session,
        current_actor(),
        unit_id=unit_id,
        amount=typed_amount(),
        resolution=request.form.get("resolution", ""),
        card_kind=request.form.get("card_kind", ""),
        category=request.form.get("category", ""),
        occasion="replacement" if request.form.get("occasion") == "replacement" else "annual",
        **_days(),
    )


def _exemption(session: Session, unit_id: int) -> None:
    set_exemption(
        session,
        current_actor(),
        unit_id=unit_id,
        name=request.form.get("name", ""),
        resolution=request.form.get("resolution", ""),
        age_below=_number("age_below"),
        age_from=_number("age_from"),
        **_days(),
    )


def _price(session: Session, unit_id: int) -> None:
    set_price(
        session,
        current_actor(),
        unit_id=unit_id,
        name=request.form.get("name", ""),
        measure=request.form.get("measure", "")[:20],
        amount=typed_amount(),
        decision=request.form.get("decision", "")[:120],
        **_days(),
    )


def _amnesty(session: Session, unit_id: int) -> None:
    first = typed_day("from_on", empty=clock.today())
    set_amnesty(
        session,
        current_actor(),
        unit_id=unit_id,
        decision=request.form.get("decision", "")[:120],
        decided_on=typed_day("decided_on", empty=clock.today()),
        from_on=first,
        to_on=typed_day("to_on", empty=first),
        children_only=request.form.get("children_only") == "1",
    )


SETTERS: dict[str, Callable[[Session, int], None]] = {
    "card_fee": _card_fee,
    "exemption": _exemption,
    "price": _price,
    "amnesty": _amnesty,
}
