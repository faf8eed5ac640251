"""Does the catalogue have this record already? By number first, then by title, author and year.

In this order: control number with the name of its source (001 with 003); a valid ISBN or ISSN; the
normal form of title, author and year. A control number without a source counts only where the
title is the same too, since every system numbers from 1. Numbers without their check digit count
for nothing. A record without title, author or year to match by is known by its whole content, which
its projection digests.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.marc.project import CONTENT_MARK, Projection
from cataloging.models import Record, RecordIdentifier

Key = tuple[str, str]  # rule, value

RULES: Final = ("control", "isbn", "issn", "title", "content")


@dataclass(frozen=True)
class Match:
    """The record found, and by which rule. ``record_id`` below 0 is -1 - place in the chunk."""

    record_id: int
    rule: str


def keys_of(seen: Projection) -> list[Key]:
    """Return what a record can be matched by, the strongest first."""
    keys: list[Key] = []
    if seen.control_number:
        source = seen.control_source or f"={seen.title_sort[:80]}"
        keys.append(("control", f"{seen.control_number}|{source}"))
    keys += [("isbn", number) for number in seen.isbns]
    keys += [("issn", number) for number in seen.issns]
    if seen.match_key:
        is_content = seen.match_key.startswith(CONTENT_MARK)
        keys.append(("content" if is_content else "title", seen.match_key))
    return keys


def stored_matches(session: Session, wanted: Iterable[Key]) -> dict[Key, int]:
    """Return which of the keys records of the catalogue have; the oldest record of each."""
    by_rule: dict[str, set[str]] = {}
    for rule, value in wanted:
        by_rule.setdefault(rule, set()).add(value)
    found: dict[Key, int] = {}
    _by_control(session, by_rule.get("control", set()), found)
    for rule in ("isbn", "issn"):
        if values := by_rule.get(rule):
            rows = session.execute(
                select(RecordIdentifier.value, RecordIdentifier.record_id)
                .where(RecordIdentifier.scheme == rule, RecordIdentifier.value.in_(values))
                .order_by(RecordIdentifier.record_id.desc())
            )
            found |= {(rule, value): record_id for value, record_id in rows}
    for rule in ("title", "content"):
        if values := by_rule.get(rule):
            rows = session.execute(
                select(Record.match_key, Record.id)
                .where(Record.match_key != "", Record.match_key.in_(values))
                .where(Record.deleted_at.is_(None))
                .order_by(Record.id.desc())
            )
            found |= {(rule, value): record_id for value, record_id in rows}
    return found


def _by_control(session: Session, values: set[str], found: dict[Key, int]) -> None:
    numbers = {value.rpartition("|")[0] for value in values}
    if not numbers:
        return
    rows = session.execute(
        select(Record.control_number, Record.control_source, Record.title_sort, Record.id)
        .where(Record.control_number.in_(numbers), Record.deleted_at.is_(None))
        .order_by(Record.id.desc())
    )
    for number, source, title, record_id in rows:
        found["control", f"{number}|{source or '=' + title[:80]}"] = record_id


def first_match(keys: Sequence[Key], known: dict[Key, int]) -> Match | None:
    """Return the record the strongest key leads to."""
    for key in keys:
        if key in known:
            return Match(known[key], key[0])
    return None
