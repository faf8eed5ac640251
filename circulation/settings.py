"""Settings of lending that are no matter of item types and categories, and their values at a
branch."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from ils.org.settings import SETTINGS, declare, values_set

PREFIX = "circulation."
CHILD_BELOW = "patrons.child_below"


def declare_settings() -> None:
    """Declare the settings of lending; safe to call twice."""
    declare(
        "circulation.transport",
        str,
        "library",
        _l("Between which branches items travel: those of one library, or all of the province."),
        choices=("library", "province"),
    )
    declare(
        "circulation.foreign_patrons",
        bool,
        False,
        _l("Lend to patrons registered at another library of the province."),
    )
    declare(
        "circulation.in_house_on_return",
        bool,
        True,
        _l("Count an in-house use when an item that was not on loan is checked in."),
    )
    declare(
        "circulation.double_scan_seconds",
        int,
        10,
        _l("A second scan of the same item within so many seconds changes nothing."),
        minimum=0,
        maximum=120,
    )
    declare(
        "circulation.undo_seconds",
        int,
        60,
        _l("For how many seconds an act at the desk can be undone."),
        minimum=0,
        maximum=3600,
    )
    declare(
        "circulation.to_shelve_hours",
        int,
        4,
        _l("For how many hours after its return an item is shown as being reshelved."),
        minimum=0,
        maximum=72,
    )
    declare(
        "circulation.extend_shelf",
        bool,
        True,
        _l("The time a hold waits on the shelf may be extended once."),
    )
    declare(
        "circulation.closed_stack",
        bool,
        False,
        _l("Books are fetched from a closed stack against request slips and read here."),
    )
    declare(
        "circulation.transit_late_days",
        int,
        14,
        _l("An item on its way for more than so many days is late."),
        minimum=1,
        maximum=365,
    )
    declare(
        "circulation.transit_missing_days",
        int,
        30,
        _l("An item on its way for so many days may be recorded as missing."),
        minimum=1,
        maximum=365,
    )
    declare(
        "circulation.buy_more_at",
        int,
        3,
        _l("A title with so many holds for each copy is proposed for buying."),
        minimum=1,
        maximum=50,
    )


@dataclass(frozen=True)
class Settings:
    """The settings of lending in force at a branch."""

    transport: str = "library"
    foreign_patrons: bool = False
    in_house_on_return: bool = True
    double_scan_seconds: int = 10
    undo_seconds: int = 60
    to_shelve_hours: int = 4
    extend_shelf: bool = True
    closed_stack: bool = False
    transit_late_days: int = 14
    transit_missing_days: int = 30
    buy_more_at: int = 3
    child_below: int = 16


_FIELDS = {PREFIX + name: name for name in Settings.__dataclass_fields__ if name != "child_below"}
_FIELDS[CHILD_BELOW] = "child_below"


def settings_at(session: Session, path: Sequence[int]) -> Settings:
    """Return the settings in force at the end of a path of unit ids, province first."""
    found: dict[str, Any] = {
        _FIELDS[key]: SETTINGS[key].default for key in _FIELDS if key in SETTINGS
    }
    values = values_set(session)
    for at in path:
        found.update(
            (name, values[at, key]) for key, name in _FIELDS.items() if (at, key) in values
        )
    return Settings(**found)


declare_settings()
