"""``./sen user``: staff accounts from the command line, also when nobody can sign in any more."""

import click
from sqlalchemy import select

from ils.accounts.actor import system_actor
from ils.accounts.models import Grant, Staff
from ils.accounts.passwords import first_password
from ils.accounts.permissions import peoples_roles
from ils.accounts.staff import create_staff, reset_password
from ils.core.db import reading, transaction
from ils.core.errors import NotFound
from ils.org.units import unit_by_code


@click.group()
def user() -> None:
    """Staff accounts."""


@user.command("list")
def list_() -> None:
    """List the accounts with their roles."""
    with reading() as session:
        for staff in session.scalars(select(Staff).order_by(Staff.username)):
            held = session.scalars(select(Grant.role).where(Grant.staff_id == staff.id)).all()
            click.echo(f"{staff.username}\t{staff.name}\t{', '.join(held)}")


@user.command()
@click.argument("username")
@click.option("--name", default="", help="Name of the person.")
@click.option("--unit", "unit_code", required=True, help="Code of the unit.")
@click.option("--role", required=True, type=click.Choice(list(peoples_roles())))
@click.option("--password", default=None, help="Without it one is made and printed.")
def add(username: str, name: str, unit_code: str, role: str, password: str | None) -> None:
    """Make an account."""
    chosen = password or first_password()
    with transaction() as session:
        home = unit_by_code(session, unit_code)
        create_staff(
            session,
            system_actor(),
            username=username,
            name=name,
            password=chosen,
            home_unit_id=home.id,
            role=role,
        )
    click.echo(f"{username}: {chosen}")


@user.command()
@click.argument("username")
@click.option("--password", default=None, help="Without it one is made and printed.")
def password(username: str, password: str | None) -> None:
    """Set a new password; it must be changed at the next sign-in."""
    chosen = password or first_password()
    with transaction() as session:
        staff = session.scalar(select(Staff).where(Staff.username == username))
        if staff is None:
            raise NotFound("staff_unknown", username=username)
        reset_password(session, system_actor(), staff.id, chosen)
    click.echo(f"{username}: {chosen}")
