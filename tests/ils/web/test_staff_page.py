"""The page of staff accounts: a role is given at a unit one chooses and holds there and below."""

from typing import Any

from sqlalchemy import select

from ils.accounts.actor import actor_for_staff
from ils.accounts.models import Staff
from ils.core import db
from tests.factories import Province, create_staff_account

PAGE = "/staff/admin/staff"


def test_a_role_is_given_at_the_unit_chosen_and_nowhere_above_ones_own(
    staff_client: Any, province: Province
) -> None:
    head = staff_client("head", province.library)
    with db.transaction() as session:
        username = create_staff_account(session, "volunteer", province.branch)
        person = session.scalars(select(Staff).where(Staff.username == username)).one()
    assert f'<option value="{province.top.id}"' not in head.get(f"{PAGE}/{person.id}").get_data(
        as_text=True
    )
    asked = {"act": "grant", "role": "reporter", "unit_id": province.library.id}
    assert head.post(f"{PAGE}/{person.id}", data=asked).status_code == 302
    for role, unit in (("reporter", province.top), ("admin", province.library)):
        asked = {"act": "grant", "role": role, "unit_id": unit.id}
        assert head.post(f"{PAGE}/{person.id}", data=asked).status_code == 403
    with db.reading() as session:
        actor = actor_for_staff(session, person)
    assert actor.can("reporting:report:submit", province.library)
    assert actor.can("reporting:report:submit", province.other_branch)
    assert not actor.can("reporting:report:submit", province.foreign_library)
    assert not actor.can("reporting:report:submit", province.top)


def test_ones_own_account_stays_open(staff_client: Any, province: Province) -> None:
    head = staff_client("head", province.library)
    with db.reading() as session:
        own = session.scalars(select(Staff).order_by(Staff.id.desc())).first()
    assert own is not None
    answer = head.post(f"{PAGE}/{own.id}", data={"act": "close"})
    assert answer.status_code == 409
    assert "Không ai tự đóng tài khoản" in answer.get_data(as_text=True)
    assert head.get(PAGE).status_code == 200
