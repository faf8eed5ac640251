"""``./sen search``: build the index anew, compare it with the database, ask it."""

import sys
import time

import click
import orjson


@click.group()
def search() -> None:
    """The search index."""
    from ils.core.db import connect

    connect()


@search.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def rebuild(as_json: bool) -> None:
    """Build the index anew beside the present one and swap it in. Searching goes on meanwhile."""
    from cataloging.search import follow, fulltext, index
    from ils.core.db import transaction

    if not index.engine_present():
        raise click.ClickException("the package tantivy is not installed on this machine")
    started = time.monotonic()
    with transaction() as session:
        fulltext.install(session)

    def tell(done: int, total: int) -> None:
        if not as_json:
            click.echo(f"\r{done:,} / {total:,}", nl=False)

    done = follow.rebuild(tell)
    seconds = time.monotonic() - started
    if as_json:
        click.echo(orjson.dumps({"documents": done.documents, "seconds": round(seconds, 2)}))
    else:
        click.echo(f"\r{done.documents:,} records indexed in {seconds:.1f} s")


@search.command()
@click.option("--full", is_flag=True, help="Compare every record, not a sample of 1,000.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def check(full: bool, as_json: bool) -> None:
    """Compare the index with the database. Exit code 1 when they differ."""
    from cataloging.search import follow

    found = follow.check(everything=full)
    if found is None:
        raise click.ClickException("there is no index; run: ./sen search rebuild")
    facts = {
        "in_database": found.in_database,
        "in_index": found.in_index,
        "compared": found.compared,
        "waiting": found.waiting,
        "wrong": len(found.wrong),
        "agrees": found.agrees,
    }
    if as_json:
        click.echo(orjson.dumps(facts))
    else:
        click.echo(
            f"{found.in_database:,} records in the database, {found.in_index:,} in the index; "
            f"{found.compared:,} compared, {len(found.wrong):,} differ, "
            f"{found.waiting:,} changes wait."
        )
        agreed = "They agree." if not found.waiting else "They agree but for what waits."
        click.echo(agreed if found.agrees else "They differ; run: ./sen search rebuild")
    sys.exit(0 if found.agrees else 1)


@search.command()
@click.argument("words", nargs=-1)
def ask(words: tuple[str, ...]) -> None:
    """Search from the command line, to see what readers see."""
    from sqlalchemy import select

    from cataloging.models import Record
    from cataloging.search import SearchRequest
    from cataloging.search import search as run
    from ils.core.db import reading

    with reading() as session:
        result = run(session, SearchRequest(query=" ".join(words), facets=True))
        rows = {
            row.id: row
            for row in session.execute(
                select(Record.id, Record.title, Record.author, Record.year).where(
                    Record.id.in_(result.ids)
                )
            )
        }
        note = f", read as: {result.correction.text}" if result.correction else ""
        click.echo(f"{result.total:,} found ({result.mode}{note})")
        for one in result.ids:
            row = rows[one]
            click.echo(f"{one:>8}  {row.title} / {row.author} ({row.year or '?'})")
        for name, values in result.facets.items():
            shown = ", ".join(f"{value.label} {value.count}" for value in values[:8])
            click.echo(f"{name}: {shown}")
