"""Accounts, rights that hold at a unit and below, and the slowing down of guessing."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, event, select
from sqlalchemy.orm import Session

from ils.accounts.actor import Actor, actor_for_staff, system_actor
from ils.accounts.models import Grant, Staff
from ils.accounts.permissions import PERMISSIONS, peoples_roles, roles
from ils.accounts.staff import (
    change_password,
    create_staff,
    grant_role,
    reset_password,
    revoke_role,
    set_active,
    sign_in_staff,
    sign_out_staff,
    staff_of_session,
)
from ils.core import clock
from ils.core.audit import AuditEntry
from ils.core.db import reading, transaction
from ils.core.errors import Forbidden, Invalid, Refused
from tests.factories import (
    PASSWORD,
    Province,
    create_actor,
    create_province,
    create_staff_account,
    create_unit,
)


@pytest.fixture
def place(both_session: Session) -> Province:
    return create_province(both_session)


def test_a_right_holds_at_its_unit_and_below(both_session: Session, place: Province) -> None:
    head = create_actor(both_session, "head", place.library)
    assert head.can("circulation:policy:edit", place.branch)
    assert not head.can("circulation:policy:edit", place.top)
    assert not head.can("circulation:policy:edit", place.foreign_branch)
    with pytest.raises(Forbidden):
        head.require("circulation:policy:edit", place.foreign_library)


def test_nobody_gives_more_than_they_hold(both_session: Session, place: Province) -> None:
    head = create_actor(both_session, "head", place.library)
    facts = {"username": "moi", "name": "Mới", "password": "du-dai-du-kho"}
    with pytest.raises(Forbidden):
        create_staff(both_session, head, **facts, home_unit_id=place.library.id, role="admin")
    with pytest.raises(Forbidden):
        create_staff(both_session, head, **facts, home_unit_id=place.top.id, role="clerk")
    made = create_staff(
        both_session,
        head,
        **{**facts, "username": "moi2"},
        home_unit_id=place.branch.id,
        role="clerk",
    )
    with pytest.raises(Invalid):
        grant_role(both_session, system_actor(), made.id, "king", place.branch)


def test_nobody_takes_over_an_account_with_rights_above_theirs(
    both_session: Session, place: Province
) -> None:
    head = create_actor(both_session, "head", place.library)
    colleague = create_actor(both_session, "clerk", place.branch)
    visitor = create_actor(both_session, "clerk", place.branch)
    assert colleague.staff_id
    assert visitor.staff_id
    grant_role(both_session, system_actor(), visitor.staff_id, "province_officer", place.top)
    reset_password(both_session, head, colleague.staff_id, "du-dai-du-kho")
    with pytest.raises(Forbidden):
        reset_password(both_session, head, visitor.staff_id, "du-dai-du-kho")


def test_a_weak_password_is_refused(both_session: Session, place: Province) -> None:
    for password in ("ngan", "12345678", "aaaaaaaaaa"):
        with pytest.raises(Invalid):
            create_staff(
                both_session,
                system_actor(),
                username="x",
                name="x",
                password=password,
                home_unit_id=place.library.id,
                role="clerk",
            )


def test_signing_out_ends_the_session_on_the_server(both_session: Session, place: Province) -> None:
    username = create_staff_account(both_session, "clerk", place.library)
    signed_in = sign_in_staff(both_session, username.upper(), PASSWORD, "127.0.0.1")
    assert signed_in is not None
    assert staff_of_session(both_session, signed_in.session_key) is not None
    sign_out_staff(both_session, signed_in.session_key)
    assert staff_of_session(both_session, signed_in.session_key) is None


def who_signed_in(session: Session, key: str) -> Actor:
    found = staff_of_session(session, key)
    assert found is not None
    return actor_for_staff(session, found[0])


def test_who_signed_in_is_read_with_what_seldom_changes_in_one_question(both: Engine) -> None:
    with transaction() as session:
        place = create_province(session)
        username = create_staff_account(session, "clerk", place.library)
        signed_in = sign_in_staff(session, username, PASSWORD, "127.0.0.1")
        assert signed_in is not None
    key = signed_in.session_key
    with reading() as session:
        who_signed_in(session, key)  # rights and places are kept from here on
    asked: list[str] = []
    event.listen(both, "before_cursor_execute", lambda *facts: asked.append(facts[2]))
    with reading() as session:
        assert who_signed_in(session, key).staff_id == signed_in.staff.id
    assert len([one for one in asked if one.startswith("SELECT")]) == 1


def test_a_new_password_ends_all_other_sessions(both_session: Session, place: Province) -> None:
    username = create_staff_account(both_session, "clerk", place.library)
    here = sign_in_staff(both_session, username, PASSWORD, "127.0.0.1")
    there = sign_in_staff(both_session, username, PASSWORD, "127.0.0.2")
    assert here
    assert there
    staff = both_session.get_one(Staff, here.staff.id)
    actor = actor_for_staff(both_session, staff)
    with pytest.raises(Refused):
        change_password(both_session, actor, staff, "wrong", "mot-mat-khau-moi")
    change_password(
        both_session, actor, staff, PASSWORD, "mot-mat-khau-moi", keep_session=here.session_key
    )
    assert staff_of_session(both_session, here.session_key)
    assert staff_of_session(both_session, there.session_key) is None
    noted = both_session.scalars(select(AuditEntry).where(AuditEntry.action == "password_changed"))
    assert [(one.actor_id, one.subject_id) for one in noted] == [(staff.id, staff.id)]


def test_guessing_is_slowed_down_and_forgiven(both_session: Session, place: Province) -> None:
    username = create_staff_account(both_session, "clerk", place.library)
    start = clock.now()
    with clock.at(start):
        for _ in range(5):
            assert sign_in_staff(both_session, username, "guess", "10.0.0.9") is None
        with pytest.raises(Refused) as refused:
            sign_in_staff(both_session, username, PASSWORD, "10.0.0.9")
        assert refused.value.facts["seconds"] > 0
    with clock.at(start + timedelta(minutes=20)):
        assert sign_in_staff(both_session, username, PASSWORD, "10.0.0.9") is not None


@pytest.mark.usefixtures("app")  # which declares them all
def test_every_permission_of_a_role_exists() -> None:
    for role in roles().values():
        for permission in role.permissions:
            held = [
                p
                for p in PERMISSIONS
                if p == permission or (permission.endswith("*") and p.startswith(permission[:-1]))
            ]
            assert held, f"{role.code}: {permission}"


def test_an_actor_without_grants_can_do_nothing() -> None:
    assert not Actor(name="nobody").can("circulation:desk:use")


def test_nobody_locks_the_house_from_inside(both_session: Session, place: Province) -> None:
    head = create_actor(both_session, "head", place.library)
    colleague = create_actor(both_session, "clerk", place.branch)
    own = both_session.scalars(select(Grant).where(Grant.staff_id == head.staff_id)).one()
    assert head.staff_id
    assert colleague.staff_id
    with pytest.raises(Refused):
        set_active(both_session, head, head.staff_id, active=False)
    with pytest.raises(Refused):
        revoke_role(both_session, head, own.id)
    set_active(both_session, head, colleague.staff_id, active=False)
    username = both_session.get_one(Staff, colleague.staff_id).username
    assert sign_in_staff(both_session, username, PASSWORD, "127.0.0.1") is None
    set_active(both_session, head, colleague.staff_id, active=True)
    assert sign_in_staff(both_session, username, PASSWORD, "127.0.0.1") is not None


def test_the_role_of_a_machine_is_granted_to_nobody(session: Session) -> None:
    top = create_unit(session, "province", "Tỉnh")
    machines = sorted(set(roles()) - set(peoples_roles()))
    assert machines
    for role in machines:
        with pytest.raises(Invalid, match="role_unknown"):
            create_staff_account(session, role, top)
