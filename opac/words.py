"""What codes are called on the public sites."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l

from cataloging.marc.standard import language_name as _language_name
from circulation.sentences import reason_sentence
from ils.org.hours import ExceptionDay
from ils.web.i18n import day, language

HEADING_KINDS: dict[str, Any] = {
    "person": _l("Persons"),
    "body": _l("Corporate bodies"),
    "place": _l("Places"),
    "title": _l("Titles"),
    "subject": _l("Subjects"),
    "genre": _l("Forms and genres"),
}

MATERIALS: dict[str, Any] = {
    "book": _l("Book"),
    "article": _l("Article"),
    "serial": _l("Newspaper or magazine"),
    "manuscript": _l("Manuscript"),
    "score": _l("Printed music"),
    "map": _l("Map"),
    "video": _l("Film"),
    "audio": _l("Spoken recording"),
    "music": _l("Music recording"),
    "picture": _l("Picture"),
    "electronic": _l("Electronic resource"),
    "ebook": _l("E-book"),
    "braille": _l("Braille"),
    "kit": _l("Kit"),
    "mixed": _l("Mixed materials"),
    "object": _l("Object"),
}

FACETS: dict[str, Any] = {
    "library": _l("Library"),
    "available": _l("Available"),
    "material": _l("Type"),
    "language": _l("Language"),
    "audience": _l("For whom"),
    "year": _l("Year"),
    "decade": _l("Year"),
    "author": _l("Author"),
    "subject": _l("Subject"),
    "class": _l("Field of knowledge"),
}

AUDIENCES: dict[str, Any] = {
    "child": _l("Children"),
    "young": _l("Young people"),
    "adult": _l("Adults"),
}

# What a reader is told where it differs from what the desk is told.
REASONS: dict[str, Any] = {
    "card_expired": _l("Your card expired on %(expires_on)s. Please renew it at the desk."),
    "card_expires": _l("Your card expires on %(expires_on)s. Please renew it at the desk first."),
    "card_replaced": _l("This card was replaced. Please use your new card."),
    "patron_deleted": _l("This card is no longer registered."),
    "patron_of_other_library": _l("Your card belongs to another library."),
    "consent_missing": _l("Your parent or guardian still has to sign at the desk."),
    "consent_withdrawn": _l(
        "Your consent was taken back, so the card stops. To use it again, please sign at the desk."
    ),
    "manual_block": _l("The library would like to speak with you first. Please come to the desk."),
    "suspended": _l("You can borrow again after %(to_on)s."),
    "lost_unsettled": _l("A lost item is not settled yet. Please come to the desk."),
    "owed_over": _l("Your unpaid fees are above the limit. Please pay at the desk."),
    "overdue_over": _l("You have too many overdue items. Please bring them back first."),
    "overdue_days_over": _l("One of your items is long overdue. Please bring it back first."),
    "renewal_wanted": _l("Another reader is waiting for this title."),
    "limit_reached": _l("It has been renewed as often as the rules allow (limit: %(limit)s)."),
    "overdue_too_long": _l("It is overdue too long to be renewed here. Please bring it back."),
    "reading_room": _l("Reading-room loans cannot be renewed."),
    "lifecycle": _l("This item cannot be renewed online. Please ask at the desk."),
    "no_gain": _l("Renewing today would not give you a later date. Try again nearer to the date."),
    "not_on_loan": _l("This loan is closed already."),
    "duplicate_hold": _l("You have reserved this title already."),
    "has_copy_on_loan": _l("You have a copy of this title at home already."),
    "available_here": _l("A copy is on the shelf there now: just come and take it."),
    "nothing_holdable": _l("No copy of this title can be reserved."),
    "item_not_holdable": _l("This copy cannot be reserved."),
    "limit_holds": _l("You have as many reservations as the rules allow (%(limit)s)."),
    "limit_slips": _l("You may have %(limit)s from the stack at a time; please return it first."),
    "nothing_free_now": _l("No copy of it lies in the stack at the moment."),
    "until_past": _l("That day is past already."),
    "shelf_extended_enough": _l("It was kept longer for you once already."),
    "limit_holds_day": _l(
        "You have made as many reservations today as the rules allow (%(limit)s)."
    ),
    "not_lent_to_category": _l("Items of this kind are not lent with your card."),
    "pickup_not_offered": _l("Items cannot be collected at that branch."),
    "lost_race": _l("Somebody else changed this at the same moment. Please try again."),
}

HOLD_STATES: dict[str, tuple[str, Any]] = {
    "queued": ("info", _l("Waiting")),
    "targeted": ("info", _l("Being fetched from the shelf")),
    "in_transit": ("info", _l("On its way to you")),
    "ready": ("ok", _l("Ready to collect")),
    "suspended": ("off", _l("Paused")),
}

CHARGES: dict[str, Any] = {
    "overdue": _l("Overdue fine"),
    "lost_price": _l("Compensation for a lost item"),
    "processing": _l("Processing fee"),
    "card_fee": _l("Card fee"),
    "service": _l("Service"),
    "deposit_due": _l("Deposit due"),
    "payment": _l("Paid"),
    "waiver": _l("Waived"),
    "reversal": _l("Corrected"),
    "replacement_copy": _l("Replaced by a new copy"),
    "work": _l("Settled by work"),
    "deposit_in": _l("Deposit received"),
    "deposit_out": _l("Deposit returned"),
    "deposit_to_debt": _l("Deposit used to pay"),
}

WEEKDAYS = (
    _l("Monday"),
    _l("Tuesday"),
    _l("Wednesday"),
    _l("Thursday"),
    _l("Friday"),
    _l("Saturday"),
    _l("Sunday"),
)


def language_name(code: str) -> str:
    """Return the name of a MARC language code in the page's language."""
    return _language_name(code, english=language() == "en") if code else ""


