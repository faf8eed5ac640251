"""The kinds of patrons: what a new installation has, and how the list is kept."""

import pytest
from sqlalchemy import delete, select

from circulation.patrons.ages import kind_offered
from circulation.patrons.categories import (
    CategoryFacts,
    add_category,
    change_category,
    prepare_categories,
)
from circulation.patrons.models import PatronCategory
from ils.accounts.actor import Actor, system_actor
from ils.core import clock
from ils.core.db import transaction
from ils.core.errors import Forbidden, Invalid
from tests.factories import create_province


def test_a_new_installation_knows_the_usual_kinds(both_session):
    prepare_categories(both_session)
    prepare_categories(both_session)  # a second library adds nothing
    found = both_session.scalars(select(PatronCategory).order_by(PatronCategory.order)).all()
    assert [one.code for one in found][:2] == ["child", "pupil"]
    assert [one.code for one in found if one.child] == ["child"]
    assert all(one.name and one.name_en and one.card_months == 12 for one in found)


def test_a_kind_is_added_once_and_renamed(both_session):
    made = add_category(both_session, system_actor(), CategoryFacts("Người khuyết tật"))
    assert made.code == "nguoi_khuyet_tat"
    with pytest.raises(Invalid, match="category_taken"):
        add_category(both_session, system_actor(), CategoryFacts("người khuyết tật"))
    facts = CategoryFacts("Bạn đọc khuyết tật", "Disabled reader", card_months=36)
    change_category(both_session, system_actor(), made.code, facts)
    assert (made.name, made.card_months) == ("Bạn đọc khuyết tật", 36)
    with pytest.raises(Invalid, match="card_months_wrong"):
        change_category(both_session, system_actor(), made.code, CategoryFacts("x", card_months=0))


def test_only_who_may_changes_the_list(both_session):
    with pytest.raises(Forbidden):
        add_category(both_session, Actor(name="nobody"), CategoryFacts("Ai đó"))


def test_the_list_is_kept_on_its_page(staff_client, province):
    head = staff_client("head", province.library)
    page = "/staff/patrons/categories"
    made = head.post(page, data={"name": "Người khuyết tật", "card_months": "24"})
    assert made.status_code == 302
    assert "Người khuyết tật" in head.get(page).get_data(as_text=True)
    wrong = head.post(page, data={"code": "adult", "name": "", "card_months": "x"})
    assert wrong.status_code == 422
    assert "Hãy nhập số nguyên." in wrong.get_data(as_text=True)
    renamed = head.post(page, data={"code": "adult", "name": "Người lớn tuổi", "card_months": "12"})
    assert renamed.status_code == 302
    assert "Người lớn tuổi" in head.get(page).get_data(as_text=True)
    refused = staff_client("clerk", province.branch).get(page)
    assert refused.status_code == 403
    assert "quyền cần cho việc này: " in refused.get_data(as_text=True)
    assert "patrons:" not in refused.get_data(as_text=True)  # the right's name, not its code


def test_a_registration_begins_with_a_kind_that_needs_no_guardian(staff_client, province):
    with transaction() as session:
        session.get_one(PatronCategory, "child").order = 0
    page = staff_client("clerk", province.branch).get("/staff/patrons/new").get_data(as_text=True)
    assert '<option selected value="adult">' in page


def test_a_kind_for_younger_people_is_remarked_and_kept_only_if_meant(staff_client, province):
    with transaction() as session:
        session.add(PatronCategory(code="pupil", name="Học sinh", name_en="Pupil", to_age=18))
    clerk, page = staff_client("clerk", province.branch), "/staff/patrons/new"
    grown = {"name": "Trần Văn Nam", "category": "pupil", "branch_id": province.branch.id}
    grown |= {"born_year": "1990", "sex": "", "consent": "y"}
    remarked = clerk.post(page, data=grown)
    assert remarked.status_code == 409
    text = remarked.get_data(as_text=True)
    assert f"{clock.today().year - 1990} tuổi" in text
    assert "đến 18 tuổi" in text
    young = clerk.post(
        page, data=grown | {"name": "Trần Nam", "born_year": clock.today().year - 17}
    )
    assert young.status_code == 302
    assert clerk.post(page, data=grown | {"category": "adult"}).status_code == 302
    assert clerk.post(page, data=grown | {"sure": "1"}).status_code == 302


def test_a_registration_from_the_site_is_offered_the_kind_that_fits_its_age(both_session):
    place = create_province(both_session)
    both_session.execute(delete(PatronCategory))
    prepare_categories(both_session)
    offered = [kind_offered(both_session, age, place.library.id) for age in (8, 17, 36, None)]
    assert offered == ["child", "pupil", "other", "pupil"]
