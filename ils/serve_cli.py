"""``./sen run``, ``worker``, ``upgrade``, ``sample``, ``backup``, ``restore``, ``doctor``."""

import sys
from pathlib import Path

import click

from ils.core.config import config, load, use

SAMPLE_ACCOUNTS = "sample-accounts.txt"


def _use_data(data: Path | None) -> None:
    if data is not None:
        use(load(data_dir=data))
    config().data_dir.mkdir(parents=True, exist_ok=True)


def _is_empty() -> bool:
    from ils.core.db import reading
    from ils.org.units import province

    with reading() as session:
        return province(session) is None


def sample_state() -> str:
    """Return ``none``, ``unfinished`` (loading the sample was broken off) or ``loaded``.

    Every start asks, so it must not need the whole program.
    """
    from sqlalchemy import select

    from ils.core.audit import AuditEntry
    from ils.core.db import reading

    with reading() as session:
        found = set(
            session.scalars(select(AuditEntry.action).where(AuditEntry.subject == "sample"))
        )
    return "loaded" if "sample_loaded" in found else "unfinished" if found else "none"


_data_option = click.option(
    "--data", type=click.Path(path_type=Path), help="Folder of all data (default var/)."
)


@click.command()
@click.option("--port", default=8000, show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True, help="0.0.0.0 for other PCs.")
@click.option("--empty", is_flag=True, help="Start without the sample province.")
@click.option("--workers", default=2, show_default=True, help="Web processes.")
@click.option("--threads", default=4, show_default=True, help="Threads in each.")
@_data_option
def run(
    port: int, host: str, *, empty: bool, workers: int, threads: int, data: Path | None
) -> None:
    """Serve the libraries: set up what is missing, then start."""
    from ils.core.errors import Refused
    from ils.core.migrate import upgrade_database
    from ils.core.serve import Supervisor, answers, gunicorn_command, require_free_port

    _use_data(data)
    try:
        require_free_port(host, port)
    except Refused as refused:
        raise click.ClickException(
            f"port {port} is taken: is Sen running already? Another one: --port {port + 1}"
        ) from refused
    if upgrade_database(lambda text: click.echo(f"sen: {text}")):
        click.echo("sen: the database is ready")
    if not empty:
        _sample_if_empty()
    commands = {
        "web": gunicorn_command(host, port, workers, threads),
        "worker": [sys.executable, "-m", "ils.cli", "worker"],
    }
    if config().sip2_port:
        commands["sip2"] = [sys.executable, "-m", "ils.cli", "sip2", "--host", host]
    supervisor = Supervisor(
        commands, lambda: _announce(host, port), lambda text: click.echo(f"sen: {text}", err=True)
    )
    sys.exit(supervisor.run(lambda: answers(host, port)))


def _sample_if_empty() -> None:
    """Load the sample province on the very first start; say so when that was broken off."""
    if _is_empty():
        _load_sample()
    elif sample_state() == "unfinished":
        click.echo("sen: loading the sample was broken off earlier; what was made is shown.")
        click.echo(f"sen: to load it anew, remove {config().data_dir} and start again.")


def _load_sample() -> None:
    from ils.app import load_sample

    click.echo("sen: making the sample province (once; a minute or two)")
    loaded = load_sample(lambda text: click.echo(f"sen: {text}"))
    lines = ["Sample accounts (never for a real library):"]
    lines += [f"  {a.username:<16} {a.password:<14} {a.role}, {a.unit}" for a in loaded.accounts]
    lines += ["Sample patrons, for the public site:"]
    lines += [f"  {r.card:<16} {r.password:<14} {r.name}, {r.library}" for r in loaded.readers]
    (config().data_dir / SAMPLE_ACCOUNTS).write_text("\n".join(lines) + "\n", "utf-8")


