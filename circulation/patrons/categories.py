"""The kinds of patrons: a list all libraries of a province share, changed as data."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from circulation.patrons.models import PatronCategory
from ils.accounts.actor import Actor
from ils.accounts.permissions import declare_permission
from ils.core.audit import audit
from ils.core.errors import Invalid, NotFound
from ils.org.models import OrgUnit
from ils.text.normal import fold

EDIT_CATEGORY: Final = declare_permission("patrons:category:edit", "Change the kinds of patrons")
FIRST: Final = Path(__file__).with_name("categories.toml")
LONGEST_CARD: Final = 120  # months


@dataclass(frozen=True)
class CategoryFacts:
    """What is said of a kind of patrons. ``card_months``: how long its cards are valid; ``to_age``:
    the last age at which it fits; ``next_code``: the kind that follows then."""

    name: str
    name_en: str = ""
    child: bool = False
    card_months: int = 12
    to_age: int | None = None
    next_code: str = ""


def first_categories() -> list[dict[str, Any]]:
    """Return the kinds of patrons an installation begins with, as rows of their table."""
    rows: list[dict[str, Any]] = tomllib.loads(FIRST.read_text("utf-8"))["category"]
    return rows


def prepare_categories(session: Session, _library: OrgUnit | None = None) -> None:
    """Give an installation the usual kinds of patrons; those it has stay as they are."""
    for order, row in enumerate(first_categories()):
        if session.get(PatronCategory, row["code"]) is None:
            session.add(PatronCategory(**row, order=order))
    session.flush()


def add_category(session: Session, actor: Actor, facts: CategoryFacts) -> PatronCategory:
    """Add a kind of patrons; its code is made of its name. Raises ``Invalid``."""
    actor.require(EDIT_CATEGORY)
    code = "_".join(fold(facts.name).lower().split())[:30]
    if not code or session.get(PatronCategory, code) is not None:
        raise Invalid("category_taken", field="name", name=facts.name)
    last = session.scalar(select(func.max(PatronCategory.order))) or 0
    made = PatronCategory(code=code, order=last + 1)
    _set(session, made, facts)
    session.add(made)
    session.flush()
    audit(session, actor, "category_added", "patron_category", None, code=code)
    return made


def change_category(
    session: Session, actor: Actor, code: str, facts: CategoryFacts
) -> PatronCategory:
    """Rename a kind of patrons, or change what follows from it for cards given from now on."""
    actor.require(EDIT_CATEGORY)
    found = session.get(PatronCategory, code)
    if found is None:
        raise NotFound("category_unknown", code=code)
    before = {"name": found.name, "child": found.child, "card_months": found.card_months}
    _set(session, found, facts)
    session.flush()
    audit(session, actor, "category_changed", "patron_category", None, code=code, before=before)
    return found


def _set(session: Session, category: PatronCategory, facts: CategoryFacts) -> None:
    if not facts.name.strip():
        raise Invalid("category_unknown", field="name")
    if not 1 <= facts.card_months <= LONGEST_CARD:
        raise Invalid("card_months_wrong", field="card_months", most=LONGEST_CARD)
    if facts.to_age is not None and not 1 <= facts.to_age <= 120:
        raise Invalid("category_age_wrong", field="to_age")
    unknown = facts.next_code and session.get(PatronCategory, facts.next_code) is None
    if unknown or (facts.next_code and facts.next_code == category.code):
        raise Invalid("category_next_wrong", field="next_code")
    category.to_age, category.next_code = facts.to_age, facts.next_code or None
    category.name, category.name_en = facts.name.strip(), facts.name_en.strip()
    category.child, category.card_months = facts.child, facts.card_months
