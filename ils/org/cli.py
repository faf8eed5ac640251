"""``./sen org``: units from the command line."""

import click
from sqlalchemy import select

from ils.core.db import reading, transaction
from ils.org.models import KINDS, OrgUnit
from ils.org.units import NewUnit, found_unit, unit_by_code, unit_name


@click.group()
def org() -> None:
    """Libraries, branches and reading points."""


@org.command("list")
def list_() -> None:
    """List the units as a tree."""
    with reading() as session:
        for found in session.scalars(select(OrgUnit).order_by(OrgUnit.path)):
            depth = found.path.count("/") - 2
            name = unit_name(session, found.id)
            click.echo(f"{'  ' * depth}{found.code}\t{found.kind}\t/{found.slug}/\t{name}")


@org.command()
@click.argument("code")
@click.argument("name")
@click.option("--kind", type=click.Choice(KINDS), default="library")
@click.option("--parent", help="Code of the unit above.")
@click.option("--slug", help="Address of its site; default: the code in lower case.")
def add(code: str, name: str, kind: str, parent: str | None, slug: str | None) -> None:
    """Found a unit."""
    with transaction() as session:
        above = unit_by_code(session, parent) if parent else None
        found_unit(session, NewUnit(kind, code, slug or code.lower(), name), above)
    click.echo(f"{code}: {name}")
