"""``./sen marc``: files of records in and out."""

import sys
import time
from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import Any

import click
import orjson

from cataloging.export import FORMATS
from cataloging.imports.profiles import AUTO, NONE, profiles
from cataloging.imports.runs import ON_MATCH
from cataloging.marc import formats

FORMAT_NAMES = {"marc": "iso2709"}
EXPORTED = ("marc", *(name for name in FORMATS if name != "iso2709"))


@click.group()
def marc() -> None:
    """Files of MARC records."""
    from ils.core.migrate import upgrade_database

    upgrade_database(lambda text: click.echo(f"sen: {text}", err=True))


@marc.command("import")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False)
)
@click.option("--library", help="Code of the library (or branch) the copies belong to.")
@click.option(
    "--on-match",
    type=click.Choice(ON_MATCH),
    default="skip",
    show_default=True,
    help="What to do with a record that is there already.",
)
@click.option(
    "--encoding",
    type=click.Choice((formats.AUTO, *formats.ENCODINGS)),
    default=formats.AUTO,
    show_default=True,
)
@click.option(
    "--items",
    type=click.Choice((AUTO, NONE, *profiles())),
    default=AUTO,
    show_default=True,
    help="How the file writes copies.",
)
@click.option("--additions", is_flag=True, help="The copies are additions, no opening balance.")
@click.option("--dry-run", is_flag=True, help="Count what would happen; store nothing.")
@click.option("--yes", is_flag=True, help="Answer yes to the question that 'add' asks.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per file.")
def import_(
    files: tuple[Path, ...],
    library: str | None,
    on_match: str,
    encoding: str,
    items: str,
    *,
    additions: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Bring records in. One bad record never stops a file; the same file again changes nothing."""
    if on_match == "add" and not (yes or dry_run):
        question = "'add' makes a second record of every title that is there already. Go on?"
        click.confirm(question, abort=True, err=True)
    rules = {
        "on_match": on_match,
        "encoding": encoding,
        "profile": items,
        "options": {"confirmed": on_match == "add", "opening_balance": not additions},
    }
    for file in files:
        _import_one(file, _library_id(library), rules, dry_run=dry_run, as_json=as_json)


def _library_id(code: str | None) -> int | None:
    """Return the unit a code names; without one, the library if there is only one."""
    from ils.core.db import reading
    from ils.org.units import libraries, unit_by_code

    with reading() as session:
        if code:
            return unit_by_code(session, code).id
        every = libraries(session)
        return every[0].id if len(every) == 1 else None


def _import_one(
    file: Path, library_id: int | None, rules: dict[str, Any], *, dry_run: bool, as_json: bool
) -> None:
    from cataloging.imports import runs, work
    from cataloging.imports.sheets.staging import forget
    from cataloging.search import follow, index
    from ils.accounts.actor import system_actor
    from ils.core.db import transaction
    from ils.core.errors import Refused

    started = time.monotonic()
    if file.stat().st_size == 0:
        _say(file, work.Tally(), 0.0, "the file is empty", as_json=as_json, dry_run=dry_run)
        return
    actor = system_actor()
    looked = runs.look_at(file)
    if looked.guess.format not in runs.FORMATS:
        tally = work.Tally(found=1, rejected=1)
        tally.reasons["unknown_format"] = 1
        seconds = round(time.monotonic() - started, 3)
        _say(file, tally, seconds, "this is no file of records", as_json=as_json, dry_run=dry_run)
        return
    with transaction() as session:
        run = _broken_off(session, looked.digest, library_id, rules) or runs.receive(
            session,
            actor,
            source=file,
            file_name=file.name,
            library_id=library_id,
            keep=False,
            looked=looked,
            **rules,
        )
        try:
            run = run if dry_run else runs.prepare(session, actor, run.id)
        except Refused as refused:
            raise click.ClickException(f"{file}: {refused.code}") from refused
        if not as_json:
            what = f"{run.format or 'unknown format'}, {run.size:,} bytes"
            click.echo(f"{file}: {what}{', going on' if run.position else ''}")
    with ExitStack() as open_now:
        follower, note = None, ""
        if not dry_run:
            try:
                follower = open_now.enter_context(follow.Follower())
            except index.IndexBusy:
                note = "the worker is writing the index; it will take the records in itself"

        def tell(tally: work.Tally, known: work.Known) -> None:
            if follower is not None:
                follower.catch_up(known)
            if not as_json and sys.stderr.isatty():
                click.echo(f"\r{tally.found:,} found, {tally.stored:,} stored ", nl=False, err=True)

        tally = work.proceed(run.id, actor, tell, dry=dry_run, indexing=follower is not None)
    if dry_run:
        with transaction() as session:
            session.delete(session.get_one(type(run), run.id))
        forget(run.id)
    seconds = round(time.monotonic() - started, 3)
    _say(file, tally, seconds, note, as_json=as_json, dry_run=dry_run)


def _broken_off(session: Any, digest: str, library_id: int | None, rules: dict[str, Any]) -> Any:
    """Return the run of this very file that was broken off, so that it goes on."""
    from sqlalchemy import select

    from cataloging.models import ChangeSet, ImportRun

    return session.scalar(
        select(ImportRun)
        .join(ChangeSet, ImportRun.change_set_id == ChangeSet.id, isouter=True)
        .where(ChangeSet.undone_at.is_(None))
        .where(ImportRun.file_sha256 == digest, ImportRun.job_id.is_(None))
        .where(ImportRun.status.in_(("running", "stopped")))
        .where(ImportRun.library_id.is_not_distinct_from(library_id))
        .where(ImportRun.on_match == rules["on_match"], ImportRun.encoding == rules["encoding"])
        .order_by(ImportRun.id.desc())
        .limit(1)
    )


def _say(
    file: Path, tally: Any, seconds: float, note: str, *, as_json: bool, dry_run: bool
) -> None:
    if as_json:
        facts = {
            "file": str(file),
            "found": tally.found,
            "stored": tally.stored,
            "matched": tally.matched,
            "rejected": tally.rejected,
            "seconds": seconds,
        }
        click.echo(orjson.dumps(facts).decode())
        return
    would = "would be " if dry_run else ""
    click.echo(
        f"  {tally.found:,} found: {tally.stored:,} {would}stored, {tally.matched:,} there already,"
        f" {tally.rejected:,} rejected; {tally.items_added:,} copies; {seconds:.1f} s"
    )
    for title, counted in (("repaired", tally.repairs), ("because", tally.reasons)):
        if counted:
            listed = ", ".join(f"{code} {count:,}" for code, count in counted.most_common())
            click.echo(f"  {title}: {listed}")
    if note:
        click.echo(f"  {note}")


@marc.command()
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option(
    "--format",
    "format_",
    type=click.Choice(EXPORTED),
    default="marc",
    show_default=True,
)
@click.option("--query", default="", help="Only what this search finds.")
@click.option("--library", help="Only titles this library has copies of.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def export(file: Path, format_: str, query: str, library: str | None, as_json: bool) -> None:
    """Write records into FILE, or to the screen for ``-``."""
    from cataloging.export import Chosen, rows_of, write
    from ils.core.db import reading
    from ils.org.units import unit_by_code

    started = time.monotonic()
    to_screen = str(file) == "-"
    part = file.with_name(f".{file.name}.part")
    with reading() as session:
        library_id = unit_by_code(session, library).id if library else None
        found = rows_of(session, Chosen(query, library_id))
        out: Any = nullcontext(sys.stdout.buffer) if to_screen else part.open("wb")
        with out as stream:
            count = write(found, FORMAT_NAMES.get(format_, format_), stream)
    if not to_screen:
        part.replace(file)
    facts = {"file": str(file), "records": count, "seconds": round(time.monotonic() - started, 3)}
    click.echo(
        orjson.dumps(facts).decode() if as_json else f"{file}: {count:,} records", err=to_screen
    )
