"""The matrix of lending rules, edited in place by the keyboard alone."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from circulation.models import PolicyRow
from ils.core.db import reading, transaction
from tests.browser.conftest import Place
from tests.factories import PASSWORD, create_staff_account
from tests.live import Server, press, sign_in_staff

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_rule_is_set_and_left_to_be_inherited_without_a_mouse(
    page: Any, place: Place, serve: Callable[[], Server]
) -> None:
    library = place.province.library
    with transaction() as session:
        head = create_staff_account(session, "head", library)
        session.add(PolicyRow(unit_id=library.id, item_type="comic", values={"loan_days": 7}))
    server = serve()
    sign_in_staff(page, server, head, PASSWORD)
    page.goto(f"{server.url}/staff/rules/?unit={library.id}&field=loan_days")
    page.focus("[name='cell::']")
    page.keyboard.type("20")
    press(page, "ArrowRight")
    press(page, "ArrowRight")
    page.keyboard.type("10")  # all item types, children
    press(page, "ArrowDown")
    page.keyboard.type("99")
    press(page, "Escape")  # as it was: inherited
    press(page, "ArrowDown")
    for _ in range(2):
        press(page, "ArrowLeft")
    assert page.evaluate("document.activeElement.name") == "cell:comic:"
    press(page, "Delete")
    assert page.inner_text("#rulebook-count") == "● 3"
    press(page, "Control+Enter")
    page.wait_for_selector(".notice--ok")
    with reading() as session:
        rows = session.scalars(select(PolicyRow).where(PolicyRow.unit_id == library.id)).all()
        stored = {(row.item_type, row.category): row.values for row in rows}
    assert stored == {("", ""): {"loan_days": 20}, ("", "child"): {"loan_days": 10}}
