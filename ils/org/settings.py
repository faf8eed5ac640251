"""Settings of libraries: declared once, set at any unit, inherited by the units below.

A package declares its settings beside the data they speak of. Reading an undeclared one is an
error; each value is returned with the unit it came from, so that a page can show it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ils.core import clock
from ils.core.audit import audit
from ils.core.errors import Invalid
from ils.core.kept import kept
from ils.org.models import OrgUnit, SettingRow
from ils.org.units import place


@dataclass(frozen=True)
class Declared:
    """A setting: its type (bool, int or str), default, help and, for str, the choices.

    ``check`` raises ``ValueError`` for a text that cannot be read; ``below`` is the key of a number
    that this one must be less than.
    """

    key: str
    type: type
    default: Any
    help: Any
    choices: tuple[str, ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    check: Callable[[Any], object] | None = None
    below: str = ""


SETTINGS: dict[str, Declared] = {}


def declare(
    key: str,
    type_: type,
    default: Any,
    help_: Any,
    *,
    choices: Iterable[str] = (),
    minimum: int | None = None,
    maximum: int | None = None,
    check: Callable[[Any], object] | None = None,
    below: str = "",
) -> None:
    """Declare a setting, e.g. ``declare("circulation.idle_scan_returns", bool, True, _l("…"))``."""
    SETTINGS[key] = Declared(
        key, type_, default, help_, tuple(choices), minimum, maximum, check, below
    )


@dataclass(frozen=True)
class Origin:
    """A value and the unit it was set at; None when it is the default."""

    value: Any
    unit_id: int | None


def setting_with_origin(session: Session, unit_id: int | None, key: str) -> Origin:
    """Return the value in force at a unit and where it comes from."""
    declared = SETTINGS[key]
    if unit_id is None:
        return Origin(declared.default, None)
    values = values_set(session)
    for at in reversed(place(session, unit_id).ids):
        if (at, key) in values:
            return Origin(values[at, key], at)
    return Origin(declared.default, None)


def values_set(session: Session) -> dict[tuple[int, str], Any]:
    """Return every value that is set, by unit and key, from memory."""
    query = select(SettingRow.unit_id, SettingRow.key, SettingRow.value)
    return kept(
        session,
        "settings",
        lambda: {(at, key): value["v"] for at, key, value in session.execute(query)},
    )


def setting(session: Session, unit_id: int | None, key: str) -> Any:
    """Return the value of a declared setting in force at a unit."""
    return setting_with_origin(session, unit_id, key).value


def set_setting(session: Session, actor: Any, unit_id: int, key: str, value: Any) -> None:
    """Set a value at a unit; ``None`` takes it away, so that it is inherited again.

    Raises ``Invalid`` when the value has the wrong type or lies outside its bounds.
    """
    declared = SETTINGS.get(key)
    if declared is None:
        raise Invalid("setting_unknown", name=key)
    row = session.scalar(
        select(SettingRow).where(SettingRow.unit_id == unit_id, SettingRow.key == key)
    )
    if value is None:
        if row is not None:
            session.delete(row)
    else:
        checked = _checked(declared, value)
        row = row or SettingRow(unit_id=unit_id, key=key)
        row.value = {"v": checked}
        row.changed_at, row.changed_by = clock.now(), getattr(actor, "staff_id", None)
        session.add(row)
    audit(session, actor, "setting_changed", "org_unit", unit_id, key=key, value=value)


def wrong_values(session: Session, unit_id: int, values: Mapping[str, Any]) -> dict[str, Invalid]:
    """Return what is wrong with values to be set at a unit together, by key; None inherits.

    Beyond what each may be by itself, a number that must be less than another is compared with
    that one as it will be.
    """
    found: dict[str, Invalid] = {}
    for key, value in values.items():
        try:
            if value is not None:
                _checked(SETTINGS[key], value)
        except Invalid as error:
            found[key] = error
    ids = place(session, unit_id).ids
    above = ids[-2] if len(ids) > 1 else None

    def will_be(key: str) -> Any:
        if values.get(key) is not None:
            return values[key]
        return setting(session, above if key in values else unit_id, key)

    for key, declared in SETTINGS.items():
        concerned = values.get(key) is not None or values.get(declared.below) is not None
        if not declared.below or not concerned or {key, declared.below} & set(found):
            continue
        if will_be(key) >= will_be(declared.below):
            at = key if values.get(key) is not None else declared.below
            found[at] = Invalid("setting_out_of_order", name=at)
    return found


def _checked(declared: Declared, value: Any) -> Any:
    if not isinstance(value, declared.type) or (declared.type is int and value is True):
        raise Invalid("setting_wrong_type", name=declared.key, value=value)
    if declared.choices and value not in declared.choices:
        raise Invalid("setting_not_a_choice", name=declared.key, value=value)
    low, high = declared.minimum, declared.maximum
    if isinstance(value, int) and not (
        (low is None or low <= value) and (high is None or value <= high)
    ):
        raise Invalid("setting_out_of_bounds", name=declared.key, minimum=low, maximum=high)
    if declared.check is not None:
        try:
            declared.check(value)
        except ValueError as error:
            raise Invalid("setting_unreadable", name=declared.key, value=value) from error
    return value


def units_with_value(session: Session, key: str) -> dict[int, Any]:
    """Return every unit at which a setting is set, with its value."""
    rows = session.execute(
        select(SettingRow.unit_id, SettingRow.value)
        .join(OrgUnit, OrgUnit.id == SettingRow.unit_id)
        .where(SettingRow.key == key)
    )
    return {unit_id: value["v"] for unit_id, value in rows}
