"""Fixtures: real databases, a real application, real servers and a real browser.

Nothing here imitates our own code. Tests reach no host but this one.
"""

import gc
import os
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from hypothesis import HealthCheck, settings
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool
from werkzeug.routing import Rule

from bench.postgres import private_cluster, programs
from ils.accounts import passwords
from ils.core import clock, db, events
from ils.core.config import Config, use
from ils.core.migrate import all_tables
from tests.setup import find

os.environ["SEN_TESTING"] = "1"
# A busy machine is no finding: examples count, not how long they take to be thought of.
settings.register_profile("sen", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("sen")

# Passwords here are no secret: a thousandth of the work that keeps those of a library.
passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
passwords._NOBODY = passwords._hasher.hash("nobody signs in with this")

pytest_plugins = ["tests.live"]

SHARED_MARC = Path(__file__).resolve().parents[2] / "shared" / "marc"
IN_CI = os.environ.get("CI") == "true"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep together what shares a server, begin with what takes long, and skip, aloud, what this
    machine cannot run."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        for item in items:
            if _shares_with_its_module(item) and not item.get_closest_marker("xdist_group"):
                item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))
        items.sort(key=lambda item: item.get_closest_marker("slow") is None)
    lacking = {
        "postgres": None if find("postgres") else "PostgreSQL is not installed",
        "browser": None if find("chromium") else "Chromium is not installed",
        "shared": None if SHARED_MARC.is_dir() else "the shared MARC records are not beside us",
    }
    for item in items:
        for marker, reason in lacking.items():
            if reason and item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=reason))


gc.set_threshold(50_000, 20, 20)  # rings of dead objects are looked for seldom …


def pytest_collection_finish() -> None:
    """… and not among what lives as long as the run."""
    gc.collect()
    gc.freeze()


def _shares_with_its_module(item: pytest.Item) -> bool:
    """Tell whether a test uses something made once for its module, and so once for each process."""
    known: Any = getattr(item, "_fixtureinfo", None)
    return known is not None and any(
        one.scope == "module" for defined in known.name2fixturedefs.values() for one in defined
    )


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """In CI nothing may be skipped but what needs the shared records."""
    skipped = terminalreporter.stats.get("skipped", [])
    other = [report for report in skipped if "shared MARC records" not in str(report.longrepr)]
    if IN_CI and other:
        for report in other:
            terminalreporter.write_line(f"skipped in CI: {report.nodeid} {report.longrepr}")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a CI run that skipped what it must not."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if not IN_CI or reporter is None or session.exitstatus != 0:
        return
    skipped = reporter.stats.get("skipped", [])
    if any("shared MARC records" not in str(report.longrepr) for report in skipped):
        session.exitstatus = 1


# -- the network -------------------------------------------------------------------------------

_connect = socket.socket.connect


def _only_here(sock: socket.socket, address: Any) -> Any:
    host = address[0] if isinstance(address, tuple) else ""
    if sock.family in (socket.AF_INET, socket.AF_INET6) and host not in (
        "127.0.0.1",
        "::1",
        "localhost",
    ):
        raise RuntimeError(f"a test tried to reach {host}: start the peer on 127.0.0.1 instead")
    return _connect(sock, address)


@pytest.fixture(autouse=True, scope="session")
def _no_network() -> Iterator[None]:
    socket.socket.connect = _only_here  # type: ignore[method-assign]
    yield
    socket.socket.connect = _connect  # type: ignore[method-assign]


# -- databases ---------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Start a private PostgreSQL cluster for this session and return its URL."""
    if programs() is None:
        pytest.skip("PostgreSQL is not installed")
    with private_cluster() as url:
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text("CREATE DATABASE template_sen"))
        made = db.make_engine(url.rsplit("/", 1)[0] + "/template_sen")
        all_tables().create_all(made)
        made.dispose()
        engine.dispose()
        yield url


