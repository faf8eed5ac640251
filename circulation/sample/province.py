"""The sample's organisation: units and their reform, hours, holidays, staff, rules of lending."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from cataloging.models import Collection, ItemType, Register
from circulation.money.rates import set_card_fee, set_exemption, set_price
from circulation.patrons.categories import prepare_categories
from circulation.policies import set_policy_row
from ils.accounts.actor import Actor, actor_for_staff, system_actor
from ils.accounts.models import Staff
from ils.accounts.staff import create_staff
from ils.core import clock
from ils.org.models import CalendarDay, CalendarWeek, OrgUnit, OrgUnitVersion
from ils.org.settings import set_setting
from ils.org.units import NewUnit, found_unit

DATA = Path(__file__).with_name("data")
REFORM = date(2025, 7, 1)  # the day the district level ended

Units = dict[str, OrgUnit]


@dataclass(frozen=True)
class Account:
    """A sample account as shown by the command: it opens the whole sample, and only the sample."""

    username: str
    password: str
    role: str
    unit: str


@cache
def data(name: str) -> dict[str, Any]:
    """Return a file of the sample's data."""
    return tomllib.loads((DATA / f"{name}.toml").read_text("utf-8"))


def found_province(session: Session) -> Units:
    """Found all units with their names before and after the reform, hours, holidays, settings."""
    units: Units = {}
    for row in data("units")["unit"]:
        parent = units.get(row.get("parent", ""))
        new = _new_unit(row)
        units[row["code"]] = found_unit(session, new, parent)
        if "now" in row:
            session.add(_after_reform(units[row["code"]], new, row["now"]))
    _set_hours(session, units)
    _set_holidays(session, units["SH"])
    actor = system_actor()
    for code, prefix in data("units")["card_prefix"].items():
        set_setting(session, actor, units[code].id, "patrons.card_prefix", prefix)
    set_setting(session, actor, units["TVT-TS"].id, "circulation.closed_stack", value=True)
    session.flush()
    return units


def _new_unit(row: dict[str, Any]) -> NewUnit:
    return NewUnit(
        kind=row["kind"],
        code=row["code"],
        slug=row["slug"],
        name=row["name"],
        short_name=row["short"],
        level_label=row["label"],
        managing_body=row.get("managing", ""),
        address=row["address"],
        phone=row["phone"],
        email=row.get("email", ""),
        about=row.get("about", ""),
        population=row.get("population"),
        valid_from=row["from"],
    )


def _after_reform(unit: OrgUnit, was: NewUnit, now: dict[str, Any]) -> OrgUnitVersion:
    return OrgUnitVersion(
        unit_id=unit.id,
        valid_from=REFORM,
        parent_id=unit.parent_id,
        name=now.get("name", was.name),
        short_name=was.short_name,
        level_label=now.get("label", was.level_label),
        managing_body=now.get("managing", was.managing_body),
        address=now.get("address", was.address),
        phone=was.phone,
        email=was.email,
        about=was.about,
        population=was.population,
        event="renamed",
        decision=now.get("decision", ""),
    )


def _set_hours(session: Session, units: Units) -> None:
    for code, week in data("units")["hours"].items():
        pause = week.get("pause", (None, None))
        for weekday in range(7):
            is_open = weekday in week["days"]
            session.add(
                CalendarWeek(
                    unit_id=units[code].id,
                    weekday=weekday,
                    open=is_open,
                    opens=week["opens"] if is_open else None,
                    closes=week["closes"] if is_open else None,
                    pause_from=pause[0] if is_open else None,
                    pause_to=pause[1] if is_open else None,
                )
            )


def holidays() -> Iterator[tuple[date, str]]:
    """Give every holiday of the data with its name."""
    for row in data("holidays")["holiday"]:
        for day in row.get("days", ()):
            yield day, row["name"]
        for first, last in row.get("ranges", ()):
            for n in range((last - first).days + 1):
                yield first + timedelta(days=n), row["name"]


