"""Near-equal forms: those that differ in marks, dates, the order of names or one letter.

Looked for at night, and when asked, over all forms; what somebody said are two stay apart. Short
Vietnamese syllables differ in one letter all the time (Lan, Lam), so that a letter counts only
where one of the two words is no Vietnamese syllable.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import delete, func, select, tuple_, update
from sqlalchemy.orm import Session, aliased

from cataloging.authorities.browse import Line, Seen, lines_of
from cataloging.authorities.models import KINDS, PROVINCE, Heading, HeadingPair
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.db import in_parts, reading, transaction
from ils.core.jobs import Progress, breathe, job_kind, periodic
from ils.text.syllables import is_syllable
from ils.text.words import exact_words, folded_words

KIND: Final = "near_headings"
MOST_OF_ONE: Final = 8  # forms without marks that are alike; more are a very common name
WRITTEN_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class _Form:
    key: int
    authority_id: int | None
    near: str
    exact: str
    filing: str


Pair = tuple[int, int, str, str, str]  # low, high, kind, why, filing


def difference(one: str, other: str) -> str:
    """Tell how two forms in exact words differ: dates, marks, order, letter, or '' for much."""
    plain, other_plain = _undated(one), _undated(other)
    if not plain or not other_plain or _of_two_times(one, other):
        return ""
    if plain == other_plain:
        return "dates"
    if _folded(plain) == _folded(other_plain):
        return "marks"
    if sorted(plain.split()) == sorted(other_plain.split()):
        return "order"
    return "letter" if _one_letter(plain, other_plain) else ""


def _of_two_times(one: str, other: str) -> bool:
    """Tell whether both have figures and none in common: two wars, two persons, two standards."""
    figures, others = ({w for w in words.split() if w.isdecimal()} for words in (one, other))
    return bool(figures and others and not figures & others)


def _undated(words: str) -> str:
    return " ".join(w for w in words.split() if not any(c.isdecimal() for c in w))


def _folded(words: str) -> str:
    return folded_words(words)


def _one_letter(one: str, other: str) -> bool:
    a, b = one.split(), other.split()
    if len(a) != len(b):
        return _folded(one).replace(" ", "") == _folded(other).replace(" ", "")
    differing = [(v, w) for v, w in zip(a, b, strict=True) if _folded(v) != _folded(w)]
    if len(differing) != 1 or all(map(is_syllable, differing[0])):
        return False
    x, y = map(_folded, differing[0])
    return min(len(x), len(y)) > 2 and _distance_is_one(x, y)


def _distance_is_one(x: str, y: str) -> bool:
    if len(x) == len(y):
        wrong = [i for i in range(len(x)) if x[i] != y[i]]
        swapped = (
            len(wrong) == 2
            and wrong[1] == wrong[0] + 1
            and x[wrong[0]] == y[wrong[1]]
            and x[wrong[1]] == y[wrong[0]]
        )
        return len(wrong) == 1 or swapped
    if abs(len(x) - len(y)) != 1:
        return False
    longer, shorter = (x, y) if len(x) > len(y) else (y, x)
    return any(longer[:i] + longer[i + 1 :] == shorter for i in range(len(longer)))


def find_pairs(session: Session, kind: str) -> Iterator[Pair]:
    """Yield pairs of near-equal forms of a kind."""
    yield from _alike(session, kind)
    yield from _misspelled(session, kind)


def _alike(session: Session, kind: str) -> Iterator[Pair]:
    """Forms that are one without marks and dates, in whatever order of names."""
    common = (
        select(Heading.near)
        .where(Heading.kind == kind, Heading.scope == PROVINCE)
        .group_by(Heading.near)
        .having(func.count() > 1)
    )
    groups: dict[str, list[_Form]] = defaultdict(list)
    for form in _forms(session, kind, Heading.near.in_(common)):
        groups[form.near].append(form)
    for group in groups.values():
        for at, one in enumerate(group[:MOST_OF_ONE]):
            for other in group[at + 1 : MOST_OF_ONE]:
                if pair := _pair(kind, one, other):
                    yield pair


def _misspelled(session: Session, kind: str) -> Iterator[Pair]:
    """Forms that differ in one word which is no syllable in one of them."""
    suspects: dict[tuple[str, ...], list[_Form]] = defaultdict(list)
    for form in _forms(session, kind):
        words = form.near.split()
        for at, word in enumerate(_undated(form.exact).split()[: len(words)]):
            if len(words) > 1 and not is_syllable(word):
                suspects[(*words[:at], "", *words[at + 1 :])].append(form)
    for form in _forms(session, kind):
        words = form.near.split()
        for at in range(len(words)):
            for other in suspects.get((*words[:at], "", *words[at + 1 :]), ())[:MOST_OF_ONE]:
                if other.near != form.near and (pair := _pair(kind, form, other)):
                    yield pair


def _forms(session: Session, kind: str, *more: Any) -> Iterator[_Form]:
    query = select(
        Heading.id, Heading.key, Heading.authority_id, Heading.near, Heading.text, Heading.filing
    ).where(Heading.kind == kind, Heading.scope == PROVINCE, *more)
    for _id, key, authority_id, near, text, filing in in_parts(session, query, Heading.id):
        yield _Form(key, authority_id, near, exact_words(text), filing)


def _pair(kind: str, one: _Form, other: _Form) -> Pair | None:
    if one.key == other.key or (one.authority_id and one.authority_id == other.authority_id):
        return None
    why = difference(one.exact, other.exact)
    if not why:
        return None
    low, high = sorted((one.key, other.key))
    return low, high, kind, why, min(one.filing, other.filing)


@job_kind(KIND)
def look(progress: Progress, _args: dict[str, Any]) -> dict[str, Any]:
    """Look all forms through for near-equal ones."""
    return {"pairs": look_through(lambda at: progress.tell(at, len(KINDS)))}


@periodic("near_headings", daily_at="03:10")
def look_nightly() -> None:
    """Look for near-equal forms once a night."""
    look_through(lambda _at: None)


def look_through(tell: Any) -> int:
    """Find pairs, kind by kind; forget those that are none any more. Returns how many there are."""
    count = 0
    for at, kind in enumerate(KINDS):
        with reading() as session:
            found = {pair[:2]: pair for pair in find_pairs(session, kind)}
        with transaction() as session:
            stored = {
                (low, high)
                for low, high in session.execute(
                    select(HeadingPair.low, HeadingPair.high).where(HeadingPair.kind == kind)
                )
            }
        _forget(sorted(stored - found.keys()))
        _note([found[one] for one in sorted(found.keys() - stored)])
        count += len(found)
        tell(at + 1)
    return count


def _forget(gone: list[tuple[int, int]]) -> None:
    for start in range(0, len(gone), WRITTEN_AT_ONCE):
        with transaction() as session:
            session.execute(
                delete(HeadingPair).where(
                    tuple_(HeadingPair.low, HeadingPair.high).in_(
                        gone[start : start + WRITTEN_AT_ONCE]
                    ),
                    HeadingPair.apart.is_(False),
                )
            )
        breathe()


def _note(new: list[Pair]) -> None:
    for start in range(0, len(new), WRITTEN_AT_ONCE):
        with transaction() as session:
            session.add_all(
                HeadingPair(
                    low=low, high=high, kind=kind, why=why, filing=filing, found_at=clock.now()
                )
                for low, high, kind, why, filing in new[start : start + WRITTEN_AT_ONCE]
            )
        breathe()


@dataclass(frozen=True)
class Near:
    """Two near-equal forms."""

    low: int
    high: int
    why: str
    one: Line
    other: Line


def _pairs(kind: str) -> Any:
    """SQL: the pairs of a kind of which both forms are still there and not one authority's."""
    one, other = aliased(Heading), aliased(Heading)
    same = one.authority_id.is_not(None) & (one.authority_id == other.authority_id)
    query = (
        select(HeadingPair, one, other)
        .join(one, (one.key == HeadingPair.low) & (one.scope == PROVINCE))
        .join(other, (other.key == HeadingPair.high) & (other.scope == PROVINCE))
        .where(HeadingPair.apart.is_(False), func.coalesce(~same, True))
    )
    return query.where(HeadingPair.kind == kind) if kind else query


def count_near(session: Session, kind: str = "") -> int:
    """Count the pairs nobody decided about."""
    return session.scalar(select(func.count()).select_from(_pairs(kind).subquery())) or 0


def list_near(session: Session, kind: str, seen: Seen, *, limit: int, offset: int) -> list[Near]:
    """Return a page of pairs in filing order, with the counts of both forms."""
    rows = session.execute(
        _pairs(kind)
        .order_by(HeadingPair.filing, HeadingPair.low, HeadingPair.high)
        .limit(limit)
        .offset(offset)
    ).all()
    forms = [form for row in rows for form in row[1:]]
    lines = {line.id: line for line in lines_of(session, forms, seen)}
    return [
        Near(pair.low, pair.high, pair.why, lines[one.id], lines[other.id])
        for pair, one, other in rows
    ]


def keep_apart(session: Session, _actor: Actor, low: int, high: int) -> None:
    """Note that two forms are two; they are not shown again."""
    session.execute(
        update(HeadingPair)
        .where(HeadingPair.low == low, HeadingPair.high == high)
        .values(apart=True)
    )
