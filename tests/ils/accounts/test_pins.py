"""PIN and card of staff: proven by the password, kept as digests, slow to guess."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from ils.accounts.actor import Actor
from ils.accounts.models import Staff, StaffPin
from ils.accounts.pins import (
    has_pin,
    lock_session,
    new_card,
    set_pin,
    staff_by_card,
    unlock_session,
)
from ils.accounts.staff import reset_password, sign_in_staff, staff_of_session
from ils.core.audit import AuditEntry
from ils.core.errors import Invalid, Refused
from tests.factories import PASSWORD, Province, create_actor, create_province

HERE = "10.0.0.9"


@pytest.fixture
def place(both_session: Session) -> Province:
    return create_province(both_session)


@pytest.fixture
def head(both_session: Session, place: Province) -> Actor:
    return create_actor(both_session, "head", place.library)


def with_card(session: Session, actor: Actor, pin: str = "8350") -> str:
    assert set_pin(session, actor, pin, PASSWORD, HERE)
    return new_card(session, actor)


def test_a_pin_needs_the_password_and_some_thought(both_session: Session, head: Actor) -> None:
    for simple in ("1234", "4321", "7777", "12", "12a4", "1234567890123"):
        with pytest.raises(Invalid):
            set_pin(both_session, head, simple, PASSWORD, HERE)
    assert not set_pin(both_session, head, "8350", "sai mật khẩu", HERE)
    with pytest.raises(Refused):
        new_card(both_session, head)
    assert not has_pin(both_session, head.staff_id or 0)


def test_card_and_pin_together_name_a_person(both_session: Session, head: Actor) -> None:
    card = with_card(both_session, head)
    found = staff_by_card(both_session, card.lower(), "8350", HERE)
    assert found is not None
    assert found.id == head.staff_id
    assert staff_by_card(both_session, card, "8351", HERE) is None
    assert staff_by_card(both_session, "NV00000000000000", "8350", HERE) is None
    kept = both_session.get_one(StaffPin, head.staff_id)
    assert kept.pin_hash.startswith("$argon2id$")
    assert card not in str(vars(kept))


def test_a_new_card_ends_the_old_one_and_a_closed_account_approves_nothing(
    both_session: Session, head: Actor
) -> None:
    old = with_card(both_session, head)
    new = new_card(both_session, head)
    assert staff_by_card(both_session, old, "8350", HERE) is None
    both_session.get_one(Staff, head.staff_id).active = False
    both_session.flush()
    assert staff_by_card(both_session, new, "8350", HERE) is None


def test_guessing_a_pin_is_slowed_down(both_session: Session, head: Actor) -> None:
    card = with_card(both_session, head)
    for _ in range(5):
        assert staff_by_card(both_session, card, "0000", HERE) is None
        both_session.flush()
    with pytest.raises(Refused):
        staff_by_card(both_session, card, "8350", HERE)


def test_a_locked_screen_opens_by_pin_card_or_password(both_session: Session, head: Actor) -> None:
    card = with_card(both_session, head)
    username = both_session.get_one(Staff, head.staff_id).username
    signed_in = sign_in_staff(both_session, username, PASSWORD, HERE)
    assert signed_in is not None
    for secret in ("8350", card, PASSWORD):
        lock_session(both_session, signed_in.session_key)
        both_session.flush()
        found = staff_of_session(both_session, signed_in.session_key)
        assert found is not None
        assert found[1] is not None
        assert not unlock_session(both_session, signed_in.session_key, "sai", HERE)
        assert unlock_session(both_session, signed_in.session_key, secret, HERE)
    assert staff_of_session(both_session, signed_in.session_key) == (signed_in.staff, None)


def test_a_password_reset_by_others_ends_pin_and_card(
    both_session: Session, place: Province, head: Actor
) -> None:
    with_card(both_session, head)
    admin = create_actor(both_session, "admin", place.top)
    reset_password(both_session, admin, head.staff_id or 0, "mot-mat-khau-khac")
    assert both_session.scalars(select(StaffPin)).all() == []


def test_the_audit_names_who_approved(both_session: Session, head: Actor, place: Province) -> None:
    from dataclasses import replace

    from ils.core.audit import audit

    clerk = create_actor(both_session, "clerk", place.branch)
    assert not clerk.can("circulation:override:head")
    helped = replace(clerk, approver=head)
    assert helped.can("circulation:override:head")
    assert not helped.can("circulation:override:head", place.foreign_branch)
    audit(both_session, helped, "override", "item", 1)
    both_session.flush()
    row = both_session.scalars(select(AuditEntry).where(AuditEntry.action == "override")).one()
    assert (row.actor_id, row.facts["approved_by"]) == (clerk.staff_id, head.staff_id)