@contextmanager
def fresh_postgres(url: str) -> Iterator[str]:
    """Make an empty database with all tables and drop it afterwards."""
    name = f"sen_{os.getpid()}_{time.monotonic_ns()}"
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template_sen"))
    try:
        yield url.rsplit("/", 1)[0] + f"/{name}"
    finally:
        db.disconnect()
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        admin.dispose()


class Reused:
    """One PostgreSQL database for one test after another, emptied between two of them.

    Emptying is ten times quicker than making a database. One whose tables are not those of the
    template any more is made anew.
    """

    def __init__(self, url: str) -> None:
        self.admin, self.name = create_engine(url, isolation_level="AUTOCOMMIT"), "sen_reused"
        self.url = url.rsplit("/", 1)[0] + f"/{self.name}"
        self._make()
        tables = [table.name for table in all_tables().sorted_tables]
        each = (f"SELECT '{name}' WHERE EXISTS (SELECT FROM \"{name}\")" for name in tables)
        self._filled = text(" UNION ALL ".join(each))
        self._tables = len(tables)

    def _make(self) -> None:
        with self.admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)"))
            connection.execute(text(f"CREATE DATABASE {self.name} TEMPLATE template_sen"))

    def empty(self) -> None:
        """Delete all rows, and let every id begin at 1 again."""
        engine = create_engine(self.url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with engine.connect() as connection:
            connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
            own = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
            same = connection.scalar(text(own)) == self._tables
            if same:
                self._delete_all(connection)
        if not same:
            self._make()

    def _delete_all(self, connection: Connection) -> None:
        """Delete without the triggers: neither foreign keys nor closed tills ask."""
        filled = connection.scalars(self._filled).all()
        lines = [f'DELETE FROM "{name}"' for name in filled]
        connection.exec_driver_sql("; ".join(["SET session_replication_role = replica", *lines]))
        connection.execute(
            text(
                "SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, 1, false)"
                " FROM pg_sequences WHERE last_value IS NOT NULL"
            )
        )


@pytest.fixture(scope="session")
def _reused_postgres(postgres_url: str) -> Iterator[Reused]:
    made = Reused(postgres_url)
    yield made
    made.admin.dispose()


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("template") / "sen.db"
    made = db.make_engine(f"sqlite:///{file}")
    all_tables().create_all(made)
    with made.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    made.dispose()
    return file


_engines: dict[str, Engine] = {}
_make_engine = db.make_engine


def _one_engine(url: str) -> Engine:
    """Bind the process to the engine that it was bound to before: an engine keeps the statements
    it compiled. For SQLite it goes along from file to file."""
    if not db._binding._is_owned():  # type: ignore[attr-defined]
        return _make_engine(url)  # one for something else, beside the one that is bound
    key = "sqlite" if url.startswith("sqlite") else url
    if key not in _engines:
        made = _engines[key] = _make_engine(url)
        if key == "sqlite":
            event.listen(made, "do_connect", lambda *given: _open_file(made, *given))
            event.listen(made, "connect", lambda raw, _: raw.execute("PRAGMA synchronous=OFF"))
    _engines[key].url = make_url(url)
    events._looked.clear()
    return _engines[key]


def _open_file(engine: Engine, dialect: Any, _record: Any, _words: Any, named: Any) -> Any:
    return dialect.connect(engine.url.database, **named)


db.make_engine = _one_engine


def _configured(tmp_path: Path, url: str = "") -> Config:
    return use(Config(data_dir=tmp_path, database_url=url, secret_key="test", testing=True))


@pytest.fixture
def sqlite_db(tmp_path: Path, _sqlite_template: Path) -> Iterator[Engine]:
    """An empty SQLite database with all tables, bound to the process."""
    shutil.copyfile(_sqlite_template, tmp_path / "sen.db")
    _configured(tmp_path)
    _forget()
    yield db.connect()
    db.disconnect()


@pytest.fixture
def postgres_db(tmp_path: Path, _reused_postgres: Reused) -> Iterator[Engine]:
    """An empty PostgreSQL database with all tables, bound to the process."""
    _configured(tmp_path, _reused_postgres.url)
    _forget()
    yield db.connect()
    db.disconnect()
    _reused_postgres.empty()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def both(request: pytest.FixtureRequest) -> Engine:
    """The test runs on SQLite and on PostgreSQL."""
    return request.getfixturevalue(f"{request.param}_db")  # type: ignore[no-any-return]


def _forget() -> None:
    from ils.web.register import forget_ready

    forget_ready()


@pytest.fixture
def session(sqlite_db: Engine) -> Iterator[Session]:
    """A writing transaction on an empty SQLite database, rolled back at the end."""
    with db.transaction() as opened:
        yield opened
        opened.rollback()


@pytest.fixture
def both_session(both: Engine) -> Iterator[Session]:
    """A writing transaction on each of the two databases, rolled back at the end."""
    with db.transaction() as opened:
        yield opened
        opened.rollback()


@pytest.fixture
def at_time() -> Callable[[datetime], Any]:
    """Set the clock: ``with at_time(datetime(…, tzinfo=UTC)): …``."""
    return clock.at


@contextmanager
def count_queries(engine: Engine) -> Iterator[list[str]]:
    """Collect the SQL statements sent inside the block."""
    sent: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)


