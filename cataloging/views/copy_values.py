"""The values of a copy's boxes in words: branches, collections and kinds by name."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.models import Collection, ItemType
from cataloging.views.base import english
from cataloging.views.words import shown_value
from ils.org.units import unit_names

Said = Callable[[str, Any], str]


def values_said(session: Session) -> Said:
    """Return what words a value of a copy's box: ``said("branch_id", 7)``."""
    units = unit_names(session)
    shelves = {one.id: f"{one.code} · {one.name}" for one in session.scalars(select(Collection))}
    kinds = {
        one.code: (one.name_en or one.name) if english() else one.name
        for one in session.scalars(select(ItemType))
    }

    def said(box: str, value: Any) -> str:
        if box == "collection_id" and value is not None:
            return shelves.get(value, str(value))
        if box == "item_type":
            return kinds.get(value, str(value))
        return shown_value(box, value, units)

    return said
