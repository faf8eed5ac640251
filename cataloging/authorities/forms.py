"""What the search needs of the authorities: other forms of a record's headings, references."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session, aliased

from cataloging.authorities.browse import Reference, Seen, see_also_of
from cataloging.authorities.described import words_key
from cataloging.authorities.models import (
    KINDS,
    PROVINCE,
    Authority,
    Heading,
    RecordHeading,
)
from cataloging.authorities.rows import near_form
from cataloging.models import Record
from ils.text.normal import is_marked

AT_ONCE: Final = 500
MOST_LED_TO: Final = 6
# Which part of the index the forms of a field belong to, by its first figure.
_PARTS: Final = {"1": "author", "6": "subject", "7": "author", "8": "series"}


def other_forms(session: Session, record_ids: Sequence[int]) -> dict[int, list[tuple[str, str]]]:
    """Return, for the index, the other forms of the headings of records: part, text.

    A form that is one authority's heading is not led to others that have it as a variant.
    """
    if session.scalar(select(Authority.id).limit(1)) is None:
        return {}
    own, other = aliased(Heading), aliased(Heading)
    rows = session.execute(
        select(RecordHeading.record_id, RecordHeading.tag, own.key, own.kind, own.role, other.text)
        .join(own, own.key == RecordHeading.key)
        .join(other, other.authority_id == own.authority_id)
        .join(Record, Record.id == RecordHeading.record_id)
        .where(RecordHeading.record_id.in_(record_ids), other.key != own.key)
        .where(or_(own.scope == PROVINCE, own.scope == Record.owner_id))
    ).all()
    preferred = {(row[0], row[2]) for row in rows if row[4] == "preferred"}
    found: dict[int, list[tuple[str, str]]] = {}
    for record_id, tag, key, kind, role, text in rows:
        if role == "variant" and (record_id, key) in preferred:
            continue
        is_title = kind == "title" and tag[0] in "17"
        part = "title" if is_title else _PARTS.get(tag[0], "subject")
        found.setdefault(record_id, []).append((part, text))
    return found


def records_with_forms(session: Session, keys: Collection[int]) -> Iterator[int]:
    """Yield the records that have any of these forms."""
    every = sorted(keys)
    for start in range(0, len(every), AT_ONCE):
        yield from session.scalars(
            select(RecordHeading.record_id)
            .where(RecordHeading.key.in_(every[start : start + AT_ONCE]))
            .distinct()
        )


@dataclass(frozen=True)
class Guide:
    """What to tell a reader who typed a form: the heading it leads to, and what else to see."""

    typed: str
    heading: str
    kind: str
    heading_id: int
    authority_id: int
    is_variant: bool
    see_also: tuple[Reference, ...] = ()


def guides_for(session: Session, typed: str, seen: Seen) -> list[Guide]:
    """Return where a query leads that is nothing but a form of a heading."""
    typed = typed.strip().strip('"“”')
    if not typed or len(typed) > 200:
        return []
    exact = Heading.key.in_({words_key(kind, typed) for kind in KINDS})
    rows = _led_to(session, exact, seen)
    if not rows and not is_marked(typed) and (near := near_form(typed)):
        # Typed without marks: every heading it may be, variants and all.
        rows = _led_to(session, and_(Heading.kind.in_(KINDS), Heading.near == near), seen)
    found = []
    for form, main in rows:
        see_also = tuple(see_also_of(session, [main.authority_id or 0], seen))
        if form.role == "variant" or see_also:
            is_variant = form.role == "variant"
            found.append(
                Guide(
                    *(form.text, main.text, main.kind, main.id, main.authority_id or 0),
                    is_variant,
                    see_also,
                )
            )
    return found


def _led_to(session: Session, which: ColumnElement[bool], seen: Seen) -> Sequence[Any]:
    """Return forms with the preferred form of their authority, a few."""
    preferred = aliased(Heading)
    return session.execute(
        select(Heading, preferred)
        .join(
            preferred,
            (preferred.authority_id == Heading.authority_id) & (preferred.role == "preferred"),
        )
        .where(which, Heading.scope.in_(seen.scopes))
        .order_by(preferred.filing)
        .limit(MOST_LED_TO)
    ).all()
