"""All lending values of one item type and patron category on a page, and the words for values.

A box left empty is inherited; each value of the result names the row it comes from.
"""

from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.models import ItemType
from circulation.models import PolicyRow
from circulation.patrons.models import PatronCategory
from circulation.permissions import EDIT_POLICY, VIEW_POLICY
from circulation.policies import policy_for, set_policy_row
from circulation.rules.policy import FieldAbout, policy_fields, to_json
from ils.core.db import reading, transaction
from ils.core.errors import IlsError, NotFound
from ils.org.models import OrgUnit
from ils.org.units import unit_names
from ils.web.admin import units_of_actor
from ils.web.door import current_actor, door
from ils.web.errors import sentence_for
from ils.web.forms import parse_day, parse_dong

bp = Blueprint("policies", __name__, url_prefix="/staff/rules", template_folder="../templates")

MONEY = (
    *("per_day", "cap", "patron_cap", "round_to", "deposit", "limit_owed", "loss_band_1"),
    *("loss_band_2", "loss_fixed", "loss_price_unknown", "loss_processing"),
)


def _lists(session: Session) -> tuple[list[ItemType], list[PatronCategory]]:
    types = session.scalars(select(ItemType).order_by(ItemType.order, ItemType.code))
    categories = session.scalars(select(PatronCategory).order_by(PatronCategory.order))
    return list(types), list(categories)


def _unit(session: Session, permission: str) -> tuple[OrgUnit, list[OrgUnit]]:
    choices = units_of_actor(session, permission)
    wanted = request.args.get("unit", type=int) or current_actor().library_id
    found = next((u for u in choices if u.id == wanted), None)
    if found is None and request.args.get("unit"):
        raise NotFound("unit_unknown", unit_id=wanted)
    return found or choices[0], choices


@bp.route("/row", methods=["GET", "POST"])
@door(VIEW_POLICY)
def row() -> Any:
    """Edit the values set at a unit for one item type and category."""
    item_type, category = request.args.get("item_type", ""), request.args.get("category", "")
    with reading() as session:
        chosen, _choices = _unit(session, VIEW_POLICY)
        present = session.scalar(
            select(PolicyRow).where(
                PolicyRow.unit_id == chosen.id,
                PolicyRow.item_type == item_type,
                PolicyRow.category == category,
            )
        )
    problems: dict[str, str] = {}
    if request.method == "POST":
        problems = _save(chosen, item_type, category)
        if not problems:
            flash(_("The rule was saved. Loans already made keep the values they had."), "ok")
            return redirect(url_for("rulebook.matrix", unit=chosen.id))
    with reading() as session:
        types, categories = _lists(session)
        page = render_template(
            "circulation/policies_row.html",
            unit=chosen,
            names=unit_names(session),
            item_type=next((t for t in types if t.code == item_type), None),
            category=next((c for c in categories if c.code == category), None),
            type_names={t.code: t.name for t in types},
            category_names={c.code: c.name for c in categories},
            groups=_groups(),
            own=dict(present.values) if present else {},
            resolved=policy_for(session, chosen.id, item_type, category),
            problems=problems,
            typed=request.form,
            may_edit=current_actor().can(EDIT_POLICY, chosen),
            words=field_words(),
            money=MONEY,
        )
    return page, 422 if problems else 200


def _groups() -> dict[str, list[FieldAbout]]:
    groups: dict[str, list[FieldAbout]] = {}
    for about in policy_fields().values():
        groups.setdefault(about.group, []).append(about)
    return groups


def _save(chosen: OrgUnit, item_type: str, category: str) -> dict[str, str]:
    values: dict[str, Any] = {}
    problems: dict[str, str] = {}
    with reading() as session:
        shown = policy_for(session, chosen.id, item_type, category).policy
    for name, about in policy_fields().items():
        is_own = f"own:{name}" in request.form
        is_empty = about.type not in (bool, tuple) and not request.form.get(name, "").strip()
        if is_empty and not is_own:
            continue
        try:
            value = _read(about)
        except ValueError:
            problems[name] = _("This value could not be read.")
            continue
        if is_own or not _is_same(value, getattr(shown, name)):  # a value changed is meant
            values[name] = value
    if problems:
        return problems
    try:
        with transaction() as session:
            set_policy_row(
                session,
                current_actor(),
                unit_id=chosen.id,
                item_type=item_type,
                category=category,
                values=to_json(values),
            )
    except IlsError as error:
        problems[error.facts.get("field", "")] = sentence_for(error)
    return problems


def _is_same(typed: Any, shown: Any) -> bool:
    return set(typed) == set(shown) if isinstance(typed, tuple) else bool(typed == shown)


def _read(about: FieldAbout) -> Any:
    typed = request.form.get(about.name, "").strip()
    if about.type is bool:
        return about.name in request.form
    if about.type is tuple:
        return tuple(request.form.getlist(about.name))
    if not typed:
        if about.optional:
            return None
        raise ValueError(about.name)
    if about.type is date:
        return parse_day(typed)
    if about.type is int:
        return parse_dong(typed) if about.name in MONEY else int(typed)
    return typed


