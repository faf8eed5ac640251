"""Links that keep what a page was asked: nothing in an address steers how they are written."""

from typing import Any

from ils.web.links import address_of, this_address


def test_a_link_keeps_what_was_asked_and_changes_a_word(app: Any) -> None:
    with app.test_request_context("/search?q=lang+biang&page=3&year=1992&year=1993"):
        assert this_address(page=4) == "/search?q=lang+biang&page=4&year=1992&year=1993"
        assert this_address(page=[]) == "/search?q=lang+biang&year=1992&year=1993"
        assert address_of("opac.search", page=1).startswith("/search?q=lang+biang&page=1")


def test_no_word_of_an_address_steers_a_link(app: Any) -> None:
    hostile = "/search?q=a&_scheme=javascript&_external=1&_anchor=x&endpoint=y&_method=POST"
    with app.test_request_context(hostile):
        assert this_address(lang="en") == "/search?q=a&lang=en"
        assert address_of("opac.search") == "/search?q=a"


def test_pages_stand_whatever_their_address_says(client: Any, province: Any) -> None:
    page = client.get("/search?q=a&endpoint=x&_scheme=javascript&_external=1&self=1")
    assert page.status_code == 200
    assert "javascript:" not in page.text
