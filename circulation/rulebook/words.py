"""The words of the rules' pages: pairs, values and where they were set, what the lint finds."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.models import ItemType
from circulation.patrons.models import PatronCategory
from circulation.rules.lint import Finding
from circulation.rules.policy import FieldAbout, Row, policy_fields
from circulation.sentences import reason_sentence
from circulation.views.policies import MONEY, field_words
from circulation.views.why import DECIDED_BY
from ils.core.money import dong
from ils.org.units import unit_names
from ils.web.i18n import language

NO_LIMIT = ("-", "–", "∞", "không", "no limit")

# Sentences of the lint; %(…)s come from the facts, already in words.
FINDINGS: dict[str, Any] = {
    "gap": _l(
        "%(value)s: no rule sets it for %(pairs)s kinds of loans (for example %(pair)s at %(unit)s);"
        " the program's own value holds."
    ),
    "unknown_code": _l("This rule is for a type or category that no longer exists."),
    "row_empty": _l("This rule is empty and decides nothing."),
    "row_shadowed": _l("This rule can never decide anything: %(by)s always comes before it."),
    "shadowed": _l("%(value)s can never decide here: %(by)s always comes before it."),
    "same_as_above": _l("%(value)s is the same as what would be inherited without it."),
    "no_rate": _l("Fines are in money, but the rate is 0: nobody is ever charged."),
    "cap_below_rate": _l("The highest fine (%(cap)s) is below the fine of one day (%(rate)s)."),
    "patron_cap_below_rate": _l(
        "The highest open fines of a patron (%(cap)s) are below the fine of one day (%(rate)s)."
    ),
    "cap_rounds_away": _l(
        "The highest fine (%(cap)s) is below the rounding (%(step)s): every fine rounds to nothing."
    ),
    "rate_rounds_away": _l(
        "Fines are rounded down to %(step)s: at %(rate)s a day nothing is charged before day %(days)s."
    ),
    "fine_endless": _l("Fines have no highest amount, nor the price as one."),
    "suspension_endless": _l("A suspension has no longest time."),
    "held_not_lent": _l("It may be reserved, but not borrowed."),
    "pickup_same_day": _l("A hold expires on the very day it is ready."),
    "no_days": _l("The loan period is 0 days: every loan is due the same day."),
    "limit_nothing": _l("The limit is 0: nothing may be borrowed."),
    "no_limit": _l("There is no limit to the items on loan at once."),
    "kind_above_total": _l(
        "%(kind)s of this type are allowed, but only %(total)s in all: the first never decides."
    ),
    "day_above_holds": _l("%(kind)s holds a day are allowed, but only %(total)s at once."),
    "late_days_idle": _l(
        "Overdue loans are not renewed, so “up to so many days late” (%(days)s) means nothing."
    ),
    "stop_without_limit": _l("Borrowing is stopped by %(figure)s, but there is no limit for it."),
    "fixed_due_past": _l("The fixed due date %(day)s has passed; the loan period counts instead."),
    "ceiling_past": _l("The latest due date %(day)s has passed and cuts nothing any more."),
    "fixed_due_closed": _l(
        "The fixed due date %(day)s is a closed day; loans are due on %(becomes)s."
    ),
    "ceiling_closed": _l(
        "The latest due date %(day)s is a closed day; loans are due by %(becomes)s."
    ),
    "fixed_after_ceiling": _l(
        "The fixed due date %(day)s lies after the latest due date %(limit)s, which cuts it."
    ),
    "never_open": _l("The calendar has no open day within %(days)s days: dates stay uncorrected."),
}
_MONEY_FACTS = ("cap", "rate", "step")
_DAY_FACTS = ("day", "becomes", "limit")


class Words:
    """Says pairs, values and origins as a librarian would, in the page's language."""

    def __init__(self, session: Session) -> None:
        name = "name" if language() == "vi" else "name_en"
        self.fields = field_words()
        self.units = unit_names(session)
        types = session.scalars(select(ItemType).order_by(ItemType.order, ItemType.code))
        self.types = {t.code: str(getattr(t, name) or t.name) for t in types}
        categories = session.scalars(select(PatronCategory).order_by(PatronCategory.order))
        self.categories = {c.code: str(getattr(c, name) or c.name) for c in categories}

    def pair(self, item_type: str, category: str) -> str:
        """Say for which loans a rule is."""
        kind = self.types.get(item_type, item_type) or str(_("all item types"))
        people = self.categories.get(category, category) or str(_("all patrons"))
        return f"{kind} × {people}"

    def origin(self, row: Row | None) -> str:
        """Say where a value was set."""
        if row is None:
            return str(_("the program's default"))
        unit = self.units.get(row.unit_id, "")
        if not (row.item_type or row.category):
            return unit
        return f"{unit} ({self.pair(row.item_type, row.category)})"

    def value(self, name: str, value: Any) -> str:
        """Say a value, stored or not."""
        if value is None:
            return str(_("no limit"))
        if isinstance(value, bool):
            return str(_("yes") if value else _("no"))
        if isinstance(value, list | tuple):
            return ", ".join(self.fields.get(str(v), str(v)) for v in value) or str(_("none"))
        if name in MONEY:
            return dong(value)
        if name in ("fixed_due", "ceiling"):
            day = date.fromisoformat(value) if isinstance(value, str) else value
            return str(day.strftime("%d/%m/%Y"))
        return self.fields.get(str(value), str(value))

    def refusal(self, code: str) -> str:
        """Say a reason in short: by the rule that decides it, where one does."""
        decided = DECIDED_BY.get(code, ())
        return self.fields.get(decided[0], code) if decided else reason_sentence(code)

    def finding(self, found: Finding) -> str:
        """Say what the lint found."""
        facts = self._facts(found)
        return str(FINDINGS[found.code]) % facts

    def _facts(self, found: Finding) -> dict[str, Any]:
        given: Mapping[str, Any] = found.facts
        facts: dict[str, Any] = {
            "value": self.fields.get(found.name, found.name),
            "pair": self.pair(found.item_type, found.category),
            "unit": self.units.get(found.unit_id, ""),
            "by": self._by(given),
        }
        for name, fact in given.items():
            if name in _MONEY_FACTS:
                facts[name] = dong(fact)
            elif name in _DAY_FACTS:
                facts[name] = fact.strftime("%d/%m/%Y") if fact else "—"
            elif name == "figure":
                facts[name] = self.fields.get(str(fact), str(fact))
            else:
                facts[name] = fact
        return facts

    def _by(self, given: Mapping[str, Any]) -> str:
        if "by_unit" not in given:
            return str(_("a nearer rule"))
        unit = self.units.get(given["by_unit"], "")
        return f"{unit} ({self.pair(given['by_type'], given['by_category'])})"


def typed(about: FieldAbout, value: Any) -> str:
    """Return a stored value as it stands in its box."""
    if value is None:
        return "∞"
    if isinstance(value, bool):
        return "1" if value else "0"
    if about.type is date:
        return f"{date.fromisoformat(value) if isinstance(value, str) else value:%d/%m/%Y}"
    return f"{value:,}".replace(",", ".") if about.name in MONEY else str(value)


def groups() -> dict[str, list[FieldAbout]]:
    """Return the values by the group of pages they are shown in."""
    found: dict[str, list[FieldAbout]] = {}
    for about in policy_fields().values():
        found.setdefault(about.group, []).append(about)
    return found