def _announce(host: str, port: int) -> None:
    from ils.core.serve import lan_address

    click.echo("")
    click.echo(f"  Sen is ready:      http://127.0.0.1:{port}/")
    click.echo(f"  For the staff:     http://127.0.0.1:{port}/staff/")
    if host not in ("127.0.0.1", "localhost"):
        click.echo(f"  For the other PCs: http://{lan_address() or host}:{port}/")
    for line in _sample_accounts():
        click.echo(line)
    click.echo("  Ctrl-C ends it.")
    sys.stdout.flush()


def _sample_accounts() -> list[str]:
    """Return the lines on sample accounts, kept in the data folder by the sample province."""
    file = config().data_dir / SAMPLE_ACCOUNTS
    if not file.exists():
        return []
    return ["", *(f"  {line}" for line in file.read_text("utf-8").splitlines()), ""]


@click.command()
@_data_option
def worker(data: Path | None) -> None:
    """Run only the worker (index, jobs)."""
    import logging
    import signal

    from ils.app import create_app
    from ils.core.memory import keep_loaded
    from ils.core.worker import Worker, give_way

    _use_data(data)
    give_way()
    logging.basicConfig(level=config().log_level, format="%(asctime)s %(name)s %(message)s")
    app = create_app(config())
    keep_loaded()
    running = Worker(around=app.app_context)
    signal.signal(signal.SIGTERM, running.stop)
    signal.signal(signal.SIGINT, running.stop)
    running.run()


@click.command()
@_data_option
def upgrade(data: Path | None) -> None:
    """Bring the database to this version of the program, after a backup."""
    from ils.core.migrate import upgrade_database

    _use_data(data)
    done = upgrade_database(lambda text: click.echo(f"sen: {text}"))
    click.echo("brought up to date" if done else "nothing to do")


@click.command()
@_data_option
def sample(data: Path | None) -> None:
    """Load the sample province into an empty installation."""
    from ils.core.migrate import upgrade_database

    _use_data(data)
    upgrade_database()
    if not _is_empty():
        raise click.ClickException("this installation is not empty; nothing was changed")
    _load_sample()


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@_data_option
def backup(file: Path, data: Path | None) -> None:
    """Write everything into one file, also while running."""
    from ils.core.backup import back_up

    _use_data(data)
    manifest = back_up(file)
    rows = sum(manifest["rows"].values())
    click.echo(f"{file}: {file.stat().st_size:,} bytes, {rows:,} rows")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True))
@_data_option
def restore(file: Path, data: Path | None) -> None:
    """Bring back what a backup file holds; the old database is set aside."""
    from ils.core.backup import restore as bring_back
    from ils.core.migrate import upgrade_database

    _use_data(data)
    manifest = bring_back(file)
    upgrade_database()
    click.echo(f"restored the backup of {manifest['made_at']}; the index is rebuilt at next start")


@click.command()
@_data_option
def doctor(data: Path | None) -> None:
    """Check the installation and say what is wrong."""
    import shutil

    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory

    from ils.core import outbox
    from ils.core.db import engine, reading
    from ils.core.files import missing_content
    from ils.core.migrate import MIGRATIONS

    _use_data(data)
    free = shutil.disk_usage(config().data_dir).free
    click.echo(f"data folder      {config().data_dir.resolve()} ({free // 2**20:,} MB free)")
    click.echo(f"database         {engine().dialect.name}")
    with engine().connect() as connection:
        present = MigrationContext.configure(connection).get_current_revision()
    head = ScriptDirectory(str(MIGRATIONS)).get_current_head()
    behind = present != head
    click.echo(f"tables           {present or 'none'}{' (run: ./sen upgrade)' if behind else ''}")
    lost: list[str] = []
    if not behind:
        with reading() as session:
            waiting = outbox.waiting(session)
            age = outbox.oldest_waiting_seconds(session)
            lost = missing_content(session)
        click.echo(f"outbox           {waiting} waiting, oldest {age:.0f} s")
        click.echo(
            f"kept files       {f'{len(lost)} missing: {lost[0]} …' if lost else 'all there'}"
        )
    if behind or lost or free < 200 * 2**20:
        sys.exit(1)
