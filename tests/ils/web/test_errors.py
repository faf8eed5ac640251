"""Failures are told as what they are: no such thing, the database is busy, the program failed."""

from typing import Any

import pytest
from sqlalchemy import Engine, text

from ils.core import db
from ils.core.config import config
from ils.web.door import door
from ils.web.errors import message
from ils.web.register import forget_ready
from tests import factories


@pytest.fixture
def site(both: Engine) -> Any:
    """The public site, on each of the two databases."""
    from ils.app import create_app

    forget_ready()
    with db.transaction() as session:
        factories.create_province(session)
    return create_app(config()).test_client()


@pytest.mark.parametrize("number", ["99999999999999999999", "9223372036854775808"])
def test_a_number_that_no_column_can_hold_is_not_found(site: Any, number: str) -> None:
    answer = site.get(f"/record/{number}")
    assert answer.status_code == 404
    assert "Không tìm thấy trang" in answer.text


def test_a_missing_table_is_not_told_as_a_busy_database(app: Any) -> None:
    @app.get("/-/broken")
    @door.public
    def broken() -> str:
        with db.reading() as session:
            session.execute(text("SELECT 1 FROM no_such_table_here"))
        return ""

    with db.transaction() as session:
        factories.create_province(session)
    assert app.test_client().get("/-/broken").status_code == 500


def test_two_packages_cannot_give_a_code_two_sentences(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ils.web.errors.MESSAGES", {})
    message("said_once", "There is no such box.")
    message("said_once", "There is no such box.")
    with pytest.raises(ValueError, match="said_once"):
        message("said_once", "There is no box of that name.")
