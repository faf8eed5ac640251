"""People served together: a class whose pupils come to the desk, a family that one parent carries
books for.

A group is a word that the desk's address carries: ``class:6A@THCS Kim Liên`` or ``family:17``.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, bindparam, case, func, or_, select
from sqlalchemy.orm import Session

from cataloging.models import Item, Record
from circulation.models import Hold, Loan
from circulation.patrons.models import Patron, PatronCard
from circulation.permissions import USE_DESK
from circulation.rules.groups import next_member, who_carries
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.errors import NotFound
from ils.text.filing import filing_key

CLASS, FAMILY = "class", "family"
MOST = 80  # of a class; more is no class


@dataclass(frozen=True)
class Member:
    """One of a group: ``number`` is the place in the list, which is also the key typed."""

    number: int
    patron: Patron
    card: str | None
    loans: int
    late: int
    ready: int  # holds on the shelf


@dataclass(frozen=True)
class Group:
    """A class or a family, its members in the order of the list."""

    word: str
    kind: str
    name: str
    school: str
    members: tuple[Member, ...]

    def numbered(self, number: int) -> Member | None:
        """Return the member with a place in the list."""
        return next((m for m in self.members if m.number == number), None)

    def holds(self, patron_id: int | None) -> bool:
        """Tell whether a patron belongs to the group."""
        return any(m.patron.id == patron_id for m in self.members)

    def after(self, patron_id: int | None) -> int | None:
        """Return whose turn comes next in the order of the list."""
        return next_member([m.patron.id for m in self.members], patron_id)


@dataclass(frozen=True)
class SchoolClass:
    """A class that has readers, to be chosen."""

    word: str
    name: str
    school: str
    readers: int


def class_word(name: str, school: str) -> str:
    """Return the word for a class of a school."""
    return f"{CLASS}:{name}@{school}"


def classes(session: Session, actor: Actor) -> list[SchoolClass]:
    """Return the classes that readers of the actor's library go to, by school and name."""
    actor.require(USE_DESK)
    rows = session.execute(
        select(Patron.school_class, Patron.school, func.count())
        .where(
            Patron.library_id == actor.library_id,
            Patron.school_class != "",
            Patron.deleted_at.is_(None),
        )
        .group_by(Patron.school_class, Patron.school)
    )
    found = [SchoolClass(class_word(name, school), name, school, n) for name, school, n in rows]
    return sorted(found, key=lambda c: (filing_key(c.school), filing_key(c.name)))


def family_word(session: Session, patron: Patron) -> str | None:
    """Return the word for the family of a patron: a guardian with wards; None for others."""
    if patron.guardian_id is not None:
        return f"{FAMILY}:{patron.guardian_id}"
    has_wards = session.scalar(_A_WARD, {"guardian_id": patron.id}) is not None
    return f"{FAMILY}:{patron.id}" if has_wards else None


_A_WARD = (
    select(Patron.id)
    .where(Patron.guardian_id == bindparam("guardian_id"), Patron.deleted_at.is_(None))
    .limit(1)
)


def group_for(session: Session, actor: Actor, word: str) -> Group:
    """Return a group of the actor's library. Raises ``NotFound`` where nobody is in it."""
    actor.require(USE_DESK)
    kind, _, rest = word.partition(":")
    if kind == CLASS:
        name, _, school = rest.partition("@")
        where: ColumnElement[bool] = and_(Patron.school_class == name, Patron.school == school)
    elif kind == FAMILY and rest.isdecimal():
        name, school = "", ""
        where = or_(Patron.id == int(rest), Patron.guardian_id == int(rest))
    else:
        raise NotFound("group_unknown")
    people = _people(session, actor, where)
    if not people:
        raise NotFound("group_unknown")
    if kind == FAMILY:
        people.sort(key=lambda row: (row[0].id != int(rest), row[0].born_on is None, row[0].name))
        name = people[0][0].name
    figures = _figures(session, [patron.id for patron, _ in people])
    members = tuple(
        Member(place, patron, card, *figures.get(patron.id, (0, 0, 0)))
        for place, (patron, card) in enumerate(people, start=1)
    )
    return Group(word, kind, name, school, members)


def _people(
    session: Session, actor: Actor, where: ColumnElement[bool]
) -> list[tuple[Patron, str | None]]:
    rows = session.execute(
        select(Patron, PatronCard.number)
        .outerjoin(PatronCard, (PatronCard.patron_id == Patron.id) & (PatronCard.state == "active"))
        .where(where, Patron.library_id == actor.library_id, Patron.deleted_at.is_(None))
        .order_by(Patron.name_key, Patron.id)
        .limit(MOST)
    )
    return [(patron, card) for patron, card in rows]


def _figures(session: Session, ids: Sequence[int]) -> dict[int, tuple[int, int, int]]:
    """Return for each patron how many copies are out, how many of them late, and what is ready."""
    is_late = case((Loan.due_on < clock.today(), 1), else_=0)
    loans = session.execute(
        select(Loan.patron_id, func.count(), func.sum(is_late))
        .where(Loan.patron_id.in_(ids), Loan.closed_at.is_(None))
        .group_by(Loan.patron_id)
    )
    ready = session.execute(
        select(Hold.patron_id, func.count())
        .where(Hold.patron_id.in_(ids), Hold.state == "ready")
        .group_by(Hold.patron_id)
    )
    waiting = {row[0]: row[1] for row in ready}
    out = {row[0]: (row[1], int(row[2] or 0)) for row in loans}
    return {one: (*out.get(one, (0, 0)), waiting.get(one, 0)) for one in ids}


def borrower_for(session: Session, group: Group, item_id: int, chosen: int) -> int:
    """Return for whom a member of a family takes a copy: whose it is already, else the chosen."""
    holder = session.scalar(
        select(Loan.patron_id).where(Loan.item_id == item_id, Loan.closed_at.is_(None))
    )
    awaited_by = session.scalar(
        select(Hold.patron_id).where(Hold.item_id == item_id, Hold.state == "ready")
    )
    members = [m.patron.id for m in group.members]
    return who_carries(members, chosen=chosen, holder=holder, awaited_by=awaited_by)


@dataclass(frozen=True)
class OutWith:
    """A copy that a member of a group has."""

    member: Member
    loan: Loan
    item: Item
    title: str


def loans_of_group(session: Session, group: Group) -> list[OutWith]:
    """Return what the members have on loan, in the order of the list."""
    by_id = {m.patron.id: m for m in group.members}
    rows = session.execute(
        select(Loan, Item, Record.title)
        .join(Item, Item.id == Loan.item_id)
        .join(Record, Record.id == Loan.record_id)
        .where(Loan.patron_id.in_(list(by_id)), Loan.closed_at.is_(None))
        .order_by(Loan.due_on, Loan.id)
    )
    found = [OutWith(by_id[loan.patron_id or 0], loan, item, title) for loan, item, title in rows]
    return sorted(found, key=lambda one: one.member.number)