def field_words() -> dict[str, str]:
    """Return the words a librarian knows each value by."""
    return {
        "loanable": _("May be borrowed"),
        "loan_days": _("Loan period (days)"),
        "loan_count": _("Days are counted as"),
        "fixed_due": _("Fixed due date"),
        "ceiling": _("Never due later than"),
        "within_card": _("Due before the card ends"),
        "max_manual_days": _("Longest period typed by hand (days)"),
        "limit_total": _("Items on loan at once"),
        "limit_kind": _("Items of this type at once"),
        "reading_room": _("May be read in the reading room"),
        "limit_reading_room": _("Items in the reading room at once"),
        "min_age": _("From the age of"),
        "deposit": _("Deposit needed (đồng)"),
        "consent_needed": _("A child needs the guardian's consent"),
        "when_wanted": _("When others wait for the title"),
        "renew_limit": _("Renewals"),
        "renew_base": _("A renewal counts from"),
        "renew_when_overdue": _("Overdue loans may be renewed"),
        "renew_max_days_late": _("up to so many days late"),
        "renew_from_days_before": _("Renewal from so many days before the due date"),
        "renew_with_expired_card": _("Renew with an expired card"),
        "penalty": _("Penalty for lateness"),
        "per_day": _("Fine per day (đồng)"),
        "skip_closed": _("Closed days are free"),
        "grace": _("Days of grace"),
        "grace_mode": _("After the days of grace"),
        "cap": _("Highest fine per loan (đồng)"),
        "cap_to_price": _("Never more than the price"),
        "patron_cap": _("Highest open fines per patron (đồng)"),
        "round_to": _("Rounded down to (đồng)"),
        "suspend_factor": _("Days without borrowing per day late"),
        "suspend_max": _("Longest suspension (days)"),
        "suspend_adds_up": _("Suspensions add up"),
        "holdable": _("May be reserved"),
        "limit_holds": _("Holds at once"),
        "limit_holds_day": _("Holds a day"),
        "limit_slips": _("Books from the stack at once"),
        "hold_on_available": _("Reserve also what stands on the shelf"),
        "hold_with_copy": _("Reserve with a copy on loan"),
        "pickup_open_days": _("Days on the hold shelf (open days)"),
        "pull_open_days": _("Days to fetch from the shelf (open days)"),
        "local_first_days": _("Days for patrons collecting here first"),
        "limit_owed": _("May owe (đồng)"),
        "limit_overdue": _("May have overdue items"),
        "limit_overdue_days": _("May be so many days late"),
        "limit_lost": _("May have lost items unsettled"),
        "borrow_stopped_by": _("Borrowing is stopped by"),
        "renew_stopped_by": _("Renewing is stopped by"),
        "hold_stopped_by": _("Reserving is stopped by"),
        "capture_stopped_by": _("Holds are passed over by"),
        "loss_rule": _("A lost item is compensated by"),
        "loss_band_1": _("Cheap items: price up to (đồng)"),
        "loss_percent_1": _("cheap items cost so many percent of the price"),
        "loss_band_2": _("Items of middle price: up to (đồng)"),
        "loss_percent_2": _("items of middle price cost so many percent"),
        "loss_percent": _("Dearer items cost so many percent of the price"),
        "loss_fixed": _("Fixed sum for a lost item (đồng)"),
        "loss_price_unknown": _("Price where none is known (đồng)"),
        "loss_processing": _("Processing fee of a lost item (đồng)"),
        "loss_ways": _("The patron may compensate with"),
        "lost_after_days": _("Proposed as lost after so many days overdue"),
        "loss_when_paid": _("Found again after it was paid: the money"),
        "loss_refund_days": _("Nothing is given back after so many days"),
        # choices
        "price": _("its price"),
        "fixed": _("a fixed sum"),
        "same_book": _("the same book"),
        "payout": _("is paid back with a receipt"),
        "credit": _("stands to the patron's credit"),
        "keeps_paid": _("is not given back"),
        "calendar": _("calendar days"),
        "open": _("open days"),
        "refuse": _("refuse"),
        "ask": _("ask"),
        "allow": _("allow"),
        "today": _("today"),
        "due": _("the old due date"),
        "money": _("money"),
        "days": _("days without borrowing"),
        "none": _("none"),
        "forgive": _("all late days are charged"),
        "free": _("days of grace stay free"),
        "owed": _("debts"),
        "overdue": _("overdue items"),
        "overdue_days": _("days late"),
        "lost": _("lost items"),
        # groups
        "group:loan": _("Lending"),
        "group:renew": _("Renewing"),
        "group:fine": _("Late returns"),
        "group:hold": _("Holds"),
        "group:block": _("Blocks"),
        "group:loss": _("Lost items"),
    }