# -- the application ---------------------------------------------------------------------------


class Compiled(BytecodeCache):
    """Templates compiled once for all applications of a run: more than half the time of a page."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give what was compiled before from the same text."""
        if bucket.key in self.kept:
            bucket.bytecode_from_string(self.kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled."""
        self.kept[bucket.key] = bucket.bytecode_to_string()


_compiled = Compiled()
_compile, _builders = Rule._compile_builder, {}


def _compiled_once(rule: Rule, append_unknown: bool = True) -> Callable[..., Any]:
    """Compile how an address is written once for all applications of a run."""
    key = (rule.rule, rule.subdomain, repr(rule.defaults), append_unknown)
    if key not in _builders:
        _builders[key] = _compile(rule, append_unknown)
    return _builders[key]


Rule._compile_builder = _compiled_once


@pytest.fixture
def app(sqlite_db: Engine) -> Any:
    """The application on an empty database."""
    from ils.app import create_app
    from ils.core.config import config

    made = create_app(config())
    made.config["WTF_CSRF_ENABLED"] = False
    made.jinja_env.bytecode_cache = _compiled
    return made


@pytest.fixture
def client(app: Any) -> Any:
    """A browser without JavaScript, signed in nowhere."""
    return app.test_client()


@pytest.fixture
def province(app: Any) -> Any:
    """A small province: one library with two branches, staff, categories, item types, rules."""
    from tests.factories import create_province

    with db.transaction() as opened:
        return create_province(opened)


@pytest.fixture
def staff_client(app: Any, province: Any) -> Callable[..., Any]:
    """Sign a member of staff in: ``staff_client("clerk")`` or any other role."""
    from tests.factories import create_staff_account

    def signed_in(role: str = "head", unit: Any = None) -> Any:
        with db.transaction() as opened:
            username = create_staff_account(opened, role, unit or province.library)
        browser = app.test_client()
        answer = browser.post(
            "/staff/sign-in", data={"username": username, "password": "mat-khau-thu"}
        )
        assert answer.status_code == 302, answer.get_data(as_text=True)[:500]
        return browser

    return signed_in


@pytest.fixture
def patron_client(app: Any, province: Any) -> Callable[..., Any]:
    """Sign a patron in: ``patron_client(patron)``; without one, a new patron of our branch."""
    from opac.patron import remember
    from tests.factories import create_patron

    def signed_in(patron: Any = None) -> Any:
        if patron is None:
            with db.transaction() as opened:
                patron = create_patron(opened, province.branch)
        browser = app.test_client()
        with browser.session_transaction() as cookie:
            remember(cookie, patron)
        return browser

    return signed_in
