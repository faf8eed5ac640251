"""'Why?': a due date, a fine or a refusal explained, each value with where it was set."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from flask import Blueprint, render_template
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.models import Item, ItemType, Record
from circulation.models import DeskCommand, Loan
from circulation.patrons.models import PatronCategory
from circulation.permissions import USE_DESK
from circulation.views.policies import MONEY, field_words
from circulation.why import why_due, why_fine, why_policy
from ils.core.db import reading
from ils.core.errors import NotFound
from ils.core.money import dong
from ils.org.units import unit, unit_names
from ils.web.door import current_actor, door
from ils.web.i18n import language

bp = Blueprint("why", __name__, url_prefix="/staff/desk/why", template_folder="../templates")

DUE: Final = ("loan_days", "loan_count", "fixed_due", "ceiling", "within_card")
FINE: Final = ("penalty", "per_day", "skip_closed", "grace", "grace_mode", "cap", "cap_to_price")
# The values that decide on a reason; other reasons follow from facts, not from a rule.
DECIDED_BY: Final[Mapping[str, tuple[str, ...]]] = {
    "not_lent_to_category": ("loanable",),
    "not_read_here": ("reading_room",),
    "limit_reading_room": ("limit_reading_room",),
    "take_home_of_reading_room": ("loanable",),
    "limit_total": ("limit_total",),
    "limit_kind": ("limit_kind",),
    "age_limit": ("min_age",),
    "deposit_missing": ("deposit",),
    "consent_missing": ("consent_needed",),
    "wanted_by_others": ("when_wanted",),
    "manual_due_far": ("max_manual_days",),
    "owed_over": ("limit_owed", "borrow_stopped_by", "renew_stopped_by", "hold_stopped_by"),
    "overdue_over": ("limit_overdue", "borrow_stopped_by", "renew_stopped_by", "hold_stopped_by"),
    "overdue_days_over": (
        "limit_overdue_days",
        "borrow_stopped_by",
        "renew_stopped_by",
        "hold_stopped_by",
    ),
    "lost_unsettled": ("limit_lost", "borrow_stopped_by", "renew_stopped_by", "hold_stopped_by"),
    "suspended": ("penalty", "suspend_factor", "suspend_max"),
    "limit_reached": ("renew_limit",),
    "renewal_wanted": ("when_wanted",),
    "card_expires": ("renew_with_expired_card",),
    "overdue_too_long": ("renew_when_overdue", "renew_max_days_late"),
    "too_early": ("renew_from_days_before",),
    "no_gain": ("renew_base", "loan_days", "ceiling", "within_card"),
    "nothing_holdable": ("holdable",),
    "item_not_holdable": ("holdable",),
    "limit_holds": ("limit_holds",),
    "limit_holds_day": ("limit_holds_day",),
    "has_copy_on_loan": ("hold_with_copy",),
    "available_here": ("hold_on_available",),
}


@dataclass(frozen=True)
class RuleLine:
    """One value in words, with the words for where it was set."""

    rule: str
    value: str
    origin: str


@bp.get("/<int:loan_id>")
@door(USE_DESK)
def loan(loan_id: int) -> str:
    """Explain a due date and a running fine."""
    with reading() as session:
        found = session.get(Loan, loan_id)
        if found is None or not current_actor().can(USE_DESK, unit(session, found.branch_id)):
            raise NotFound("loan_unknown")
        due, fine = why_due(session, loan_id), why_fine(session, loan_id)
        words = _Words(session)
        return render_template(
            "circulation/why_loan.html",
            loan=found,
            record=session.get_one(Record, found.record_id),
            item=session.get_one(Item, found.item_id),
            due=due,
            fine=fine,
            due_rules=words.lines(DUE, due["values"], due["origins"]),
            fine_rules=words.lines(FINE, due["values"], due["origins"]),
            names=words.units,
        )


@bp.get("/answer/<key>")
@door(USE_DESK)
def answer(key: str) -> str:
    """Explain what was said to a scan: for each reason the values that decided it."""
    with reading() as session:
        said = session.get(DeskCommand, key)
        if said is None or said.unit_id is None:
            raise NotFound("answer_unknown")
        if not current_actor().can(USE_DESK, unit(session, said.unit_id)):
            raise NotFound("answer_unknown")
        reasons = said.result.get("reasons", [])
        about, lent = said.result.get("patron"), said.result.get("item")
        if not (about and reasons):
            raise NotFound("answer_unknown")
        item = session.get(Item, lent["id"]) if lent else None
        kind = item.item_type if item else ""
        found = why_policy(session, said.unit_id, kind, about["category"])
        values = {name: one["value"] for name, one in found.items()}
        origins = {name: one["origin"] for name, one in found.items() if one["origin"]}
        words = _Words(session)
        return render_template(
            "circulation/why_answer.html",
            patron=about,
            about=lent,
            place=words.units.get(said.unit_id, ""),
            kind=words.types.get(kind, kind),
            category=words.categories.get(about["category"], about["category"]),
            decided=[
                (one, words.lines(DECIDED_BY.get(one["code"], ()), values, origins))
                for one in reasons
            ],
            every=words.lines(values, values, origins),
        )


class _Words:
    """Says values and where they were set as a librarian would."""

    def __init__(self, session: Session) -> None:
        names = "name" if language() == "vi" else "name_en"
        self.fields = field_words()
        self.units = unit_names(session)
        self.types = {
            t.code: getattr(t, names) or t.name for t in session.scalars(select(ItemType))
        }
        categories = session.scalars(select(PatronCategory))
        self.categories = {c.code: getattr(c, names) or c.name for c in categories}

    def lines(
        self, wanted: Iterable[str], values: Mapping[str, Any], origins: Mapping[str, Any]
    ) -> list[RuleLine]:
        """Return the values wanted, in the order given."""
        return [
            RuleLine(
                self.fields.get(name, name),
                self._value(name, values[name]),
                self._origin(origins.get(name)),
            )
            for name in wanted
            if name in values
        ]

    def _value(self, name: str, value: Any) -> str:
        if value is None:
            return str(_("no limit"))
        if isinstance(value, bool):
            return str(_("yes") if value else _("no"))
        if isinstance(value, list | tuple):
            return ", ".join(self.fields.get(str(one), str(one)) for one in value) or str(_("none"))
        if name in MONEY:
            return dong(value)
        if name in ("fixed_due", "ceiling"):
            return date.fromisoformat(value).strftime("%d/%m/%Y")
        return self.fields.get(str(value), str(value))

    def _origin(self, origin: Mapping[str, Any] | None) -> str:
        if origin is None:
            return str(_("the program's default"))
        kind = self.types.get(origin["item_type"], origin["item_type"])
        category = self.categories.get(origin["category"], origin["category"])
        pair = " × ".join(filter(None, (kind, category)))
        name = self.units.get(origin["unit_id"], "")
        return f"{name} ({pair})" if pair else name
