"""Setting up self-check machines: by the head of a library, for its own branches."""

import re
from typing import Any

from sqlalchemy import select

from circulation.sip2.models import Sip2Terminal
from circulation.sip2.terminals import sign_in_terminal
from ils.core import db


def terminal() -> Sip2Terminal:
    with db.reading() as session:
        return session.scalars(select(Sip2Terminal)).one()


def signs_in(password: str) -> bool:
    with db.transaction() as session:
        return sign_in_terminal(session, "Quay1.Thu", password, "127.0.0.1") is not None


def test_a_machine_is_set_up_and_its_password_is_shown_once(
    app: Any, province: Any, staff_client: Any
) -> None:
    browser = staff_client("head", province.library)
    words = {"name": "quay1.thu", "branch_id": province.branch.id, "asks_password": "y"}
    page = browser.post("/staff/machines/", data=words).text
    password = re.search(r"<code>([^<]+)</code>", page)
    assert password is not None
    assert signs_in(password[1])
    assert password[1] not in browser.get("/staff/machines/").text
    assert not signs_in("falsch")
    browser.post(f"/staff/machines/{terminal().id}", data={"act": "password"})
    assert not signs_in(password[1])


def test_names_that_cannot_be_are_told_and_nothing_is_lost(
    app: Any, province: Any, staff_client: Any
) -> None:
    browser = staff_client("head", province.library)
    words = {"name": "Quầy một", "branch_id": province.branch.id, "note": "cạnh cửa"}
    answer = browser.post("/staff/machines/", data=words)
    assert answer.status_code == 422
    assert "cạnh cửa" in answer.text
    for _ in range(2):
        answer = browser.post("/staff/machines/", data=words | {"name": "quay2"})
    assert answer.status_code == 422


def test_a_clerk_sets_up_no_machine_and_another_library_changes_none(
    app: Any, province: Any, staff_client: Any
) -> None:
    assert staff_client("clerk", province.library).get("/staff/machines/").status_code == 403
    head = staff_client("head", province.library)
    head.post("/staff/machines/", data={"name": "quay3", "branch_id": province.branch.id})
    foreign = staff_client("head", province.foreign_library)
    assert "quay3" not in foreign.get("/staff/machines/").text
    assert foreign.post(f"/staff/machines/{terminal().id}", data={}).status_code == 404
    assert terminal().active
    head.post(f"/staff/machines/{terminal().id}", data={"note": "tắt"})
    assert not terminal().active
