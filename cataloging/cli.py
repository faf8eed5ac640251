"""``./sen catalog``: do the columns of the records say what their MARC says?"""

import sys

import click


@click.group()
def catalog() -> None:
    """The catalogue's columns, which are a projection of its MARC."""
    from ils.core.db import connect

    connect()


@catalog.command()
def check() -> None:
    """Compare the columns of every record with its MARC. Exit code 1 when they differ."""
    from cataloging.record_rows import drift
    from ils.core.db import reading

    wrong = 0
    with reading() as session:
        for record_id, columns in drift(session):
            wrong += 1
            click.echo(f"record {record_id}: {', '.join(columns)}")
    click.echo("They agree." if not wrong else f"{wrong:,} records differ: ./sen catalog reproject")
    sys.exit(1 if wrong else 0)


@catalog.command()
def headings() -> None:
    """Write the links of all records to their headings anew, and tell how many were wrong."""
    from cataloging.authorities.upkeep import rebuild_links, sweep
    from ils.core.db import transaction

    after = wrong = 0
    while True:
        with transaction() as session:
            after, some = rebuild_links(session, after)
            wrong += some
        if not after:
            break
    unused, lost = sweep()
    click.echo(f"{wrong:,} records linked anew, {lost:,} forms noted again, {unused:,} forgotten")


@catalog.command()
@click.option("--all", "everything", is_flag=True, help="Every record, not only outdated ones.")
def reproject(everything: bool) -> None:
    """Write the columns of records anew from their MARC."""
    from cataloging.record_rows import reproject as write_again
    from ils.core.db import transaction

    with transaction() as session:
        count = write_again(session, everything=everything)
    click.echo(f"{count:,} records written")
