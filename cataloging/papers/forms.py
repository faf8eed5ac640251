"""Forms of the papers: which titles, in what order. They travel in the address."""

from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    FloatField,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from cataloging.papers import cards, lists
from ils.printing.labels import LabelSheet
from ils.web.forms import DayField, Form, Required, choices

ENTERED, FOUND, BASKET, NAMED = "entered", "found", "basket", "named"


class MillimeterField(FloatField):
    """A length as people write it here: ``48,5``."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Take a comma for the point."""
        super().process_formdata([one.strip().replace(",", ".") for one in valuelist])

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else f"{self.data:g}".replace(".", ",")


class TitlesForm(Form):
    """Which titles: those that came in a period, those a search finds, those of a basket, or those named."""

    class Meta(Form.Meta):
        """The form only reads."""

        csrf = False

    library_id = SelectField(_l("Library"), coerce=int)
    which = SelectField(
        _l("Titles"),
        choices=choices(
            [
                (ENTERED, _l("Entered in a period")),
                (FOUND, _l("Found by a search")),
                (BASKET, _l("In a basket")),
                (NAMED, _l("By number of the record")),
            ]
        ),
        default=ENTERED,
    )
    since = DayField(_l("From"))
    until = DayField(_l("To"))
    collection_id = SelectField(_l("Collection"), coerce=int)
    q = StringField(_l("Search"), [Length(max=500)])
    basket = SelectField(_l("Basket"), coerce=int)
    records = StringField(_l("Numbers of records, parted by commas"), [Length(max=20_000)])


class CardsForm(TitlesForm):
    """Which cards, on what paper."""

    kinds = SelectMultipleField(
        _l("Entries to make cards for"),
        choices=choices(
            [
                (cards.MAIN, _l("Main entry")),
                (cards.TITLE, _l("Title")),
                (cards.NAMES, _l("Other names")),
                (cards.SUBJECTS, _l("Subjects")),
                (cards.CLASS, _l("Class")),
            ]
        ),
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
    )
    paper = SelectField(
        _l("Paper"),
        choices=choices(
            [
                ("a4", _l("A4, four cards to be cut")),
                ("card", _l("Cards of 7.5 × 12.5 cm, one each")),
            ]
        ),
    )
    start = IntegerField(_l("First free place on the sheet"), [Optional(), NumberRange(1, 4)])
    filed = BooleanField(_l("In the order of the drawer, not title by title"))


class ListForm(TitlesForm):
    """How a list is headed and parted."""

    title = StringField(_l("Title of the list"), [Length(max=200)])
    about = StringField(_l("Line below it"), [Length(max=200)])
    order = SelectField(
        _l("Parted by"),
        choices=choices(
            [
                (lists.BY_CLASS, _l("Class")),
                (lists.BY_SUBJECT, _l("Subject")),
                (lists.BY_AUTHOR, _l("Not parted, by author")),
                (lists.BY_TITLE, _l("Not parted, by title")),
            ]
        ),
    )


def _length(label: str, lowest: float, highest: float, usual: float = 0.0) -> MillimeterField:
    message = _l("Please type millimeters from %(low)s to %(high)s.", low=lowest, high=highest)
    return MillimeterField(
        label,
        [InputRequired(message), NumberRange(lowest, highest, message)],
        default=usual,
    )


class SheetForm(Form):
    """A sheet of labels, measured with a ruler."""

    name = StringField(_l("Name"), [Required(), Length(max=80)])
    columns = IntegerField(_l("Labels side by side"), [InputRequired(), NumberRange(1, 20)])
    rows = IntegerField(_l("Labels one below the other"), [InputRequired(), NumberRange(1, 60)])
    width = _length(_l("Width of a label (mm)"), 10, 300, 70)
    height = _length(_l("Height of a label (mm)"), 5, 420, 36)
    left = _length(_l("From the left edge (mm)"), 0, 100)
    top = _length(_l("From the top edge (mm)"), 0, 100)
    gap_x = _length(_l("Between columns (mm)"), 0, 50)
    gap_y = _length(_l("Between rows (mm)"), 0, 50)
    page_width = _length(_l("Width of the paper (mm)"), 20, 330, 210)
    page_height = _length(_l("Height of the paper (mm)"), 10, 480, 297)
    shift_x = _length(_l("Move right (mm)"), -20, 20)
    shift_y = _length(_l("Move down (mm)"), -20, 20)

    def sheet(self) -> LabelSheet:
        """Return the sheet as measured."""
        measures = {name: box.data for name, box in self._fields.items() if name != "csrf_token"}
        return LabelSheet("", **measures)
