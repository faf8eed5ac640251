"""The figures of one line of the summary register: copies by kind, class, language, children.

They are counted once, when a line is closed, and kept with it: a book is not counted anew because
somebody gave it another class later.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.models import Collection, Item, Record

AT_ONCE = 500
SERIAL_TYPES = ("serial",)
OTHER_TYPES = ("media",)


def counts_of(session: Session, item_ids: Sequence[int]) -> dict[str, Any]:
    """Return titles, copies, value, and copies by kind, class, language and for children."""
    titles: set[int] = set()
    value = children = 0
    by: dict[str, Counter[str]] = {"kind": Counter(), "class": Counter(), "language": Counter()}
    for start in range(0, len(item_ids), AT_ONCE):
        rows = session.execute(
            select(Item.record_id, Item.price, Item.item_type, Record.material)
            .add_columns(Record.main_class, Record.language, Record.audience)
            .add_columns(Collection.for_children)
            .join(Record, Record.id == Item.record_id)
            .outerjoin(Collection, Collection.id == Item.collection_id)
            .where(Item.id.in_(item_ids[start : start + AT_ONCE]))
        )
        for record_id, price, item_type, material, main_class, language, audience, young in rows:
            titles.add(record_id)
            value += price or 0
            children += bool(young or audience == "child")
            by["kind"][kind_of(item_type, material)] += 1
            by["class"][class_of(main_class)] += 1
            by["language"][language_of(language)] += 1
    return {
        "titles": len(titles),
        "copies": sum(by["kind"].values()),
        "value": value,
        "children": children,
        **{name: dict(sorted(counter.items())) for name, counter in by.items()},
    }


def kind_of(item_type: str, material: str) -> str:
    """Return the column of the register: book, serial, other."""
    if item_type in SERIAL_TYPES or material == "serial":
        return "serial"
    if item_type in OTHER_TYPES or material not in ("book", "serial", "ebook", "article", ""):
        return "other"
    return "book"


def class_of(main_class: str) -> str:
    """Return the hundred of a main class, ``x`` for none."""
    return main_class[0] if main_class[:1].isdecimal() else "x"


def language_of(language: str) -> str:
    """Return the column of a language: vie, eng, fra, rus, chi, other."""
    if language in ("vie", "eng", "fra", "rus", "chi"):
        return language
    return "other" if language else "vie"
