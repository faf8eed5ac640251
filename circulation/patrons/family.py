"""Families: a parent or guardian and the children who borrow with them.

The tie is one column of the child. A guardian is a patron with a card; a guardian's guardian is
not a thing, so families are one step deep.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from circulation.blocks import OpenLoan, loans_of_patron, patron_figures
from circulation.patrons.cards import active_card, card_by_number, holder_of
from circulation.patrons.models import Patron, PatronCard
from circulation.patrons.patrons import EDIT, VIEW, patron_for
from ils.accounts.actor import Actor
from ils.core.audit import audit
from ils.core.errors import Invalid, NotFound


@dataclass(frozen=True)
class Member:
    """Somebody of a family with what they have at home. ``owed`` includes running fines."""

    patron: Patron
    card: PatronCard | None
    guardian: bool
    loans: list[OpenLoan]
    owed: int


def family_ids(session: Session, patron: Patron) -> list[int]:
    """Return the ids of a patron's family, the guardian first; only the patron where none is."""
    head = patron.guardian_id or patron.id
    children = session.scalars(
        select(Patron.id)
        .where(Patron.guardian_id == head, Patron.deleted_at.is_(None))
        .order_by(Patron.born_on, Patron.id)
    ).all()
    return [head, *children]


def family_of(session: Session, actor: Actor, patron_id: int) -> list[Member]:
    """Return a patron's family as far as the actor may see it, with loans and what is owed."""
    patron = patron_for(session, actor, patron_id)
    members = []
    for one in family_ids(session, patron):
        try:
            member = patron_for(session, actor, one)
        except NotFound:
            continue  # registered at another library
        members.append(
            Member(
                patron=member,
                card=active_card(session, one),
                guardian=one == (patron.guardian_id or patron.id),
                loans=loans_of_patron(session, one),
                owed=patron_figures(session, [one])[one].owed,
            )
        )
    return members


def children_of(session: Session, patron_id: int) -> Sequence[Patron]:
    """Return the children a patron answers for."""
    return session.scalars(
        select(Patron)
        .where(Patron.guardian_id == patron_id, Patron.deleted_at.is_(None))
        .order_by(Patron.name_key)
    ).all()


def join_family(session: Session, actor: Actor, child_id: int, guardian_card: str) -> Patron:
    """Tie a child to the guardian whose card this is; name and telephone are taken over.

    Raises ``Invalid`` where the card is the child's own, or its holder is a child of somebody.
    """
    child = patron_for(session, actor, child_id, EDIT)
    try:
        guardian_id = holder_of(session, card_by_number(session, guardian_card))
        guardian = patron_for(session, actor, guardian_id, VIEW)
    except NotFound as error:
        raise Invalid("guardian_card_unknown", field="card", number=guardian_card) from error
    if guardian.id == child.id or guardian.guardian_id or children_of(session, child.id):
        raise Invalid("guardian_is_child", field="card")
    child.guardian_id = guardian.id
    child.guardian_name, child.guardian_phone = guardian.name, guardian.phone
    audit(session, actor, "family_joined", "patron", child.id, guardian=guardian.id)
    return guardian


def leave_family(session: Session, actor: Actor, child_id: int) -> None:
    """Untie a child; the guardian's name stays on the child's record, as its card needs one."""
    child = patron_for(session, actor, child_id, EDIT)
    audit(session, actor, "family_left", "patron", child.id, guardian=child.guardian_id)
    child.guardian_id = None
