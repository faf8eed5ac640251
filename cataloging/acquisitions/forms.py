"""Forms of acquisitions."""

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import (
    Email,
    InputRequired,
    Length,
    Optional,
    ValidationError,
)

from cataloging.acquisitions.budgets import BudgetFacts, budgets_to_choose
from cataloging.acquisitions.models import PurchaseOrder
from cataloging.acquisitions.orders import OrderFacts
from cataloging.acquisitions.rules.ordering import WHOLE, read_percent
from cataloging.acquisitions.suggestions import SuggestionFacts
from cataloging.acquisitions.suppliers import SupplierFacts, suppliers_to_choose
from cataloging.permissions import ORDER_BOOKS
from cataloging.views.base import branches_for
from ils.accounts.actor import Actor
from ils.org.units import unit_names
from ils.web.forms import DayField, DongField, Form, Required, choices


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


class BudgetForm(Form):
    """A budget line."""

    year = IntegerField(_l("Budget year"), [InputRequired(Required.message)])
    name = StringField(_l("Name of the budget line"), [Required(), Length(max=120)])
    source = StringField(_l("Source of funds"), [Length(max=120)])
    amount = DongField(_l("Amount granted"), [Required()])
    note = TextAreaField(_l("Note"), [Length(max=2000)])
    closed = BooleanField(_l("Closed: takes no further orders"))

    def facts(self) -> BudgetFacts:
        """Return what was typed as the use case takes it."""
        return BudgetFacts(
            year=self.year.data or 0,
            name=self.name.data or "",
            source=self.source.data or "",
            amount=self.amount.data or 0,
            note=self.note.data or "",
            closed=bool(self.closed.data),
        )


def a_discount(_form: Any, field: Any) -> None:
    """Refuse what is no percentage with at most two decimals."""
    try:
        found = read_percent(field.data or "0")
    except ValueError:
        found = -1
    if not 0 <= found <= WHOLE:
        raise ValidationError(_l("A discount is between 0 and 100 per cent, like 12,5."))


class OrderForm(Form):
    """The head of an order."""

    supplier_id = SelectField(_l("Supplier"), coerce=int)
    branch_id = SelectField(_l("Delivered to"), coerce=int)
    budget_line_id = SelectField(_l("Budget line"), coerce=int)
    discount = StringField(_l("Discount in per cent"), [Length(max=12), a_discount], default="0")
    expected_on = DayField(_l("Promised for"))
    note = TextAreaField(_l("Note to the supplier"), [Length(max=2000)])

    def fill_choices(self, session: Any, actor: Actor, order: PurchaseOrder | None = None) -> None:
        """Set the pick lists to what the library has, and what the order has already."""
        library = order.library_id if order else actor.library_id or 0
        names = unit_names(session)
        branches = [b for b in branches_for(session, ORDER_BOOKS) if b.parent_id == library]
        suppliers = suppliers_to_choose(session, library, order.supplier_id if order else None)
        budgets = budgets_to_choose(session, library, [order.budget_line_id] if order else ())
        self.supplier_id.choices = choices(suppliers)
        self.branch_id.choices = choices((b.id, names[b.id]) for b in branches)
        self.budget_line_id.choices = choices([(0, "–"), *budgets])

    def facts(self) -> OrderFacts:
        """Return what was typed as the use case takes it."""
        return OrderFacts(
            supplier_id=self.supplier_id.data,
            branch_id=self.branch_id.data,
            budget_line_id=self.budget_line_id.data or None,
            discount=read_percent(self.discount.data or "0"),
            expected_on=self.expected_on.data,
            note=self.note.data or "",
        )


class SuggestionForm(Form):
    """What somebody would like the library to buy."""

    title = StringField(_l("Title"), [Required(), Length(max=300)])
    authors = StringField(_l("Author"), [Length(max=200)])
    publisher = StringField(_l("Publisher"), [Length(max=200)])
    year = StringField(_l("Year"), [Length(max=10)])
    isbn = StringField(_l("ISBN, if known"), [Length(max=20)])
    note = TextAreaField(_l("Why the library should have it"), [Length(max=1000)])

    def facts(self) -> SuggestionFacts:
        """Return what was typed as the use case takes it."""
        names = ("title", "authors", "publisher", "year", "isbn", "note")
        return SuggestionFacts(**{name: self[name].data or "" for name in names})
