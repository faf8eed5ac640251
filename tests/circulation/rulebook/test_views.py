"""The pages of the rules, used as a head of library uses them."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from circulation.models import PolicyRow
from circulation.policies import policy_for
from circulation.rulebook.models import RuleDraft
from ils.core import db
from tests import factories

RULES = "/staff/rules/"


@pytest.fixture
def head(province: factories.Province, staff_client: Callable[..., Any]) -> Any:
    return staff_client("head", province.library)


def set_at(unit: Any) -> dict[tuple[str, str], Any]:
    with db.reading() as session:
        rows = session.scalars(select(PolicyRow).where(PolicyRow.unit_id == unit.id)).all()
        return {(row.item_type, row.category): row.values for row in rows}


def test_boxes_set_values_and_empty_boxes_inherit(head: Any, province: factories.Province) -> None:
    library = province.library
    page = f"{RULES}?unit={library.id}&field=loan_days"
    form = {"cell::": "20", "cell:comic:": "7", "cell::child": "", "act": "save"}
    assert head.post(page, data=form).status_code == 302
    assert set_at(library) == {("", ""): {"loan_days": 20}, ("comic", ""): {"loan_days": 7}}
    with db.reading() as session:
        assert policy_for(session, province.branch.id, "comic", "child").policy.loan_days == 7
    head.post(page, data={"cell::": "20", "cell:comic:": "", "act": "save"})
    assert set_at(library) == {("", ""): {"loan_days": 20}}


@pytest.mark.parametrize(
    ("field", "typed", "stored"),
    [
        ("cap", "25k", 25_000),
        ("cap", "–", None),
        ("limit_total", "∞", None),
        ("fixed_due", "30/8/2027", "2027-08-30"),
        ("loanable", "0", False),
        ("penalty", "days", "days"),
    ],
)
def test_values_are_typed_as_people_write_them(
    head: Any, province: factories.Province, field: str, typed: str, stored: Any
) -> None:
    page = f"{RULES}?unit={province.library.id}&field={field}"
    head.post(page, data={"cell::": typed, "act": "save"})
    assert set_at(province.library) == {("", ""): {field: stored}}
    assert head.get(page).status_code == 200


@pytest.mark.parametrize("typed", ["viele", "9999", "–"])
def test_what_cannot_be_is_refused_and_stays_in_its_box(
    head: Any, province: factories.Province, typed: str
) -> None:
    page = f"{RULES}?unit={province.library.id}&field=loan_days"
    answer = head.post(page, data={"cell::": "20", "cell:comic:": typed, "act": "save"})
    assert answer.status_code == 422
    assert f'value="{typed}"' in answer.text
    assert set_at(province.library) == {}


def test_a_list_is_ticked_in_its_box(head: Any, province: factories.Province) -> None:
    library = province.library
    page = f"{RULES}?unit={library.id}&field=renew_stopped_by"
    assert "tick:cell::" in head.get(page).text
    as_it_is = {"cell::": "", "tick:cell::": ["owed", "lost"], "act": "save"}
    head.post(page, data=as_it_is)
    assert set_at(library) == {}, "nothing was touched"
    head.post(page, data={**as_it_is, "tick:cell::": ["owed", "overdue"]})
    assert set_at(library) == {("", ""): {"renew_stopped_by": ["owed", "overdue"]}}
    head.post(page, data={"cell::": "own", "cell:comic:": "own", "act": "save"})
    assert set_at(library)["comic", ""] == {"renew_stopped_by": []}
    head.post(page, data={"cell::": "", "tick:cell::": [], "cell:comic:": "own", "act": "save"})
    assert set_at(library) == {("comic", ""): {"renew_stopped_by": []}}


def test_a_box_says_where_its_value_comes_from(head: Any, province: factories.Province) -> None:
    with db.transaction() as session:
        row = session.scalars(select(PolicyRow)).one()
        row.values = {"loan_days": 11}
    text = head.get(f"{RULES}?unit={province.library.id}&field=loan_days").text
    assert 'placeholder="11"' in text
    assert "Tỉnh thử" in text


def test_a_change_is_tried_first_and_then_saved(head: Any, province: factories.Province) -> None:
    page = f"{RULES}?unit={province.library.id}&field=cap"
    tried = head.post(page, data={"cell::": "500", "act": "try"}, follow_redirects=True)
    assert tried.status_code == 200
    assert "thấp hơn tiền phạt một ngày" in tried.text, "the doubt it would bring is told"
    assert set_at(province.library) == {}
    with db.reading() as session:
        draft_id = session.scalars(select(RuleDraft.id)).one()
    head.post(f"{RULES}drafts/{draft_id}", data={"act": "save"})
    assert set_at(province.library) == {("", ""): {"cap": 500}}
    assert "thấp hơn tiền phạt một ngày" in head.get(f"{RULES}lint?unit={province.library.id}").text


def test_explaining_needs_a_card_and_a_copy(head: Any, province: factories.Province) -> None:
    with db.transaction() as session:
        item = factories.create_item(session, province.branch)
        patron = factories.create_patron(session, province.branch, "Lê Thị Mơ")
        card = factories.card_of(session, patron)
    words = f"branch={province.branch.id}&card={card}&barcode={item.barcode}"
    text = head.get(f"{RULES}explain?{words}").text
    assert "Lê Thị Mơ" in text
    assert "Sẽ cho mượn" in text
    assert head.get(f"{RULES}explain?{words}&kind=reading_room").status_code == 200
    assert "notice--bad" in head.get(f"{RULES}explain?card={card}&barcode=XX").text


def test_a_desk_clerk_may_explain_and_not_edit(
    province: factories.Province, staff_client: Callable[..., Any]
) -> None:
    clerk = staff_client("clerk", province.library)
    assert clerk.get(f"{RULES}explain").status_code == 200
    assert clerk.get(RULES).status_code == 403
    assert clerk.get(f"{RULES}open-loans").status_code == 403
