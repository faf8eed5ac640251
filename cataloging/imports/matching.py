"""Does the catalogue have this record already? By number first, then by title, author and year.

In this order: control number with the name of its source (001 with 003); a valid ISBN or ISSN; the
normal form of title, author and year. A control number without a source counts only where the
title is the same too, since every system numbers from 1. Numbers without their check digit count
for nothing. A record without title, author or year to match by is known by its whole content, which
its projection digests.

A title met again in another material (the disc of a book, the score of a recording), or with another
valid ISBN, is another title.

What records that were merged were known by leads to the one that stayed, behind what records are
known by now.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.duplicates.merged import where_all_now
from cataloging.duplicates.models import RecordMerge, RecordMergeKey
from cataloging.marc.project import CONTENT_MARK, Projection
from cataloging.models import Record, RecordIdentifier

Key = tuple[str, str]  # rule, value

LONGEST_KEPT: Final = 220
RULES: Final = ("control", "isbn", "issn", "title", "content")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A record that a key leads to. ``record_id`` below 0 is -1 - place in the chunk.

    ``material`` and ``isbns`` are what may speak against it, for keys that prove little.
    """

    record_id: int
    material: str = ""
    isbns: tuple[str, ...] = ()


Candidates = dict[Key, list[Candidate]]  # the oldest record of each key first


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


def remember(known: Candidates, keys: Iterable[Key], record_id: int, seen: Projection) -> None:
    """Add a record to what is known."""
    candidate = Candidate(record_id, seen.material, seen.isbns)
    for key in keys:
        known.setdefault(key, []).append(candidate)


def keep_keys(session: Session, merge: RecordMerge, seen: Projection) -> None:
    """Keep with a merge what one of its records was matched by."""
    isbns = " ".join(seen.isbns)
    session.add_all(
        RecordMergeKey(
            merge_id=merge.id, rule=rule, value=value, material=seen.material, isbns=isbns
        )
        for rule, value in dict.fromkeys(keys_of(seen))
        if len(value) <= LONGEST_KEPT
    )


def stored_matches(session: Session, wanted: Iterable[Key]) -> Candidates:
    """Return which records of the catalogue the keys lead to."""
    by_rule: dict[str, set[str]] = {}
    for rule, value in wanted:
        by_rule.setdefault(rule, set()).add(value)
    found: Candidates = {}
    _by_control(session, by_rule.get("control", set()), found)
    for rule in ("isbn", "issn"):
        if values := by_rule.get(rule):
            rows = session.execute(
                select(RecordIdentifier.value, RecordIdentifier.record_id)
                .where(RecordIdentifier.scheme == rule, RecordIdentifier.value.in_(values))
                .order_by(RecordIdentifier.record_id)
            )
            for value, record_id in rows:
                found.setdefault((rule, value), []).append(Candidate(record_id))
    for rule in ("title", "content"):
        if values := by_rule.get(rule):
            _by_key(session, rule, values, found)
    if session.scalar(select(RecordMergeKey.id).limit(1)) is not None:
        for rule, values in by_rule.items():
            _by_merge(session, rule, values, found)
    return found


def _by_merge(session: Session, rule: str, values: set[str], found: Candidates) -> None:
    """Find by what merged records were known by; leads to where they are now, if it is there."""
    rows = session.execute(
        select(RecordMergeKey, RecordMerge.gone_id)
        .join(RecordMerge, RecordMerge.id == RecordMergeKey.merge_id)
        .where(RecordMergeKey.rule == rule, RecordMergeKey.value.in_(values))
        .where(RecordMerge.undone_at.is_(None))
        .order_by(RecordMergeKey.id)
    ).all()
    now = where_all_now(session, {gone for _, gone in rows})
    live = select(Record.id).where(Record.id.in_(now.values()), Record.deleted_at.is_(None))
    there = set(session.scalars(live)) if now else set()
    for key, gone in rows:
        if (into := now[gone]) in there:
            one = Candidate(into, key.material, tuple(key.isbns.split()))
            found.setdefault((rule, key.value), []).append(one)


def _by_key(session: Session, rule: str, values: set[str], found: Candidates) -> None:
    rows = session.execute(
        select(Record.match_key, Record.id, Record.material)
        .where(Record.match_key != "", Record.match_key.in_(values))
        .where(Record.deleted_at.is_(None))
        .order_by(Record.id)
    ).all()
    isbns: dict[int, list[str]] = {}
    if rule == "title" and rows:
        numbers = select(RecordIdentifier.record_id, RecordIdentifier.value).where(
            RecordIdentifier.scheme == "isbn",
            RecordIdentifier.record_id.in_([record_id for _, record_id, _ in rows]),
        )
        for record_id, number in session.execute(numbers):
            isbns.setdefault(record_id, []).append(number)
    for value, record_id, material in rows:
        candidate = Candidate(record_id, material, tuple(isbns.get(record_id, ())))
        found.setdefault((rule, value), []).append(candidate)


def _by_control(session: Session, values: set[str], found: Candidates) -> None:
    numbers = {value.rpartition("|")[0] for value in values}
    if not numbers:
        return
    rows = session.execute(
        select(Record.control_number, Record.control_source, Record.title_sort, Record.id)
        .where(Record.control_number.in_(numbers), Record.deleted_at.is_(None))
        .order_by(Record.id)
    )
    for number, source, title, record_id in rows:
        key = ("control", f"{number}|{source or '=' + title[:80]}")
        found.setdefault(key, []).append(Candidate(record_id))


def first_match(keys: Sequence[Key], known: Candidates, seen: Projection) -> Match | None:
    """Return the record the strongest key leads to and nothing speaks against."""
    for key in keys:
        for one in known.get(key, ()):
            if key[0] != "title" or not _speaks_against(one, seen):
                return Match(one.record_id, key[0])
    return None


def _speaks_against(one: Candidate, seen: Projection) -> bool:
    if one.material and seen.material and one.material != seen.material:
        return True
    return bool(one.isbns and seen.isbns) and not set(one.isbns).intersection(seen.isbns)
