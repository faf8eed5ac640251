"""Forms of copy cataloguing."""

from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    HiddenField,
    IntegerField,
    PasswordField,
    SelectField,
    StringField,
)
from wtforms.validators import Length, NumberRange

from cataloging.marc.formats import AUTO, ENCODINGS
from cataloging.targets.models import VERSIONS
from ils.web.forms import Form, Required, choices


class SearchForm(Form):
    """What is looked for."""

    words = StringField(_l("ISBN or words"), [Length(max=200)])
    title = StringField(_l("Title"), [Length(max=200)])
    author = StringField(_l("Author"), [Length(max=200)])
    record = HiddenField()


class TargetForm(Form):
    """A target."""

    name = StringField(_l("Name"), [Required(), Length(max=80)])
    protocol = SelectField(_l("Protocol"), choices=choices([("sru", "SRU"), ("z3950", "Z39.50")]))
    address = StringField(_l("Address"), [Required(), Length(max=300)])
    port = IntegerField(_l("Port (Z39.50)"), [NumberRange(1, 65535)], default=210)
    database = StringField(_l("Database (Z39.50)"), [Length(max=80)])
    version = SelectField(
        _l("Version (SRU)"),
        choices=choices([(v, _l("found out") if v == "auto" else v) for v in VERSIONS]),
    )
    syntax = SelectField(
        _l("Records come as"), choices=choices([("marcxml", "MARCXML"), ("usmarc", "USMARC")])
    )
    encoding = SelectField(
        _l("Encoding"),
        choices=choices([(AUTO, _l("found out")), *((one, one) for one in ENCODINGS)]),
    )
    seconds = IntegerField(_l("Seconds to wait"), [NumberRange(1, 30)], default=10)
    per_minute = IntegerField(
        _l("Questions a minute at most, for lists of ISBNs"), [NumberRange(0, 600)], default=60
    )
    order = IntegerField(_l("Place in the order"), [NumberRange(0, 999)], default=100)
    user_name = StringField(_l("User name"), [Length(max=80)])
    user_group = StringField(_l("Group (Z39.50)"), [Length(max=80)])
    password = PasswordField(_l("Password"), [Length(max=200)])
    no_password = BooleanField(_l("Forget the password"))
    index_any = StringField(_l("Index for any words"), [Length(max=60)])
    index_title = StringField(_l("Index for titles"), [Length(max=60)])
    index_author = StringField(_l("Index for authors"), [Length(max=60)])
    index_isbn = StringField(_l("Index for ISBN"), [Length(max=60)])
    inside = BooleanField(_l("It stands in our own network (a private address may be called)"))
    active = BooleanField(_l("Ask it in every search"))
