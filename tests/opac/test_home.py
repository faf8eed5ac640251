"""The first pages of the sites, from an empty library on."""

import re
from datetime import timedelta
from typing import Any

import pytest

from ils.core import clock, db
from ils.org.models import CalendarDay
from tests import factories
from tests.opac.conftest import open_daily, text_of

PAGES = (
    "/",
    "/new-books",
    "/news",
    "/about",
    "/search",
    "/account/sign-in",
    "/robots.txt",
    "/sitemap.xml",
    "/sitemap-pages.xml",
    "/sitemap-1.xml",
    "/opensearch.xml",
)


@pytest.mark.parametrize("path", PAGES)
def test_a_library_without_books_news_or_hours_has_all_its_pages(
    client: Any, province: Any, path: str
) -> None:
    assert client.get(path).status_code == 200
    if not path.startswith(("/robots", "/sitemap")):
        assert client.get(f"/{province.library.slug}{path}").status_code == 200


def test_what_the_home_page_suggests_to_type_finds_books_of_that_library(
    client: Any, province: Any
) -> None:
    with db.transaction() as session:
        for title, author in (("Dế Mèn phiêu lưu ký", "Tô Hoài"), ("Tắt đèn", "Ngô Tất Tố")):
            record = factories.create_record(session, title, author=author)
            factories.create_item(session, province.branch, record)
    home = f"/{province.library.slug}/"
    asked = re.findall(r"hero__hint.*?</p>", text_of(client.get(home)))[0]
    links = re.findall(r'href="([^"]+)"', asked)
    assert len(links) == 2
    for link in links:
        assert "1 tài liệu cho" in text_of(client.get(link))
    other = text_of(client.get(f"/{province.foreign_library.slug}/"))
    assert "hero__hint" not in other  # no book there, nothing to suggest


def test_there_is_no_site_for_an_unknown_library_or_a_branch(client: Any, province: Any) -> None:
    assert client.get("/khong-co/").status_code == 404
    assert client.get(f"/{province.branch.slug}/").status_code == 404
    assert client.get("/record/999").status_code == 404
    assert client.get(f"/{province.library.slug}/news/khong-co").status_code == 404


def test_the_home_page_says_whether_the_library_is_open(
    client: Any, province: Any, tuesday: Any
) -> None:
    with db.transaction() as session:
        open_daily(session, province.library)
    page = text_of(client.get(f"/{province.library.slug}/"))
    assert "Đang mở cửa" in page
    assert "07:30–11:30" in page
    assert "Thứ Ba, 24/11/2026" in page
    with clock.at(tuesday + timedelta(hours=1)):
        assert "Đang đóng cửa" in text_of(client.get(f"/{province.library.slug}/"))


def test_where_no_hours_are_entered_nobody_is_told_it_is_closed(client: Any, province: Any) -> None:
    for path in ("/", "/about", f"/{province.library.slug}/about"):
        page = text_of(client.get(path))
        assert "Hôm nay: Mở cửa" in page, path
        assert "Đang đóng cửa" not in page, path


def test_a_closed_day_names_its_reason_and_the_next_open_day(
    client: Any, province: Any, tuesday: Any
) -> None:
    with db.transaction() as session:
        open_daily(session, province.library)
        session.add(
            CalendarDay(
                unit_id=province.library.id, day=clock.today(), open=False, reason="Ngày nghỉ lễ"
            )
        )
    page = text_of(client.get(f"/{province.library.slug}/"))
    assert "Ngày nghỉ lễ" in page
    assert "Thứ Tư, 25/11/2026" in page


def test_the_newest_books_come_first_and_lead_to_their_pages(
    client: Any, province: Any, title: Any
) -> None:
    page = text_of(client.get(f"/{province.library.slug}/"))
    assert f"/{province.library.slug}/record/{title.id}" in page
    assert "Đất rừng phương Nam" in page


def test_the_site_speaks_english_by_a_switch_and_remembers_it(client: Any, province: Any) -> None:
    assert "Hôm nay bạn muốn đọc gì?" in text_of(client.get("/"))
    answer = client.get("/?lang=en")
    assert "What would you like to read today?" in text_of(answer)
    assert "What would you like to read today?" in text_of(client.get("/"))
    assert '<html lang="en"' in text_of(client.get("/"))


def test_colors_are_chosen_by_a_form_and_kept(client: Any, province: Any) -> None:
    assert "data-theme" not in text_of(client.get("/"))
    answer = client.post("/theme", data={"theme": "contrast", "next": "/about"})
    assert answer.headers["Location"].endswith("/about")
    assert 'data-theme="contrast"' in text_of(client.get("/"))
    assert (
        client.post("/theme", data={"theme": "x", "next": "//evil.example"})
        .headers["Location"]
        .startswith("/")
    )


def test_robots_are_kept_from_searches_and_shown_the_map(
    client: Any, province: Any, title: Any
) -> None:
    rules = text_of(client.get("/robots.txt"))
    assert "Disallow: /search" in rules
    assert "Sitemap: http://localhost/sitemap.xml" in rules
    assert f"/record/{title.id}</loc>" in text_of(client.get("/sitemap-1.xml"))
    assert client.get("/sitemap-9.xml").status_code == 404


def test_a_row_of_closed_days_is_one_line(client: Any, province: Any, tuesday: Any) -> None:
    with db.transaction() as session:
        open_daily(session, province.library)
        for offset in (20, 21, 22):
            session.add(
                CalendarDay(
                    unit_id=province.library.id,
                    day=clock.today() + timedelta(days=offset),
                    open=False,
                    reason="Nghỉ Tết",
                )
            )
    page = text_of(client.get(f"/{province.library.slug}/about"))
    assert "14/12 – 16/12/2026" in page
    assert page.count("Nghỉ Tết") == 1


def test_the_province_names_no_hours_of_its_own(client: Any, province: Any) -> None:
    page = text_of(client.get("/about"))
    assert "Chưa có giờ mở cửa" not in page
    assert f'href="/{province.library.slug}/about"' in page
