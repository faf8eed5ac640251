"""Paging."""

import pytest

from ils.web.pages import Page, page_number


@pytest.mark.parametrize(
    ("number", "total", "pages", "first", "last"),
    [(1, 0, 1, 0, 0), (1, 20, 1, 1, 20), (2, 21, 2, 21, 21), (3, 100, 5, 41, 60)],
)
def test_a_page_knows_its_rows(number: int, total: int, pages: int, first: int, last: int) -> None:
    page = Page(number, 20, total)
    assert (page.pages, page.first, page.last) == (pages, first, last)


@pytest.mark.parametrize(
    ("number", "pages", "near"),
    [
        (1, 1, [1]),
        (1, 9, [1, 2, 3, None, 9]),
        (5, 9, [1, 2, 3, 4, 5, 6, 7, 8, 9]),
        (10, 20, [1, None, 8, 9, 10, 11, 12, None, 20]),
    ],
)
def test_a_pager_shows_the_ends_and_the_near_pages(
    number: int, pages: int, near: list[int | None]
) -> None:
    assert Page(number, 10, pages * 10).near == near


def test_a_list_longer_than_can_be_paged_ends_at_its_deepest_page() -> None:
    assert Page(1, 20, 1_000_000, deepest=1000).pages == 1000


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        (None, 1),
        ("", 1),
        ("3", 3),
        ("0", 1),
        ("-2", 1),
        ("x", 1),
        ("9" * 30, 1),
        ("99999999", 10_000),
    ],
)
def test_odd_page_numbers_are_page_one(typed: str | None, number: int) -> None:
    assert page_number(typed) == number