def _set_holidays(session: Session, province: OrgUnit) -> None:
    named: dict[date, str] = {}
    for day, name in holidays():
        named.setdefault(day, name)
    for day, name in sorted(named.items()):
        session.add(CalendarDay(unit_id=province.id, day=day, open=False, reason=name))


def hire_staff(session: Session, units: Units) -> dict[str, Staff]:
    """Make the accounts of the sample, each with its role; return them by user name."""
    actor = system_actor()
    password = data("staff")["password"]
    hired = {}
    for row in data("staff")["staff"]:
        home, at = units[row["unit"]], units[row.get("at", row["unit"])]
        staff = create_staff(
            session,
            actor,
            username=row["username"],
            name=row["name"],
            password=password,
            home_unit_id=at.id,
            role=row["role"],
            must_change=False,
        )
        staff.home_unit_id = home.id  # works at a branch, holds the role for the whole library
        hired[staff.username] = staff
    session.flush()
    return hired


def accounts() -> list[Account]:
    """Return the sample accounts, as the command shows them."""
    names = {row["code"]: row.get("now", {}).get("name", row["name"]) for row in _unit_rows()}
    password = data("staff")["password"]
    return [
        Account(row["username"], password, row["role"], names[row.get("at", row["unit"])])
        for row in data("staff")["staff"]
    ]


def _unit_rows() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = data("units")["unit"]
    return rows


def furnish(session: Session, units: Units) -> None:
    """Add what every library needs before its first book and reader: kinds, stock, registers."""
    given = data("units")
    for order, row in enumerate(given["item_type"]):
        session.merge(ItemType(**row, order=order))
    prepare_categories(session)
    for code, letter in given["letters"].items():
        library = units[code].id
        for row in given["collection"]:
            children = row.get("children", False)
            session.add(
                Collection(
                    library_id=library, code=row["code"], name=row["name"], for_children=children
                )
            )
            prefix = letter + row["prefix"]
            session.add(Register(library_id=library, prefix=prefix, name=row["name"]))
    session.flush()


def set_rules(session: Session, units: Units) -> None:
    """Write the lending rules of the province and of its libraries."""
    for row in data("units")["policy"]:
        set_policy_row(
            session,
            system_actor(),
            unit_id=units[row["unit"]].id,
            item_type=row.get("item_type", ""),
            category=row.get("category", ""),
            values=row["values"],
        )


def set_rates(session: Session, units: Units) -> None:
    """Set card fees, exemptions and prices from the day the province is founded."""
    rates, today = data("rates"), clock.today()
    for row in rates["card_fee"]:
        facts = {name: value for name, value in row.items() if name != "unit"}
        set_card_fee(
            session, system_actor(), unit_id=units[row["unit"]].id, valid_from=today, **facts
        )
    for row in rates["exemption"]:
        facts = {name: value for name, value in row.items() if name != "unit"}
        set_exemption(
            session, system_actor(), unit_id=units[row["unit"]].id, valid_from=today, **facts
        )
    for n, row in enumerate(rates["price"]):
        facts = {name: value for name, value in row.items() if name != "unit"}
        unit_id = units[row["unit"]].id
        set_price(session, system_actor(), unit_id=unit_id, valid_from=today, order=n, **facts)


def at_work(session: Session, staff: dict[str, Staff], username: str, unit_id: int) -> Actor:
    """Return a member of staff working at a unit."""
    return actor_for_staff(session, staff[username], unit_id, workstation="Quầy 1")


def helper_at(session: Session, staff: dict[str, Staff], library: str, unit: OrgUnit) -> Actor:
    """Return who lends at a unit: at a reading point its helper, elsewhere the clerk."""
    who = "diemdoc" if unit.kind == "point" else "thuthu"
    return at_work(session, staff, f"{who}.{library.lower()}", unit.id)


def opening_times() -> dict[str, time]:
    """Return when each unit opens; a branch without hours of its own opens with its library."""
    hours = data("units")["hours"]
    return {
        row["code"]: hours[row["code"] if row["code"] in hours else row["parent"]]["opens"]
        for row in _unit_rows()
        if row["kind"] in ("branch", "point")
    }
