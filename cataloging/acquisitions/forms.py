"""Forms of acquisitions."""

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, SelectField, StringField, TextAreaField
from wtforms.validators import Email, Length, Optional

from cataloging.acquisitions.suppliers import SupplierFacts
from ils.web.forms import DayField, Form, Required


class SupplierForm(Form):
    """What is known of a supplier."""

    name = StringField(_l("Name of the supplier"), [Required(), Length(max=200)])
    tax_code = StringField(_l("Tax code"), [Length(max=20)])
    address = StringField(_l("Address"), [Length(max=200)])
    phone = StringField(_l("Telephone"), [Length(max=40)])
    email = StringField(
        _l("E-mail"),
        [Optional(), Email(_l("This is not an e-mail address.")), Length(max=120)],
    )
    contract_no = StringField(_l("Contract no."), [Length(max=60)])
    contract_from = DayField(_l("Contract from"))
    contract_until = DayField(_l("Contract until"))
    note = TextAreaField(_l("Note"), [Length(max=2000)])
    unit_id = SelectField(_l("Kept by"), coerce=int)
    active = BooleanField(_l("In use: offered when ordering"), default=True)

    def facts(self) -> SupplierFacts:
        """Return what was typed as the use case takes it."""
        return SupplierFacts(
            name=self.name.data or "",
            tax_code=self.tax_code.data or "",
            address=self.address.data or "",
            phone=self.phone.data or "",
            email=self.email.data or "",
            contract_no=self.contract_no.data or "",
            contract_from=self.contract_from.data,
            contract_until=self.contract_until.data,
            note=self.note.data or "",
            active=bool(self.active.data),
        )
