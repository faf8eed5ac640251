"""Forms of the lists of ISBNs."""

from flask_babel import lazy_gettext as _l
from wtforms import FileField, SelectMultipleField, StringField, TextAreaField, widgets
from wtforms.validators import Length

from ils.web.forms import Form


class ListForm(Form):
    """A list, and whom to ask."""

    isbns = TextAreaField(_l("ISBNs, one on each line"), [Length(max=200_000)])
    file = FileField(_l("or a file (.txt, .csv, .xlsx)"))
    name = StringField(_l("Name of this list"), [Length(max=80)])
    targets = SelectMultipleField(
        _l("Who is asked"),
        coerce=int,
        widget=widgets.ListWidget(prefix_label=False),
        option_widget=widgets.CheckboxInput(),
    )


class ShortForm(Form):
    """The least that is to be said of a book."""

    title = StringField(_l("Title"), [Length(max=300)])
    authors = StringField(_l("Author"), [Length(max=300)])
    publisher = StringField(_l("Publisher"), [Length(max=300)])
    year = StringField(_l("Year"), [Length(max=4)])
