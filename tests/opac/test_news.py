"""News: written by staff, read by everybody from its day on."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from ils.core import clock, db
from opac.models import NewsPost
from tests.opac.conftest import text_of


def day(offset: int = 0) -> str:
    return (clock.today() + timedelta(days=offset)).strftime("%d/%m/%Y")


def test_the_head_writes_news_and_readers_see_it(
    client: Any, province: Any, staff_client: Any
) -> None:
    head = staff_client("head")
    answer = head.post(
        "/staff/news/new",
        data={
            "title": "Kể chuyện đêm thứ Bảy",
            "summary": "Mời các em",
            "text": "Lúc **19 giờ**.\n\n<script>alert(1)</script>",
            "published_on": day(),
        },
    )
    assert answer.status_code == 302
    assert "Kể chuyện" in text_of(head.get("/staff/news/"))
    slug = province.library.slug
    assert "Kể chuyện đêm thứ Bảy" in text_of(client.get(f"/{slug}/"))
    assert "Kể chuyện đêm thứ Bảy" in text_of(client.get("/news"))
    page = text_of(client.get(f"/{slug}/news/ke-chuyen-dem-thu-bay"))
    assert "<strong>19 giờ</strong>" in page
    assert "<script>alert" not in page


def test_drafts_hidden_and_planned_news_are_not_shown(
    client: Any, province: Any, staff_client: Any
) -> None:
    head = staff_client("head")
    head.post("/staff/news/new", data={"title": "Bản nháp", "published_on": ""})
    head.post("/staff/news/new", data={"title": "Ẩn", "published_on": day(), "hidden": "y"})
    head.post("/staff/news/new", data={"title": "Ngày mai", "published_on": day(1)})
    page = text_of(client.get("/news"))
    assert "Bản nháp" not in page
    assert "Ngày mai" not in page
    assert client.get("/news/ngay-mai").status_code == 404
    with clock.at(clock.now() + timedelta(days=1)):
        assert client.get("/news/ngay-mai").status_code == 200


def test_a_wrong_form_keeps_what_was_typed(province: Any, staff_client: Any) -> None:
    head = staff_client("head")
    answer = head.post(
        "/staff/news/new", data={"title": "", "text": "Đã gõ nhiều", "published_on": "32/13"}
    )
    assert answer.status_code == 422
    assert "Đã gõ nhiều" in text_of(answer)
    assert "32/13" in text_of(answer)
    with db.reading() as session:
        assert session.scalars(select(NewsPost)).all() == []


def test_a_preview_saves_nothing(province: Any, staff_client: Any) -> None:
    head = staff_client("head")
    answer = head.post(
        "/staff/news/new", data={"title": "Thử", "text": "**đậm**", "act": "preview"}
    )
    assert "<strong>đậm</strong>" in text_of(answer)
    with db.reading() as session:
        assert session.scalars(select(NewsPost)).all() == []


def test_a_changed_title_keeps_its_address(client: Any, province: Any, staff_client: Any) -> None:
    head = staff_client("head")
    head.post("/staff/news/new", data={"title": "Một tin", "published_on": day()})
    head.post("/staff/news/new", data={"title": "Một tin", "published_on": day()})
    with db.reading() as session:
        first, second = session.scalars(select(NewsPost).order_by(NewsPost.id)).all()
    assert (first.slug, second.slug) == ("mot-tin", "mot-tin-2")
    head.post(f"/staff/news/{first.id}", data={"title": "Tên mới", "published_on": day()})
    assert "Tên mới" in text_of(client.get("/news/mot-tin"))


def test_a_clerk_may_not_write_news(province: Any, staff_client: Any) -> None:
    clerk = staff_client("clerk", province.branch)
    assert clerk.get("/staff/news/").status_code == 403
    assert clerk.post("/staff/news/new", data={"title": "x"}).status_code == 403


def test_the_news_of_another_library_cannot_be_opened(province: Any, staff_client: Any) -> None:
    with db.transaction() as session:
        post = NewsPost(unit_id=province.foreign_library.id, slug="x", title="Của thư viện khác")
        session.add(post)
    head = staff_client("head")
    assert head.get(f"/staff/news/{post.id}").status_code == 404
    assert head.post(f"/staff/news/{post.id}", data={"title": "y"}).status_code == 404
    assert "Của thư viện khác" not in text_of(head.get("/staff/news/"))


def test_the_province_leads_to_the_library_that_wrote(
    client: Any, province: Any, make: Any
) -> None:
    """Two libraries may have news of one name: each is read on its own site."""

    def written(session: Any, unit: Any, text: str) -> None:
        session.add(
            NewsPost(
                unit_id=unit.id,
                slug="he",
                title="Đọc sách hè",
                text=text,
                published_on=clock.today(),
                updated_at=clock.now(),
            )
        )

    make(written, province.library, "Của nhà mình")
    make(written, province.foreign_library, "Của nhà bên")
    page = text_of(client.get("/news"))
    for library in (province.library, province.foreign_library):
        assert f'href="/{library.slug}/news/he"' in page
    assert "Của nhà bên" in text_of(client.get(f"/{province.foreign_library.slug}/news/he"))
