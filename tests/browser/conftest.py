"""What the stories in the browser share: a place, and a server on it, one for each module."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bench.postgres import free_port
from ils.core import db
from ils.core.config import Config, config, use
from ils.web.register import forget_ready
from tests import factories
from tests.live import Server
from tests.opac.conftest import open_daily


@dataclass
class Place:
    """A small province in a data folder of its own, not served yet."""

    folder: Path
    app: Any
    province: factories.Province


@pytest.fixture(scope="module")
def place(_sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A small province on SQLite, shared by the tests of a module."""
    from ils.app import create_app

    folder = tmp_path_factory.mktemp("place")
    shutil.copyfile(_sqlite_template, folder / "sen.db")
    (folder / "secret.key").write_text("test")  # what is signed here opens at the server, too
    use(Config(data_dir=folder, database_url="", secret_key="test", testing=True))
    forget_ready()
    db.connect()
    app = create_app(config())
    app.config["WTF_CSRF_ENABLED"] = False
    with db.transaction() as session:
        province = factories.create_province(session)
        for library in (province.library, province.foreign_library):
            open_daily(session, library)
    yield Place(folder, app, province)
    db.disconnect()


@pytest.fixture(scope="module")
def serve(place: Place) -> Iterator[Callable[[], Server]]:
    """Serve the place, once the module has furnished it: ``serve()``."""
    started: list[Server] = []

    def begin() -> Server:
        started.append(Server(place.folder, free_port()))
        started[-1].start()
        return started[-1]

    yield begin
    for server in started:
        server.stop()


def sign_in_patron(page: Any, card: str, password: str) -> None:
    """Fill the patron's sign-in that is shown, and wait for what comes next."""
    page.fill("[name=card]", card)
    page.fill("[name=password]", password)
    page.click("main form button[type=submit]")
    page.wait_for_url(lambda url: "/sign-in" not in url)
