"""Looking headings up: lists in filing order, one heading with its records, suggestions."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, or_, select, tuple_
from sqlalchemy.orm import Session

from cataloging.authorities.models import (
    PROVINCE,
    Authority,
    Heading,
    RecordHeading,
    SeeAlso,
)
from cataloging.authorities.rows import near_form
from cataloging.marc.names import direct
from cataloging.models import Item, Record
from ils.text.filing import filing_key

SUGGESTED: Final = 12
MOST_SEE: Final = 20


@dataclass(frozen=True)
class Seen:
    """Whose records and headings are counted and shown.

    ``scopes`` are those of headings; ``public`` leaves hidden records out; ``library_id`` limits
    records to those with copies there.
    """

    scopes: tuple[int, ...] = (PROVINCE,)
    public: bool = False
    library_id: int | None = None


@dataclass(frozen=True)
class Line:
    """A form in a list. ``see`` names the preferred forms a variant leads to."""

    id: int
    key: int
    kind: str
    role: str
    text: str
    scope: int
    authority_id: int | None
    mark: str = ""
    records: int = 0
    see: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True)
class Wanted:
    """What a list of forms is narrowed to. ``sort``: filing, -filing, newest, records."""

    kind: str = ""
    words: str = ""
    roles: tuple[str, ...] = ()
    own: bool = False  # only a library's own
    sort: str = "filing"


def list_forms(
    session: Session, wanted: Wanted, seen: Seen, *, limit: int, offset: int = 0
) -> list[Line]:
    """Return a page of forms with their counts."""
    query = _chosen(wanted, seen)
    if wanted.sort == "records":
        counts = (
            select(RecordHeading.key, func.count().label("n"))
            .group_by(RecordHeading.key)
            .subquery()
        )
        query = query.outerjoin(counts, counts.c.key == Heading.key).order_by(
            func.coalesce(counts.c.n, 0).desc(), Heading.filing, Heading.id
        )
    else:
        query = query.order_by(*_order(wanted.sort))
    return lines_of(session, session.scalars(query.limit(limit).offset(offset)).all(), seen)


def _order(sort: str) -> list[ColumnElement[Any]]:
    if sort == "newest":
        return [Heading.id.desc()]
    if sort == "-filing":
        return [Heading.filing.desc(), Heading.id.desc()]
    return [Heading.filing.asc(), Heading.id.asc()]


def count_forms(session: Session, wanted: Wanted, seen: Seen, before: str = "") -> int:
    """Count the forms of a list; with ``before`` those that file before some letters."""
    query = _chosen(wanted, seen)
    if before:
        query = query.where(Heading.filing < filing_key(before))
    return session.scalar(query.with_only_columns(func.count(Heading.id))) or 0


def _chosen(wanted: Wanted, seen: Seen) -> Select[Heading]:
    query = select(Heading).where(Heading.scope.in_(seen.scopes))
    if wanted.kind:
        query = query.where(Heading.kind == wanted.kind)
    if wanted.roles:
        query = query.where(Heading.role.in_(wanted.roles))
    if wanted.own:
        query = query.where(Heading.scope != PROVINCE)
    for word in near_form(wanted.words).split():
        query = query.where(Heading.near.contains(word, autoescape=True))
    if seen.public:
        query = query.where(or_(_in_use(seen), _referring(seen)))
    return query


def _in_use(seen: Seen) -> ColumnElement[bool]:
    """SQL: readers find a record under the form."""
    return records_under(seen).where(RecordHeading.key == Heading.key).exists()


def _referring(seen: Seen) -> ColumnElement[bool]:
    """SQL: readers find a record under any form of the authority."""
    other = Heading.__table__.alias("other")
    return (
        records_under(seen)
        .join(other, other.c.key == RecordHeading.key)
        .where(other.c.authority_id == Heading.authority_id)
        .exists()
    )


def records_under(seen: Seen) -> Select[int]:
    """Return a query of the ids of records with headings, as far as they are seen."""
    query = select(RecordHeading.record_id)
    if seen.public:
        query = query.join(Record, Record.id == RecordHeading.record_id).where(
            Record.suppressed.is_(False), Record.deleted_at.is_(None)
        )
    if seen.library_id is not None:
        held = select(Item.id).where(
            Item.record_id == RecordHeading.record_id,
            Item.owner_id == seen.library_id,
            Item.lifecycle != "withdrawn",
        )
        query = query.where(held.exists())
    return query


def lines_of(session: Session, rows: Sequence[Heading], seen: Seen) -> list[Line]:
    """Return forms with their counts and references.

    A preferred form counts the records under all forms of its authority, any other its own.
    """
    preferred = {row.authority_id for row in rows if row.role == "preferred"}
    by_key = _counts_by_key(session, {r.key for r in rows if r.role != "preferred"}, seen)
    by_authority = counts_of(session, {one for one in preferred if one is not None}, seen)
    see = _names(session, [r.authority_id for r in rows if r.role == "variant"])
    return [
        Line(
            *(row.id, row.key, row.kind, row.role, row.text, row.scope, row.authority_id, row.mark),
            by_authority.get(row.authority_id or 0, 0)
            if row.role == "preferred"
            else by_key.get(row.key, 0),
            tuple((one, see[one]) for one in (row.authority_id or 0,) if one in see),
        )
        for row in rows
    ]


def _counts_by_key(session: Session, keys: Collection[int], seen: Seen) -> dict[int, int]:
    if not keys:
        return {}
    query = records_under(seen).where(RecordHeading.key.in_(keys))
    rows = session.execute(
        query.with_only_columns(
            RecordHeading.key, func.count(RecordHeading.record_id.distinct())
        ).group_by(RecordHeading.key)
    )
    return {row[0]: row[1] for row in rows}


def counts_of(session: Session, authority_ids: Collection[int], seen: Seen) -> dict[int, int]:
    """Return how many records stand under any form of each authority."""
    if not authority_ids:
        return {}
    query = (
        records_under(seen)
        .join(Heading, Heading.key == RecordHeading.key)
        .where(Heading.authority_id.in_(authority_ids))
    )
    rows = session.execute(
        query.with_only_columns(
            Heading.authority_id, func.count(RecordHeading.record_id.distinct())
        ).group_by(Heading.authority_id)
    )
    return {one: count for one, count in rows if one is not None}


def _names(session: Session, ids: Iterable[int | None]) -> dict[int, str]:
    rows = session.execute(
        select(Authority.id, Authority.heading).where(
            Authority.id.in_([one for one in ids if one is not None])
        )
    )
    return {row[0]: row[1] for row in rows}


def forms_of(session: Session, authority_id: int, seen: Seen) -> list[Line]:
    """Return the forms of an authority, the preferred one first, each with its own records."""
    rows = session.scalars(
        select(Heading)
        .where(Heading.authority_id == authority_id)
        .order_by(case((Heading.role == "preferred", 0), else_=1), Heading.filing)
    ).all()
    counts = _counts_by_key(session, {row.key for row in rows}, seen)
    return [
        Line(
            *(row.id, row.key, row.kind, row.role, row.text, row.scope, row.authority_id, row.mark),
            counts.get(row.key, 0),
        )
        for row in rows
    ]


@dataclass(frozen=True)
class Reference:
    """A see-also reference: its text, and the form it leads to where there is one."""

    text: str
    kind: str
    relation: str
    heading_id: int | None = None
    authority_id: int | None = None


def see_also_of(session: Session, authority_ids: Collection[int], seen: Seen) -> list[Reference]:
    """Return what to see also from some authorities, and who refers to them."""
    if not authority_ids:
        return []
    rows = session.execute(
        select(SeeAlso.text, SeeAlso.kind, SeeAlso.relation, Heading.id, Heading.authority_id)
        .outerjoin(
            Heading,
            and_(
                Heading.key == SeeAlso.key,
                Heading.scope.in_(seen.scopes),
                Heading.role != "variant",
            ),
        )
        .where(SeeAlso.authority_id.in_(authority_ids))
        .order_by(SeeAlso.text)
        .limit(MOST_SEE)
    )
    found = {row[0]: Reference(*row) for row in rows}
    return list(found.values())


@dataclass(frozen=True)
class Linked:
    """A heading of a record: where it stands, and the authority it leads to.

    ``role`` is what the record's form is there; a variant is an offer to take the preferred form.
    """

    place: int
    tag: str
    text: str
    kind: str
    role: str
    heading_id: int
    authority_id: int | None
    preferred: str


_PRECEDENCE: Final = {"preferred": 0, "variant": 1, "provisional": 4}


def headings_of(session: Session, record_id: int, owner_id: int | None = None) -> list[Linked]:
    """Return the controlled headings of a record with their authorities.

    The province's authority comes before the own one of the library that owns the record. Where a
    form is a variant of several authorities, it is given once for each.
    """
    scopes = {PROVINCE, owner_id} - {None}
    rows = session.execute(
        select(RecordHeading.place, RecordHeading.tag, Heading, Authority.heading)
        .join(Heading, Heading.key == RecordHeading.key)
        .outerjoin(Authority, Authority.id == Heading.authority_id)
        .where(RecordHeading.record_id == record_id, Heading.scope.in_(scopes))
        .order_by(RecordHeading.place, Heading.id)
    ).all()
    best: dict[int, int] = {}
    for place, _tag, form, _name in rows:
        rank = _rank(form)
        best[place] = min(rank, best.get(place, rank))
    return [
        Linked(
            *(place, tag, form.text, form.kind, form.role, form.id, form.authority_id),
            name or form.text,
        )
        for place, tag, form, name in rows
        if _rank(form) == best[place]
    ]


def _rank(form: Heading) -> int:
    own = 2 if form.scope != PROVINCE and form.role != "provisional" else 0
    return _PRECEDENCE[form.role] + own


def records_with(
    session: Session, keys: Collection[int], seen: Seen, *, limit: int, offset: int = 0
) -> tuple[int, list[Record]]:
    """Return how many records have any of these forms, and a page of them by title."""
    if not keys:
        return 0, []
    ids = records_under(seen).where(RecordHeading.key.in_(keys)).distinct().subquery()
    total = session.scalar(select(func.count()).select_from(ids)) or 0
    rows = session.scalars(
        select(Record)
        .where(Record.id.in_(select(ids.c.record_id)))
        .order_by(Record.title_sort, Record.id)
        .limit(limit)
        .offset(offset)
    ).all()
    return total, list(rows)


@dataclass(frozen=True)
class Suggestion:
    """A heading offered while typing: ``text`` is what is taken; ``variant`` what was found."""

    text: str
    variant: str = ""
    authority_id: int | None = None
    records: int = 0
    dates: str = ""


def suggest(session: Session, kind: str, typed: str, seen: Seen) -> list[Suggestion]:
    """Return headings whose words begin as typed, with or without marks, established ones first."""
    wanted = near_form(direct(typed) if kind == "person" else typed)
    if not wanted:
        return []
    of_kind = select(Heading).where(Heading.kind == kind, Heading.scope.in_(seen.scopes))
    order = (case((Heading.role == "provisional", 1), else_=0), Heading.filing)
    begins = Heading.near.startswith(wanted, autoescape=True)
    rows = list(session.scalars(of_kind.where(begins).order_by(*order).limit(SUGGESTED)))
    if len(rows) < SUGGESTED:
        within = [Heading.near.contains(f" {w}", autoescape=True) for w in wanted.split()]
        starts = [Heading.near.startswith(w, autoescape=True) for w in wanted.split()]
        anywhere = [or_(a, b) for a, b in zip(within, starts, strict=True)]
        more = of_kind.where(*anywhere, ~begins).order_by(*order).limit(SUGGESTED - len(rows))
        rows += session.scalars(more)
    found: dict[str, Suggestion] = {}
    for line in lines_of(session, rows, seen):
        text = line.see[0][1] if line.see else line.text
        variant = line.text if line.see else ""
        found.setdefault(text, Suggestion(text, variant, line.authority_id, line.records))
    return list(found.values())


def forms_from(
    session: Session,
    kind: str,
    seen: Seen,
    *,
    begin: str = "",
    at: int | None = None,
    before: int | None = None,
    limit: int,
) -> list[Line]:
    """Return a stretch of the forms of a kind in filing order, without counting them all.

    It begins with the letters ``begin``, or at the form with id ``at``, or ends before another.
    """
    query = _chosen(Wanted(kind), seen)
    place = tuple_(Heading.filing, Heading.id)
    edge = session.get(Heading, before or at) if before or at else None
    if edge is not None and before:
        query = query.where(place < tuple_(literal(edge.filing), literal(edge.id)))
        rows = session.scalars(query.order_by(*_order("-filing")).limit(limit)).all()[::-1]
        return lines_of(session, rows, seen)
    if edge is not None:
        query = query.where(place >= tuple_(literal(edge.filing), literal(edge.id)))
    elif begin:
        query = query.where(Heading.filing >= filing_key(begin))
    rows = session.scalars(query.order_by(*_order("filing")).limit(limit)).all()
    return lines_of(session, rows, seen)
