"""The staff menu: where a day begins, and the keys of its pages."""

import re
from typing import Any

import pytest


@pytest.mark.parametrize(
    ("role", "begins"),
    [
        ("clerk", "/staff/desk"),
        ("head", "/staff/desk"),
        ("cataloguer", "/staff/catalog/"),
        ("province_officer", "/staff/reports/figures"),
        ("reporter", "/staff/daily-log/"),
    ],
)
def test_everybody_begins_where_they_work(
    staff_client: Any, province: Any, role: str, begins: str
) -> None:
    unit = province.top if role == "province_officer" else province.branch
    answer = staff_client(role, unit).get("/staff/")
    assert answer.headers["Location"].startswith(begins)


def test_a_page_alone_in_its_part_of_the_menu_keeps_its_key(
    staff_client: Any, province: Any
) -> None:
    page = staff_client("clerk", province.branch).get("/staff/desk").text
    link = re.search(r"<a [^>]*data-hotkey=\"Alt\+Q\"[^>]*>", page)
    assert link, "a clerk has one page of the catalog"
    assert "/staff/catalog" in link[0]


def test_the_last_slip_can_be_printed_again_from_every_page(
    staff_client: Any, province: Any
) -> None:
    clerk = staff_client("clerk", province.branch)
    for address in ("/staff/desk", "/staff/patrons/"):
        assert 'data-hotkey="F9"' in clerk.get(address).text
