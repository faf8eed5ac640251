"""Forms of the titles taken, and of how they appear."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session
from wtforms import (
    BooleanField,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from cataloging.acquisitions.suppliers import suppliers_to_choose
from cataloging.permissions import EDIT_SERIALS
from cataloging.serials import words
from cataloging.serials.models import SerialTitle
from cataloging.serials.rules.pattern import HIGHEST_NUMBER, Pattern
from cataloging.serials.titles import TitleFacts
from cataloging.views.base import branches_for
from cataloging.views.forms import NewCopiesForm
from ils.core import clock
from ils.org.units import unit_names
from ils.web.door import current_actor
from ils.web.forms import DayField, DongField, Form, Required, clean_text, parse_day

SERIAL_TYPES = ("serial", "periodical")  # kinds of copies whose code says that they are these
MOST_DAYS = 400


class TitleForm(Form):
    """What is agreed on a title."""

    branch_id = SelectField(_l("Branch"), coerce=int)
    copies = IntegerField(_l("Copies of each issue"), [Required(), NumberRange(1, 99)], default=1)
    price = DongField(_l("Price of a copy"))
    supplier_id = SelectField(_l("Delivered by"), coerce=int)
    starts_on = DayField(_l("Taken from"), [Required()])
    ends_on = DayField(_l("Taken until"))
    delay_days = IntegerField(_l("Days on the way"), [Optional(), NumberRange(0, 60)], default=0)
    grace_days = IntegerField(
        _l("Late after so many days"), [Optional(), NumberRange(0, 90)], default=1
    )
    as_items = BooleanField(_l("Each issue becomes copies with a barcode"))
    item_type = SelectField(_l("Kind of copy"))
    use = SelectField(_l("Use"))
    register_id = SelectField(_l("Accession register"), coerce=int)
    collection_id = SelectField(_l("Collection (kho)"), coerce=int)
    note = TextAreaField(_l("Note"), [Length(max=2000)])

    def fill_choices(self, session: Session, chosen: int | None = None) -> None:
        """Set the pick lists; places are those of copies entered one by one."""
        library_id = current_actor().library_id
        known = suppliers_to_choose(session, library_id, chosen) if library_id else []
        self.supplier_id.choices = [(0, "–"), *known]
        names = unit_names(session)
        self.branch_id.choices = [
            (one.id, names.get(one.id, one.code)) for one in branches_for(session, EDIT_SERIALS)
        ]
        copies = NewCopiesForm(formdata=None, prefix="x-")
        copies.fill_choices(session)
        for name in ("item_type", "use", "register_id", "collection_id"):
            self[name].choices = copies[name].choices

    def begin(self) -> None:
        """Set what a new title most likely has."""
        actor = current_actor()
        branches = [number for number, _name in self.branch_id.choices]
        self.branch_id.data = (
            actor.unit_id if actor.unit_id in branches else next(iter(branches), 0)
        )
        self.starts_on.data = clock.today().replace(day=1)
        self.use.data = "reading_room"
        kinds = [code for code, _name in self.item_type.choices]
        self.item_type.data = next((c for c in SERIAL_TYPES if c in kinds), next(iter(kinds), ""))

    def fill(self, title: SerialTitle) -> None:
        """Show a title as it is."""
        for name in ("branch_id", "copies", "price", "starts_on", "ends_on", "delay_days"):
            self[name].data = getattr(title, name)
        for name in ("grace_days", "as_items", "use", "note"):
            self[name].data = getattr(title, name)
        if title.item_type:
            self.item_type.data = title.item_type
        self.register_id.data = title.register_id or 0
        self.collection_id.data = title.collection_id or 0
        self.supplier_id.data = title.supplier_id or 0

    def facts(self) -> TitleFacts:
        """Return what was typed as the use case takes it."""
        starts_on: Any = self.starts_on.data
        return TitleFacts(
            branch_id=self.branch_id.data,
            starts_on=starts_on,
            ends_on=self.ends_on.data,
            copies=self.copies.data or 0,
            price=self.price.data,
            delay_days=self.delay_days.data or 0,
            grace_days=self.grace_days.data if self.grace_days.data is not None else 1,
            as_items=self.as_items.data,
            item_type=self.item_type.data or None,
            use=self.use.data,
            register_id=self.register_id.data or None,
            collection_id=self.collection_id.data or None,
            supplier_id=self.supplier_id.data or None,
            note=self.note.data or "",
        )


class NumbersField(StringField):
    """Small numbers parted by commas or blanks; ``data`` is a tuple of them."""

    def _value(self) -> str:
        if isinstance(self.data, tuple):
            return ", ".join(str(one) for one in self.data)
        return str(self.data or "")

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was typed."""
        typed = clean_text(valuelist[0]) if valuelist else ""
        parts = re.split(r"[\s,;]+", typed) if typed else []
        self.data = typed
        if not all(part.isdecimal() and len(part) < 3 for part in parts):
            raise ValueError(_("Numbers parted by commas, please."))
        self.data = tuple(int(part) for part in parts)


