"""Forms of the patron pages."""

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import Email, Length, NumberRange, Optional

from ils.web.forms import DayField, Form, Required, choices

REQUEST_WORDS = {
    "correct": _l("Something is wrong and should be corrected"),
    "erase": _l("Erase my data and close the account"),
    "restrict": _l("Stop using my data for a while"),
    "object": _l("I object to a use of my data"),
    "other": _l("Something else"),
}


class PatronForm(Form):
    """Registering a patron or changing what is known."""

    name = StringField(_l("Full name"), [Required(), Length(max=120)])
    category = SelectField(_l("Kind of patron"))
    branch_id = SelectField(_l("Branch"), coerce=int)
    born_on = DayField(_l("Date of birth"))
    born_year = IntegerField(
        _l("or year of birth"), [Optional(), NumberRange(1900, 2100, _l("This is not a year."))]
    )
    sex = SelectField(
        _l("Sex"),
        choices=choices([("", "–"), ("f", _l("Female")), ("m", _l("Male")), ("x", _l("Other"))]),
    )
    phone = StringField(_l("Telephone"), [Length(max=20)])
    email = StringField(
        _l("E-mail"),
        [Optional(), Email(_l("This is not an e-mail address.")), Length(max=120)],
    )
    commune = StringField(_l("Commune or ward"), [Length(max=80)])
    address = StringField(_l("Address"), [Length(max=250)])
    school = StringField(_l("School or workplace"), [Length(max=120)])
    school_class = StringField(_l("School class"), [Length(max=30)])
    school_year = StringField(_l("School year"), [Length(max=9)])
    student_code = StringField(_l("Student code"), [Length(max=30)])
    occupation = StringField(_l("Occupation"), [Length(max=80)])
    ethnicity = StringField(_l("Ethnic group"), [Length(max=40)])
    id_number = StringField(_l("Identity number"), [Length(max=20)])
    guardian_name = StringField(_l("Parent or guardian"), [Length(max=120)])
    guardian_phone = StringField(_l("Guardian's telephone"), [Length(max=20)])
    guardian_card = StringField(_l("Guardian's card, if they have one"), [Length(max=40)])
    note = TextAreaField(_l("Note"), [Length(max=2000)])
    consent = BooleanField(_l("The patron agrees to the keeping of these data."))
    guardian_consent = BooleanField(_l("The parent or guardian agrees."))
    agrees_messages = BooleanField(_l("Messages by e-mail, SMS or Zalo are welcome."))
    agrees_photo = BooleanField(_l("A photo may be kept for the card."))


class NewPatronForm(PatronForm):
    """A registration, with the card in one go."""

    card_number = StringField(_l("Card number"), [Length(max=40)])
    issue = BooleanField(_l("Issue the card now"), default=True)


class ConfirmForm(NewPatronForm):
    """A registration from the public site, confirmed with the person's paper in hand."""

    paper_seen = BooleanField(
        _l("I have seen the person's identity paper (a child's: its parent's).")
    )


class PhotoForm(Form):
    """A photo from a file, a phone or a webcam."""

    photo = FileField(_l("Photo"), [FileRequired(_l("Please choose a file."))])
    agreed = BooleanField(_l("The patron, for a child also the guardian, agrees to the photo."))


class NoticeTextForm(Form):
    """The text people agree to."""

    body = TextAreaField(_l("Text in Vietnamese"), [Required(), Length(max=20_000)])
    body_en = TextAreaField(_l("Text in English"), [Length(max=20_000)])


class RequestForm(Form):
    """What a person asks about their data."""

    kind = SelectField(_l("Request"), choices=choices(REQUEST_WORDS.items()))
    text = TextAreaField(_l("What exactly"), [Length(max=4000)])


class CardForm(Form):
    """Issuing or replacing a card."""

    number = StringField(_l("Card number"), [Length(max=40)])


class NoteForm(Form):
    """A note on a patron, or a block."""

    text = TextAreaField(_l("Text"), [Required(), Length(max=2000)])
    block = SelectField(
        _l("Effect"),
        choices=choices(
            [
                ("", _l("A note only")),
                ("borrow", _l("May not borrow")),
                ("borrow,renew,hold", _l("May not borrow, renew or reserve")),
            ]
        ),
    )
    from_on = DayField(_l("From (leave empty for today)"))
    to_on = DayField(_l("Until (leave empty for no end)"))


class UploadForm(Form):
    """A spreadsheet of patrons."""

    file = FileField(
        _l("Spreadsheet (.xlsx, .xls, .ods, .csv)"), [FileRequired(_l("Please choose a file."))]
    )
