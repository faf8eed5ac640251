"""The base of all forms: CSRF, stripped and NFC text, days and money as people type them."""

import re
import unicodedata
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from flask_babel import get_translations, gettext, lazy_gettext, lazy_ngettext
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import ValidationError

from ils.core import clock


def choices(pairs: Iterable[tuple[Any, Any]]) -> list[Any]:
    """Return the choices of a select box from pairs of value and label."""
    return [SelectChoice(value, label) for value, label in pairs]


def clean_text(value: Any) -> Any:
    """Bring typed text to NFC and strip its edges; leave anything else alone."""
    return unicodedata.normalize("NFC", value).strip() if isinstance(value, str) else value


# What WTForms itself says of a wrong box; it brings no Vietnamese, so our catalog does.
SAID_BY_WTFORMS = (
    lazy_gettext("Not a valid choice."),
    lazy_gettext("Invalid Choice: could not coerce."),
    lazy_gettext("Not a valid integer value."),
    lazy_gettext("Not a valid decimal value."),
    lazy_gettext("Not a valid date value."),
    lazy_gettext("Invalid email address."),
    lazy_gettext("Invalid input."),
    lazy_gettext("This field is required."),
    lazy_gettext("Number must be at least %(min)s."),
    lazy_gettext("Number must be at most %(max)s."),
    lazy_gettext("Number must be between %(min)s and %(max)s."),
    lazy_gettext("Field must be equal to %(other_name)s."),
    lazy_gettext("Field must be between %(min)d and %(max)d characters long."),
    lazy_ngettext(
        "Field must be at least %(min)d character long.",
        "Field must be at least %(min)d characters long.",
        1,
    ),
    lazy_ngettext(
        "Field cannot be longer than %(max)d character.",
        "Field cannot be longer than %(max)d characters.",
        1,
    ),
    lazy_ngettext(
        "Field must be exactly %(max)d character long.",
        "Field must be exactly %(max)d characters long.",
        1,
    ),
)


class _Words:
    """Hands WTForms the words of the request's language; it fills in the numbers itself."""

    def gettext(self, text: str) -> str:
        """Return a sentence of WTForms."""
        return str(get_translations().gettext(text))

    def ngettext(self, one: str, many: str, n: int) -> str:
        """Return a sentence of WTForms that counts."""
        return str(get_translations().ngettext(one, many, n))


class Form(FlaskForm):
    """A form of this program."""

    class Meta(FlaskForm.Meta):
        """Text is cleaned at the border; messages follow the page's language."""

        def get_translations(self, form: Any) -> Any:
            """Return where WTForms finds its sentences."""
            return _Words()

        def bind_field(self, form: Any, unbound_field: Any, options: Any) -> Any:
            """Clean each text before other filters see it."""
            filters = list(unbound_field.kwargs.get("filters", ()))
            if issubclass(unbound_field.field_class, StringField) and clean_text not in filters:
                filters.insert(0, clean_text)
            return unbound_field.bind(form=form, filters=filters, **options)


def parse_day(text: str, today: date | None = None) -> date:
    """Read a day as people type it: 1/6, 01/06/2025, 010625, 2025-06-01, h+14 (today + 14).

    Raises ``ValueError`` for anything else.
    """
    now = today or clock.today()
    text = text.strip().lower().replace(".", "/").replace(" ", "")
    if match := re.fullmatch(r"h([+-]\d{1,3})?", text):
        return now + timedelta(days=int(match.group(1) or 0))
    if match := re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", text):
        return date(int(match.group(1)), int(match.group(2)), int(match.group(3)))
    match = re.fullmatch(r"(\d{1,2})[/-](\d{1,2})(?:[/-](\d{4}|\d{2}))?", text) or re.fullmatch(
        r"(\d{2})(\d{2})(\d{4}|\d{2})", text
    )
    if not match:
        raise ValueError(text)
    year = now.year if match.group(3) is None else int(match.group(3))
    if year < 100:
        year += 2000 if year <= (now.year % 100) + 10 else 1900
    return date(year, int(match.group(2)), int(match.group(1)))


def parse_year(text: str) -> int:
    """Read a year as people type it. Raises ``ValueError`` for what is none."""
    year = int(text)
    if not 1000 <= year <= 9999:
        raise ValueError(text)
    return year


def parse_dong(text: str) -> int:
    """Read an amount as people type it: 25000, 25.000, 25k, 25.000 đ. Raises ``ValueError``."""
    text = text.strip().lower().rstrip("đd₫ ").replace("vn", "").strip()
    if match := re.fullmatch(r"(\d{1,6})\s*(?:k|ngàn|nghìn)", text):
        return int(match.group(1)) * 1000
    if not re.fullmatch(r"\d{1,12}|\d{1,3}([.,]\d{3})+", text):
        raise ValueError(text)
    return int(re.sub(r"[.,]", "", text))


class DayField(StringField):
    """A day typed freely; ``data`` is a date or None, and what was typed stays on an error."""

    def __init__(self, label: Any = None, validators: Any = None, **kwargs: Any) -> None:
        super().__init__(label, validators, **kwargs)
        self.raw_text = ""

    def _value(self) -> str:
        return self.raw_text or (self.data.strftime("%d/%m/%Y") if self.data else "")

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was typed."""
        self.raw_text = clean_text(valuelist[0]) if valuelist else ""
        try:
            self.data = parse_day(self.raw_text) if self.raw_text else None
        except ValueError as error:
            self.data = None
            raise ValueError(
                gettext("This is not a date. Type it like 01/06/2025, 1/6 or h+14.")
            ) from error


class DongField(StringField):
    """An amount in whole đồng typed freely; ``data`` is an int or None."""

    def __init__(self, label: Any = None, validators: Any = None, **kwargs: Any) -> None:
        super().__init__(label, validators, **kwargs)
        self.raw_text = ""

    def _value(self) -> str:
        return self.raw_text or ("" if self.data is None else f"{self.data:,}".replace(",", "."))

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was typed."""
        self.raw_text = clean_text(valuelist[0]) if valuelist else ""
        try:
            self.data = parse_dong(self.raw_text) if self.raw_text else None
        except ValueError as error:
            self.data = None
            raise ValueError(
                gettext("This is not an amount. Type it like 25000, 25.000 or 25k.")
            ) from error


class Required:
    """The box must be filled; said in words, not by a star alone."""

    field_flags = {"required": True}
    message = lazy_gettext("Please fill in this box.")

    def __call__(self, form: Any, field: Any) -> None:
        """Raise when the box is empty."""
        if field.errors:
            return
        if field.data is None or (isinstance(field.data, str) and not field.data.strip()):
            raise ValidationError(self.message)
