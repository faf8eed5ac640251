"""A loan slip by mail: through a real mail server, in the reader's language, without a trace."""

from typing import Any

import pytest
from sqlalchemy import select

from circulation.slip_mail import mail_loan_slip
from ils.core import clock
from ils.core.errors import Refused
from ils.core.jobs import Job, run_next_job
from tests.circulation.conftest import Library
from tests.circulation.notices.conftest import Post


def test_a_slip_goes_to_the_reader_and_only_ids_are_kept(
    app: Any, lite: Library, post: Post
) -> None:
    lan = lite.patron(email="lan@sen.example", language="en")
    item = lite.item(lite.record("Số đỏ"))
    lite.lend(item, lan)
    with lite.writing() as session:
        assert mail_loan_slip(session, lite.clerk, patron_id=lan.id) == "lan@sen.example"
    with app.app_context(), clock.at(lite.now):
        assert run_next_job()
    assert post.to == ["lan@sen.example"]
    text = post.taken[0].get_content()
    assert "Số đỏ" in text
    assert "due 29/05/2026" in text
    with lite.reading() as session:
        job = session.scalars(select(Job)).one()
    assert job.status == "done", job.message
    assert job.args == {"patron_id": lan.id, "unit_id": lite.place.branch.id}


def test_without_an_address_or_a_mail_server_nothing_is_promised(lite: Library) -> None:
    lan = lite.patron(email="lan@sen.example")
    with lite.writing() as session, pytest.raises(Refused, match="slip_not_mailed"):
        mail_loan_slip(session, lite.clerk, patron_id=lan.id)
