"""What is typed on the pages of acts over many: where copies come from, and what changes."""

from collections.abc import Mapping
from typing import Any, Final

from cataloging.batch.acts.choosing import Source
from cataloging.batch.rules.copies import MAY_BE_EMPTY, PICKED, WRITTEN, Change
from cataloging.views import narrow
from ils.core.errors import Invalid
from ils.web.forms import clean_text, parse_dong

EMPTY: Final = "-"  # of a list to choose from: nothing
NUMBERS: Final = ("branch_id", "collection_id")


def posted_source(sent: Any) -> Source:
    """Read where copies or records come from. Raises ``Invalid`` unless one way was chosen."""
    numbers, words = sent.get("numbers", "").strip(), clean_text(sent.get("q", ""))
    basket_id, filters = sent.get("basket", 0, type=int), narrow.chosen()
    ways = {"numbers": numbers, "search": words or filters, "basket": basket_id}
    chosen = [how for how, what in ways.items() if what]
    if len(chosen) != 1:
        raise Invalid("acts_choose_one" if chosen else "acts_choose", field="numbers")
    return Source(chosen[0], basket_id, words, filters, clean_text(numbers))


def posted_changes(sent: Any) -> tuple[list[Change], list[tuple[str, str]]]:
    """Read what is to be changed, and what is wrong with it: (box, code)."""
    changes, wrong = [], []
    for box in PICKED:
        value = sent.get(box, "")
        if value == EMPTY:
            changes.append(Change(box, "clear"))
        elif value:
            is_number = box in NUMBERS
            changes.append(
                Change(box, "set", int(value) if is_number and value.isdecimal() else value)
            )
            wrong += [(box, "how_unknown")] if is_number and not value.isdecimal() else []
    for box in ("price", *WRITTEN):
        how, text = sent.get(f"how-{box}", ""), clean_text(sent.get(box, "")) or ""
        find = sent.get(f"find-{box}", "")
        if how == "clear":
            changes.append(Change(box, how))
        elif how and box == "price":
            price = _price(text)
            changes.append(Change(box, how, price))
            wrong += [(box, "price_impossible")] if text and price is None else []
        elif how:
            value = sent.get(box, "") if how in ("before", "after", "replace") else text
            changes.append(Change(box, how, value, find))
        elif text or find:
            wrong.append((box, "how_missing"))
    return changes, wrong


def _price(text: str) -> int | None:
    try:
        return parse_dong(text)
    except ValueError:
        return None


def typed_again(changes: list[Change]) -> Mapping[str, str]:
    """Return changes as they were typed, to begin another run with."""
    typed = {}
    for one in changes:
        value = "" if one.value is None else str(one.value)
        if one.box in PICKED:
            typed[one.box] = EMPTY if one.how == "clear" else value
        else:
            typed |= {f"how-{one.box}": one.how, one.box: value, f"find-{one.box}": one.find}
    return typed


__all__ = ["EMPTY", "MAY_BE_EMPTY", "posted_changes", "posted_source", "typed_again"]
