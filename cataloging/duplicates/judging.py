"""Likely duplicates as a person looks at them: groups by certainty, and what was judged."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final

from sqlalchemy import and_, delete, func, or_, select, true
from sqlalchemy.orm import Session, aliased

from cataloging.duplicates.finding import (
    changed_groups,
    read_facts,
    write_groups,
    write_pairs,
)
from cataloging.duplicates.models import DuplicateKey, DuplicatePair
from cataloging.duplicates.rules.likeness import Facts, likeness
from cataloging.models import Item, Record, RecordIdentifier
from cataloging.permissions import EDIT_RECORD
from cataloging.records import record_for
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.audit import audit
from ils.core.errors import Invalid

MOST_AT_ONCE: Final = 10  # records side by side


@dataclass(frozen=True)
class Group:
    """Records that may be one title; ``whys`` are the reasons of its pairs."""

    id: int
    certainty: int
    whys: tuple[str, ...]
    records: tuple[Record, ...]


def _open(library_id: int | None) -> Any:
    """SQL: open pairs of records that are there, of a library if wanted, by group."""
    pair, low, high = DuplicatePair, aliased(Record), aliased(Record)
    query: Any = (
        select(
            pair.group_id.label("id"),
            func.max(pair.certainty).label("certainty"),
            func.min(low.title_sort).label("title"),
        )
        .join(low, low.id == pair.low_id)
        .join(high, high.id == pair.high_id)
        .where(pair.state == "open", low.deleted_at.is_(None), high.deleted_at.is_(None))
        .group_by(pair.group_id)
    )
    if library_id is not None:
        own = select(Item.id).where(
            Item.record_id.in_((pair.low_id, pair.high_id)), Item.owner_id == library_id
        )
        query = query.where(own.exists())
    return query


def counts(session: Session, library_id: int | None = None) -> dict[int, int]:
    """Count the open groups by certainty."""
    groups = _open(library_id).subquery()
    rows = session.execute(select(groups.c.certainty, func.count()).group_by(groups.c.certainty))
    return {row[0]: row[1] for row in rows}


def open_groups(
    session: Session,
    *,
    certainty: int | None = None,
    library_id: int | None = None,
    by_title: bool = False,
    limit: int,
    offset: int = 0,
) -> list[Group]:
    """Return a page of open groups, the surest first or by title."""
    groups = _open(library_id).subquery()
    order: list[Any] = [groups.c.title, groups.c.id]
    if not by_title:
        order.insert(0, groups.c.certainty.desc())
    wanted = groups.c.certainty == certainty if certainty else true()
    rows = session.execute(
        select(groups).where(wanted).order_by(*order).limit(limit).offset(offset)
    ).all()
    pairs: dict[int, list[DuplicatePair]] = {}
    mine = select(DuplicatePair).where(
        DuplicatePair.group_id.in_([row.id for row in rows]), DuplicatePair.state == "open"
    )
    for pair in session.scalars(mine.order_by(DuplicatePair.certainty.desc())):
        pairs.setdefault(pair.group_id, []).append(pair)
    ids = {i for some in pairs.values() for pair in some for i in (pair.low_id, pair.high_id)}
    there = {
        r.id: r
        for r in session.scalars(
            select(Record).where(Record.id.in_(ids), Record.deleted_at.is_(None))
        )
    }
    return [_group(row, pairs[row.id], there) for row in rows]


def _group(row: Any, pairs: Sequence[DuplicatePair], there: dict[int, Record]) -> Group:
    shown = [p for p in pairs if p.low_id in there and p.high_id in there]
    ids = sorted({i for p in shown for i in (p.low_id, p.high_id)})
    return Group(
        row.id,
        row.certainty,
        tuple(dict.fromkeys(p.why for p in shown)),
        tuple(there[i] for i in ids),
    )


def judged(session: Session, limit: int, offset: int = 0) -> tuple[int, list[Any]]:
    """Return how many pairs were judged to be two titles, and a page (pair, low, high) of them."""
    low, high = aliased(Record), aliased(Record)
    query = (
        select(DuplicatePair, low, high)
        .join(low, low.id == DuplicatePair.low_id)
        .join(high, high.id == DuplicatePair.high_id)
        .where(DuplicatePair.state == "distinct")
        .where(low.deleted_at.is_(None), high.deleted_at.is_(None))
    )
    total = session.scalar(query.with_only_columns(func.count())) or 0
    page = query.order_by(
        DuplicatePair.judged_at.desc(), DuplicatePair.low_id, DuplicatePair.high_id
    )
    return total, list(session.execute(page.limit(limit).offset(offset)).all())


def not_the_same(session: Session, actor: Actor, record_ids: Sequence[int]) -> int:
    """Write down that records are titles of their own, each pair of them; no look changes that.
    Returns how many pairs. Doing it twice changes nothing."""
    actor.require(EDIT_RECORD)
    ids = sorted(set(record_ids))
    if not 2 <= len(ids) <= MOST_AT_ONCE:
        raise Invalid("merge_how_many", most=MOST_AT_ONCE)
    for one in ids:
        record_for(session, one)
    pairs = list(combinations(ids, 2))
    known = {(p.low_id, p.high_id): p for p in _pairs_among(session, ids)}
    new = [pair for pair in pairs if pair not in known]
    rows = [{"low_id": low, "high_id": high, "certainty": 0, "why": ""} for low, high in new]
    write_pairs(session, rows, None)
    session.flush()
    groups = {p.group_id for p in known.values()}
    for pair in _pairs_among(session, ids):
        if pair.state == "open":
            pair.state, pair.judged_by, pair.judged_at = "distinct", actor.staff_id, clock.now()
    session.flush()
    _regroup(session, groups)
    audit(session, actor, "records_distinct", "record", ids[0], others=ids[1:])
    return len(pairs)


def _pairs_among(session: Session, ids: Sequence[int]) -> Sequence[DuplicatePair]:
    among = DuplicatePair.low_id.in_(ids), DuplicatePair.high_id.in_(ids)
    fresh = select(DuplicatePair).where(*among).execution_options(populate_existing=True)
    return session.scalars(fresh).all()


def judge_again(session: Session, actor: Actor, low_id: int, high_id: int) -> None:
    """Take a judgement back: the pair is looked at again."""
    actor.require(EDIT_RECORD)
    pair = session.get(DuplicatePair, (low_id, high_id))
    if pair is None or pair.state != "distinct":
        return
    audit(session, actor, "records_judged_again", "record", low_id, others=[high_id])
    if pair.certainty == 0:  # no look had found it
        session.delete(pair)
        session.flush()
        return
    pair.state, pair.judged_by, pair.judged_at, pair.group_id = "open", None, None, low_id
    session.flush()
    either = or_(
        DuplicatePair.low_id.in_((low_id, high_id)), DuplicatePair.high_id.in_((low_id, high_id))
    )
    near = select(DuplicatePair.group_id).where(either, DuplicatePair.state == "open")
    _regroup(session, set(session.scalars(near)))


def _regroup(session: Session, groups: set[int]) -> None:
    """Work out anew what still hangs together of some groups."""
    rows = session.execute(
        select(DuplicatePair.low_id, DuplicatePair.high_id, DuplicatePair.group_id).where(
            DuplicatePair.group_id.in_(groups), DuplicatePair.state == "open"
        )
    ).all()
    write_groups(session, changed_groups(rows))
    session.expire_all()


def forget_pairs(session: Session, kept: int, gone: int) -> None:
    """Drop the open pair of two records that became one."""
    low, high = sorted((kept, gone))
    session.execute(
        delete(DuplicatePair).where(
            DuplicatePair.low_id == low,
            DuplicatePair.high_id == high,
            DuplicatePair.state == "open",
        )
    )


def alike_to(session: Session, record_id: int) -> list[tuple[Record, int, tuple[str, ...]]]:
    """Return records that may be the same as one, now: (record, certainty, why), the surest first.

    Pairs judged to be two titles are left out.
    """
    own = read_facts(session, [record_id]).get(record_id)
    if own is None:
        return []
    facts = read_facts(session, _neighbors(session, own))
    distinct = {
        p.high_id if p.low_id == record_id else p.low_id
        for p in session.scalars(
            select(DuplicatePair).where(
                or_(DuplicatePair.low_id == record_id, DuplicatePair.high_id == record_id),
                DuplicatePair.state == "distinct",
            )
        )
    }
    found = [
        (one.record_id, alike)
        for one in facts.values()
        if one.record_id != record_id
        and one.record_id not in distinct
        and (alike := likeness(own, one))
    ]
    found.sort(key=lambda one: (-one[1].certainty, one[0]))
    there = {
        r.id: r
        for r in session.scalars(select(Record).where(Record.id.in_([i for i, _a in found])))
    }
    return [(there[i], a.certainty, a.why) for i, a in found[: MOST_AT_ONCE * 2]]


def _neighbors(session: Session, own: Facts) -> set[int]:
    """Return the records that share a key with one."""
    ids = set(
        session.scalars(
            select(RecordIdentifier.record_id)
            .where(RecordIdentifier.scheme.in_(("isbn", "issn")))
            .where(RecordIdentifier.value.in_((*own.isbns, *own.issns)))
            .limit(100)
        )
    )
    by_key = and_(Record.match_key == own.match_key, Record.match_key != "")
    ids |= set(session.scalars(select(Record.id).where(by_key).limit(100)))
    if own.control:
        same = select(Record.id).where(Record.control_number == own.control)
        ids |= set(session.scalars(same.limit(100)))
    mine = select(DuplicateKey.key).where(
        DuplicateKey.record_id == own.record_id, DuplicateKey.key != 0
    )
    loose = select(DuplicateKey.record_id).where(DuplicateKey.key.in_(mine))
    return ids | set(session.scalars(loose.limit(100)))
