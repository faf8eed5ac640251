"""``./sen search`` on the command line."""

import orjson
from click.testing import CliRunner

from cataloging.search import index
from cataloging.search.cli import search
from ils.core import db
from tests.cataloging.search.conftest import store_books
from tests.cataloging.search.corpus import BOOKS


def run(*words: str):
    return CliRunner().invoke(search, list(words))


def test_rebuild_check_and_ask(sqlite_db):
    store_books(BOOKS[:6])
    assert run("check").exit_code == 1
    assert "6 records indexed" in run("rebuild").output
    built = orjson.loads(run("rebuild", "--json").output)
    assert built["documents"] == 6
    checked = run("check", "--full", "--json")
    assert checked.exit_code == 0
    assert orjson.loads(checked.output)["agrees"] is True
    assert "Số đỏ" in run("ask", "so", "do").output
    with db.transaction() as session:
        session.connection().exec_driver_sql("UPDATE record SET version = 9 WHERE id = 1")
    assert run("check", "--full").exit_code == 1
    index.close_readers()
