"""Finding records by a number: barcode or accession number of a copy, control number.

Answered by the database, not the index: copies change hands all day and a number typed is exact.
"""

import re
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.models import Barcode, Item, Record
from cataloging.numbers import accession_key
from ils.text.typing_keys import barcode_readings

MOST: Final = 50

_NUMBER: Final = re.compile(r"[^\W\d_]{0,8}[\s.\-/:]{0,2}(?:\d+[.\-/]?)+[^\W\d_]{0,3}")
_NAMED: Final = re.compile(r"^\s*(?:số\s+)?(?:đkcb|dkcb|mã vạch|ma vach|barcode)\s*:?\s*", re.I)


def copy_number(typed: str) -> tuple[str, bool]:
    """Return a query as a copy's number, and whether it can be nothing else.

    ``("", False)`` when it is none. A bare short number may be a title (*1984*): not certain.
    """
    text = _NAMED.sub("", typed).strip()
    named = text != typed.strip()
    if not text or len(text) > 40 or not any(char.isdigit() for char in text):
        return "", False
    if not named and not _NUMBER.fullmatch(text) and (" " in text or text.isascii()):
        return "", False
    digits = sum(char.isdigit() for char in text)
    return text, named or any(char.isalpha() for char in text) or digits > 5


def records_of_number(session: Session, number: str, *, hidden: bool = False) -> tuple[int, ...]:
    """Return the records whose copies bear a barcode or accession number, typed in any way, or,
    where there are none, those with this control number. ``hidden``: suppressed ones as well.
    """
    readings = barcode_readings(number)
    by_barcode = (
        select(Item.record_id)
        .join(Barcode, Barcode.item_id == Item.id)
        .where(Barcode.value.in_(readings))
    )
    keys = [key for reading in readings[:8] if (key := accession_key(reading))]
    by_accession = select(Item.record_id).where(Item.accession_key.in_(keys))
    found = dict.fromkeys(session.scalars(by_barcode.limit(MOST)))
    found |= dict.fromkeys(session.scalars(by_accession.order_by(Item.id).limit(MOST)))
    if not found:
        controlled = Record.control_number.in_({number, number.upper()})
        found = dict.fromkeys(session.scalars(select(Record.id).where(controlled).limit(MOST)))
    living = select(Record.id).where(Record.id.in_(found), Record.deleted_at.is_(None))
    if not hidden:
        living = living.where(Record.suppressed.is_(False))
    kept = set(session.scalars(living))
    return tuple(one for one in found if one in kept)