def material_name(code: str) -> str:
    """Return what a kind of material is called."""
    return str(MATERIALS.get(code, code))


def facet_value(facet: str, value: str, libraries: Mapping[int, str]) -> str:
    """Return what a facet's value is called."""
    if facet == "library" and value.isdecimal():
        return libraries.get(int(value), value)
    if facet == "language":
        return language_name(value)
    if facet == "material":
        return material_name(value)
    if facet == "audience":
        return str(AUDIENCES.get(value, value))
    return value


def reason_for_patron(code: str, facts: Mapping[str, Any]) -> str:
    """Say to a reader why something is refused."""
    own = REASONS.get(code)
    if own is None:
        return str(reason_sentence(code, facts))
    shown = {k: _shown(k, v) for k, v in facts.items()}
    try:
        return str(own) % shown
    except (KeyError, ValueError, TypeError):
        return str(own)


def reasons_for_patron(reasons: Sequence[tuple[str, Mapping[str, Any]]]) -> list[str]:
    """Say all reasons of a refusal; to try later is no advice where something else stands against
    it too.
    """
    codes = [code for code, _facts in reasons]
    return [
        reason_for_patron(code, facts)
        for code, facts in reasons
        if code != "no_gain" or set(codes) == {"no_gain"}
    ]


def _shown(name: str, value: Any) -> Any:
    if isinstance(value, date):
        return day(value)
    if isinstance(value, str) and name.endswith(("_on", "until", "new_due")):
        try:
            return day(date.fromisoformat(value[:10]))
        except ValueError:
            return value
    return value


def weekday_name(number: int) -> str:
    """Return the name of a weekday; 0 is Monday."""
    return str(WEEKDAYS[number])


def long_day(value: date) -> str:
    """Write a day with its weekday: Thứ Hai, 02/06/2025."""
    return f"{weekday_name(value.weekday())}, {day(value)}"


@dataclass(frozen=True)
class Closure:
    """Days a library is closed for one reason, in words."""

    first: date
    last: date
    reason: str

    @property
    def text(self) -> str:
        """The days: one with its weekday, or the first and the last."""
        if self.first == self.last:
            return long_day(self.first)
        first = f"{self.first:%d/%m}" if self.first.year == self.last.year else day(self.first)
        return f"{first} – {day(self.last)}"


def closures(days: Sequence[ExceptionDay]) -> list[Closure]:
    """Join closed days that follow one another for the same reason; ``days`` in order."""
    found: list[Closure] = []
    for one in days:
        before = found[-1] if found else None
        if before and before.reason == one.reason and one.day - before.last == timedelta(days=1):
            found[-1] = Closure(before.first, one.day, one.reason)
        else:
            found.append(Closure(one.day, one.day, one.reason))
    return found