class DaysField(TextAreaField):
    """Lines of a day with what is said of it: ``16/2/2027: Xuân``; ``data`` is a list of pairs.

    With ``spans`` a line may be from a day to another, and says nothing more.
    """

    def __init__(self, *args: Any, spans: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.spans = spans

    def _value(self) -> str:
        if isinstance(self.data, str):
            return self.data
        pairs: list[tuple[date, str]] = self.data or []
        return "\n".join(f"{day:%d/%m/%Y}" + (f": {text}" if text else "") for day, text in pairs)

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was typed, line by line."""
        typed = clean_text(valuelist[0]) if valuelist else ""
        self.data = typed
        try:
            lines = [line.strip() for line in typed.splitlines() if line.strip()]
            pairs = [pair for line in lines for pair in self._read(line)]
        except ValueError as error:
            raise ValueError(
                _("A day on each line, please: 16/02/2027, and after a colon what is said of it.")
            ) from error
        self.data = pairs

    def _read(self, line: str) -> Iterator[tuple[date, str]]:
        if self.spans:
            first, _dash, last = re.sub(r"\s*[–-]\s*", "-", line).partition("-")
            day, until = parse_day(first), parse_day(last or first)
            if not 0 <= (until - day).days <= MOST_DAYS:
                raise ValueError(line)
            yield from ((day + timedelta(days=n), "") for n in range((until - day).days + 1))
        else:
            first, colon, text = line.partition(":")
            if not colon or not text.strip():
                raise ValueError(line)
            yield parse_day(first), text.strip()[:80]


class PatternForm(Form):
    """How a title appears."""

    frequency = SelectField(_l("Appears"))
    weekdays = SelectMultipleField(
        _l("Days of the week"),
        coerce=int,
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    days = NumbersField(_l("Days of the month"))
    months = NumbersField(_l("Months"))
    numbering = SelectField(_l("Its numbers"))
    begins = DayField(_l("First issue so on"), [Required()])
    first_number = IntegerField(
        _l("Number of this issue"), [Optional(), NumberRange(1, HIGHEST_NUMBER)], default=1
    )
    volume = IntegerField(_l("Volume of this year"), [Optional(), NumberRange(1, 9999)])
    skipped = DaysField(_l("Days without an issue (Tết)"), [Length(max=5000)], spans=True)
    combined = DaysField(_l("Combined issues"), [Length(max=5000)])
    specials = DaysField(_l("Special issues"), [Length(max=5000)])

    def fill_choices(self) -> None:
        """Set the pick lists."""
        self.frequency.choices = list(words.FREQUENCIES.items())
        self.weekdays.choices = [(n + 1, name) for n, name in enumerate(words.WEEKDAYS)]
        self.numbering.choices = list(words.NUMBERINGS.items())

    def fill(self, pattern: Pattern) -> None:
        """Show a pattern as it is."""
        self.frequency.data = words.frequency_of(pattern)
        self.weekdays.data = list(pattern.weekdays)
        self.days.data, self.months.data = pattern.days, pattern.months
        self.numbering.data, self.begins.data = pattern.numbering, pattern.begins
        self.first_number.data, self.volume.data = pattern.first_number, pattern.volume
        self.skipped.data = [(day, "") for day in sorted(pattern.skipped)]
        self.combined.data = sorted((d, str(n)) for d, n in pattern.combined.items())
        self.specials.data = sorted(pattern.specials.items())

    def pattern(self) -> Pattern:
        """Return what was chosen as the rules take it."""
        code = self.frequency.data
        every_day = {"daily": tuple(range(1, 8)), "but_sunday": tuple(range(1, 7))}
        weekly = code not in ("monthly", "months")
        months: Any = self.months.data or ()
        days: Any = self.days.data or ()
        begins: Any = self.begins.data
        skipped: Any = self.skipped.data or []
        specials: Any = self.specials.data or []
        combined: Any = self.combined.data or []
        return Pattern(
            unit="week" if weekly else "month",
            begins=begins,
            weekdays=every_day.get(code, tuple(self.weekdays.data or ())) if weekly else (),
            every=2 if code == "fortnightly" else 1,
            days=() if weekly else days,
            months=(months or (0,)) if code == "months" else (),
            first_number=self.first_number.data or 1,
            numbering=self.numbering.data,
            volume=self.volume.data,
            skipped=frozenset(day for day, _text in skipped),
            combined={day: int(text) if text.isdecimal() else 0 for day, text in combined},
            specials=dict(specials),
        )
