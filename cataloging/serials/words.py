"""Words of newspapers and magazines."""

from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l

from cataloging.serials.rules.pattern import Pattern

STATES: dict[str, tuple[str, Any]] = {
    "expected": ("info", _l("expected")),
    "claimed": ("warn", _l("asked for")),
    "arrived": ("ok", _l("arrived")),
    "absent": ("off", _l("did not appear")),
    "missing": ("bad", _l("will not come")),
    "discarded": ("off", _l("no longer kept")),
}
WEEKDAYS: tuple[Any, ...] = (
    _l("Monday"),
    _l("Tuesday"),
    _l("Wednesday"),
    _l("Thursday"),
    _l("Friday"),
    _l("Saturday"),
    _l("Sunday"),
)
NUMBERINGS: dict[str, Any] = {
    "year": _l("from 1 again each year"),
    "running": _l("runs on"),
    "none": _l("no numbers, only days"),
}
FREQUENCIES: dict[str, Any] = {
    "daily": _l("daily"),
    "but_sunday": _l("daily but Sunday"),
    "weekdays": _l("each week on the days ticked"),
    "fortnightly": _l("every second week on the days ticked"),
    "monthly": _l("each month on the days named"),
    "months": _l("in the months named, on the days named"),
}
TAKEN: dict[str, Any] = {
    "taken": _l("Taken now"),
    "ended": _l("Ended"),
    "all": _l("All"),
}
MESSAGES: dict[str, Any] = {
    "serial_unknown": _l("There is no such newspaper or magazine here."),
    "issue_whole": _l("Of %(label)s no copy is awaited any more."),
    "serial_taken_already": _l(
        "This branch takes this title already. Change or prolong it on its page."
    ),
    "serial_has_issues": _l(
        "Issues of this title are on record, so it cannot be taken away. Give it a last day instead."
    ),
    "serial_needs_branch": _l("Please choose the branch where it is read."),
    "serial_number_between": _l("A number between %(lowest)s and %(highest)s."),
    "serial_ends_before": _l("It cannot end before it begins."),
    "serial_place_unknown": _l("This belongs to another library."),
    "pattern_unit": _l("Please say how it appears."),
    "pattern_weekdays": _l("Please tick the days of the week on which it appears."),
    "pattern_days": _l("Please name the days of the month, like 5 or 5, 20."),
    "pattern_months": _l("Please name the months, like 1, 4, 7, 10."),
    "pattern_every": _l("Every 1 to 52 weeks."),
    "pattern_first_number": _l("Please give the number of its first issue."),
    "pattern_numbering": _l("Please say how it is numbered."),
    "pattern_combined": _l("A combined issue carries 2 to 12 numbers."),
    "pattern_specials": _l("Please give each special issue a name."),
    "pattern_last": _l("A title needs one pattern at least."),
    "issue_number_bad": _l("This is no number of an issue. Type it like 5 or 1+2."),
    "issue_number_held": _l(
        "Number %(label)s came before: it is on record with the day %(day)s. Is the number right?"
    ),
    "issue_day_impossible": _l("No issue can have this day: %(value)s."),
    "issue_name_long": _l("The name is too long."),
    "issue_here_already": _l("%(label)s is on record already. Take it back first to change it."),
    "issue_state_unknown": _l("The program does not know this act."),
    "issue_used": _l(
        "Copies of this issue were lent, moved or counted since, so it cannot be taken back."
    ),
    "issue_bound": _l("This issue is bound. Take the binding back first."),
    "serial_claim_unknown": _l("There is no such letter."),
    "claim_empty": _l("Please tick what is to be claimed, at most %(most)s issues."),
    "claim_not_late": _l("The issue of %(day)s came meanwhile, or is not late."),
    "claim_not_last": _l("Only the last claim can be taken back."),
    "volume_unknown": _l("There is no such bound volume."),
    "volume_issues_gone": _l("Please tick issues that are here and not bound yet."),
    "volume_too_thick": _l("A volume holds at most %(most)s issues."),
    "volume_needs_register": _l("A bound volume needs an accession register."),
    "volume_used": _l(
        "The volume was lent, moved, counted or withdrawn since, so it cannot be taken apart."
    ),
    "discard_too_new": _l("What appeared within the last month is kept."),
}


def frequency_of(pattern: Pattern) -> str:
    """Return the code of how a pattern is offered to choose."""
    if pattern.unit == "month":
        return "months" if pattern.months else "monthly"
    if pattern.every == 2:
        return "fortnightly"
    return {(1, 2, 3, 4, 5, 6, 7): "daily", (1, 2, 3, 4, 5, 6): "but_sunday"}.get(
        tuple(sorted(pattern.weekdays)), "weekdays"
    )


def say_pattern(pattern: Pattern) -> str:
    """Say in a line how a title appears."""
    code = frequency_of(pattern)
    days = ", ".join(str(one) for one in pattern.days)
    named = {
        "weekdays": str(_l("each week"))
        + ": "
        + ", ".join(str(WEEKDAYS[one - 1]) for one in pattern.weekdays),
        "fortnightly": str(_l("every second week"))
        + ": "
        + ", ".join(str(WEEKDAYS[one - 1]) for one in pattern.weekdays),
        "monthly": str(_l("each month on the %(days)s", days=days)),
        "months": str(
            _l(
                "in the months %(months)s on the %(days)s",
                months=", ".join(str(one) for one in pattern.months),
                days=days,
            )
        ),
    }
    return named.get(code) or str(FREQUENCIES[code])


def say_day(day: date) -> str:
    """Say a day with its weekday: ``Thứ Sáu 27/11``."""
    return f"{WEEKDAYS[day.weekday()]} {day:%d/%m}"
