"""Registering on the public site, and the notice on personal data."""

from typing import Any

from flask import redirect, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, IntegerField, SelectField, StringField
from wtforms.validators import Email, Length, NumberRange, Optional

from circulation.patrons.consent import notice_for
from circulation.patrons.patrons import PatronFacts
from circulation.patrons.registration import send_registration
from circulation.rules.consent import LENDING, MESSAGES, PHOTO
from ils.core.db import reading, transaction
from ils.core.errors import IlsError
from ils.org.settings import setting
from ils.web.door import door
from ils.web.errors import sentence_for
from ils.web.forms import DayField, Form, Required, choices
from opac.site import page, places
from opac.views import bp, opened

TOO_MANY = "sign_in_wait"


class RegistrationForm(Form):
    """What people tell of themselves; an identity number is shown at the desk, never sent."""

    branch_id = SelectField(_l("Where will you collect the card?"), coerce=int)
    name = StringField(_l("Full name"), [Required(), Length(max=120)])
    born_on = DayField(_l("Date of birth"))
    born_year = IntegerField(
        _l("or year of birth"), [Optional(), NumberRange(1900, 2100, _l("This is not a year."))]
    )
    sex = SelectField(
        _l("Sex"),
        choices=choices([("", "–"), ("f", _l("Female")), ("m", _l("Male")), ("x", _l("Other"))]),
    )
    ethnicity = StringField(_l("Ethnic group"), [Length(max=40)])
    phone = StringField(_l("Telephone"), [Length(max=20)])
    email = StringField(
        _l("E-mail"), [Optional(), Email(_l("This is not an e-mail address.")), Length(max=120)]
    )
    commune = StringField(_l("Commune or ward"), [Length(max=80)])
    address = StringField(_l("Address"), [Length(max=250)])
    school = StringField(_l("School or workplace"), [Length(max=120)])
    school_class = StringField(_l("School class"), [Length(max=30)])
    occupation = StringField(_l("Occupation"), [Length(max=80)])
    guardian_name = StringField(_l("Parent or guardian"), [Length(max=120)])
    guardian_phone = StringField(_l("Guardian's telephone"), [Length(max=20)])
    consent = BooleanField(_l("I have read the notice and agree."))
    guardian_consent = BooleanField(_l("As parent or guardian I have read the notice and agree."))
    agrees_messages = BooleanField(_l("Messages by e-mail, SMS or Zalo are welcome."))
    agrees_photo = BooleanField(_l("A photo may be kept for the card."))
    website = StringField(_l("Leave this empty"))  # a box that only programs fill in


@bp.route("/register", methods=["GET", "POST"], defaults={"slug": None})
@bp.route("/<site:slug>/register", methods=["GET", "POST"])
@door.public
def register(slug: str | None) -> Any:
    """Take a registration; it waits until the person comes with a paper."""
    with reading() as session:
        site = opened(slug, session)
        branches = [b for b in places(session, site) if setting(session, b.id, "patrons.online")]
        notice = notice_for(session, site.id)
    form, status, problem = RegistrationForm(), 200, None
    form.branch_id.choices = choices((b.id, b.name) for b in branches)
    if form.validate_on_submit():
        if form.website.data:
            return redirect(site.url("registered"))
        try:
            with transaction() as session:
                sent = send_registration(session, _facts(form), address=request.remote_addr or "")
        except IlsError as error:
            status, problem = _refused(form, error)
        else:
            return redirect(site.url("registered", code=sent.reference))
    elif request.method == "POST":
        status = 422
    shown = page(
        "opac/register.html",
        site,
        form=form,
        told=notice,
        branches=branches,
        problem=problem,
    )
    return shown, status


def _facts(form: RegistrationForm) -> PatronFacts:
    plain: tuple[str, ...] = (
        "ethnicity",
        "phone",
        "email",
        "commune",
        "address",
        "school",
        "school_class",
    )
    plain += ("occupation", "guardian_name", "guardian_phone")
    said: dict[str, Any] = {name: form[name].data or "" for name in plain}
    free = ((MESSAGES, form.agrees_messages), (PHOTO, form.agrees_photo))
    return PatronFacts(
        name=form.name.data or "",
        category="",
        branch_id=form.branch_id.data,
        born_on=form.born_on.data,
        born_year=form.born_year.data,
        sex=form.sex.data or None,
        consent=bool(form.consent.data),
        guardian_consent=bool(form.guardian_consent.data),
        purposes=(LENDING, *(purpose for purpose, box in free if box.data)),
        **said,
    )


def _refused(form: RegistrationForm, error: IlsError) -> tuple[int, str | None]:
    """Put a refusal beside its box; return the status and what is said above the form."""
    name = error.facts.get("field", "")
    if name in form:
        form[name].errors = [*form[name].errors, sentence_for(error)]
        return error.status, None
    if error.code == TOO_MANY:
        seconds = error.facts["seconds"]
        return 429, _("Many registrations came from here. Please wait %(n)s seconds.", n=seconds)
    return error.status, sentence_for(error)


@bp.get("/register/sent", defaults={"slug": None})
@bp.get("/<site:slug>/register/sent")
@door.public
def registered(slug: str | None) -> str:
    """Say what to bring to the desk."""
    code = "".join(c for c in request.args.get("code", "")[:12] if c.isalnum())
    with reading() as session:
        site = opened(slug, session)
        days = int(setting(session, site.id, "patrons.registration_days"))
    return page("opac/registered.html", site, code=code, days=days)


@bp.get("/privacy", defaults={"slug": None})
@bp.get("/<site:slug>/privacy")
@door.public
def privacy(slug: str | None) -> str:
    """Show the notice on personal data."""
    with reading() as session:
        site = opened(slug, session)
        notice = notice_for(session, site.id)
    return page("opac/privacy.html", site, told=notice)
