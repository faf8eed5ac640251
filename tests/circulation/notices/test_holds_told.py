"""What readers are told of holds that end without a book, from the night's job to the mail."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from cataloging.models import Item
from circulation import lending_jobs
from ils.core import clock
from tests.circulation.conftest import Library
from tests.circulation.notices.conftest import Desk, Post

Reader = Callable[..., Any]


def night(lite: Library, days: int, job: Callable[[], Any]) -> None:
    """Let days pass; the job runs at night, then it is morning."""
    lite.on(lite.today + timedelta(days=days), 1)
    with clock.at(lite.now):
        job()
    lite.on(lite.today)


def test_a_hold_that_nobody_collected_is_told_once(
    lite: Library, reader: Reader, post: Post
) -> None:
    desk, item = Desk(lite), lite.item(lite.record("Số đỏ"))
    lite.hold(item, reader())
    lite.take_back(item)
    assert desk.day() == 1
    night(lite, 13, lending_jobs.expire_shelf)
    assert desk.day() == 1
    assert "hết ngày giữ" in post.taken[1].get_content()
    assert [one.what for one in desk.notices()] == ["hold_ready", "hold_expired"]
    lite.later(days=1)
    assert desk.day() == 0


def test_a_hold_that_came_too_late_and_one_without_a_copy_are_told(
    lite: Library, reader: Reader, post: Post
) -> None:
    desk = Desk(lite)
    late, lost = (lite.item(lite.record(title)) for title in ("Số đỏ", "Tắt đèn"))
    for item in (late, lost):
        lite.lend(item, lite.patron("Trần An"))
    lite.hold(late, reader(), need_by=lite.today + timedelta(days=2))
    lite.hold(lost, reader("Mary Smith", email="mary@sen.example", language="en"))
    with lite.writing() as session:
        session.get_one(Item, lost.id).lifecycle = "lost"
    night(lite, 3, lending_jobs.pass_need_by)
    night(lite, 0, lending_jobs.assign_all)
    assert desk.day() == 2
    said = {mail["To"]: mail.get_content() for mail in post.taken}
    assert "Đã qua ngày quý bạn đọc cần" in said["lan@sen.example"]
    assert "no copy left" in said["mary@sen.example"]
    lite.later(days=1)
    assert desk.day() == 0
