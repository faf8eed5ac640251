"""Forms of vouchers."""

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import Length, NumberRange, Optional

from cataloging.permissions import EDIT_ITEM
from cataloging.stockbook import words
from cataloging.stockbook.models import KINDS
from cataloging.stockbook.vouchers import VoucherFacts
from cataloging.views.base import branches_for
from cataloging.views.forms import NewCopiesForm
from ils.web.forms import DayField, DongField, Form


class VoucherForm(Form):
    """The head of a voucher."""

    kind = SelectField(_l("Kind of voucher"))
    number = StringField(_l("Voucher no."), [Length(max=60)])
    dated_on = DayField(_l("Date of the voucher"))
    source = StringField(_l("Supplier, donor or sender"), [Length(max=200)])
    address = StringField(_l("Address"), [Length(max=200)])
    funding = StringField(_l("Source of funds"), [Length(max=120)])
    total = DongField(_l("Sum on the voucher"))
    entered_on = DayField(_l("Day of entry in the books"))
    branch_id = SelectField(_l("Branch"), coerce=int)
    register_id = SelectField(_l("Accession register"), coerce=int)
    collection_id = SelectField(_l("Collection (kho)"), coerce=int)
    item_type = SelectField(_l("Kind of copy"))
    summary_no = IntegerField(
        _l("Number in the old summary register"), [Optional(), NumberRange(1, 10**6)]
    )
    note = TextAreaField(_l("Note"), [Length(max=2000)])

    def fill_choices(self, session: Any) -> None:
        """Set the pick lists; places are those of copies entered one by one."""
        self.kind.choices = [(code, words.KINDS[code]) for code in KINDS]
        copies = NewCopiesForm(formdata=None, prefix="x-")
        copies.fill_choices(session)
        for name in ("branch_id", "register_id", "collection_id", "item_type"):
            self[name].choices = copies[name].choices

    def begin(self, session: Any, library_id: int | None) -> None:
        """Set what a new voucher most likely has."""
        mine = [b.id for b in branches_for(session, EDIT_ITEM) if b.parent_id == library_id]
        self.branch_id.data = self.branch_id.data or (mine[0] if mine else None)

    def facts(self) -> VoucherFacts:
        """Return what was typed as the use case takes it."""
        return VoucherFacts(
            kind=self.kind.data,
            branch_id=self.branch_id.data,
            number=self.number.data or "",
            dated_on=self.dated_on.data,
            entered_on=self.entered_on.data,
            source=self.source.data or "",
            address=self.address.data or "",
            funding=self.funding.data or "",
            total=self.total.data,
            note=self.note.data or "",
            collection_id=self.collection_id.data or None,
            register_id=self.register_id.data or None,
            item_type=self.item_type.data,
            summary_no=self.summary_no.data,
        )
