"""Forms of the catalogue's pages."""

from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session
from wtforms import BooleanField, HiddenField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from cataloging.items import MOST_COPIES, SOURCES, WITHDRAWAL_REASONS, CopyFacts
from cataloging.models import ITEM_USES, Collection, ItemType, Register
from cataloging.permissions import EDIT_ITEM
from cataloging.views import words
from cataloging.views.base import branches_for, english
from ils.org.units import unit_names
from ils.web.door import current_actor
from ils.web.forms import DayField, DongField, Form, Required

_NUMBER_OF_COPIES = _l("Between 1 and %(most)s copies at once.", most=MOST_COPIES)


class CopyForm(Form):
    """What is known of a copy. ``shelf_mark`` is what stands behind a class that is picked."""

    shelf_mark = ""

    branch_id = SelectField(_l("Branch"), coerce=int)
    item_type = SelectField(_l("Kind of copy"))
    collection_id = SelectField(_l("Collection (kho)"), coerce=int)
    call_number = StringField(_l("Call number"), [Length(max=120)])
    shelf = StringField(_l("Shelf or rack"), [Length(max=80)])
    volume_key = StringField(_l("Volume"), [Length(max=40)])
    use = SelectField(_l("Use"))
    price = DongField(_l("Price"))
    source = SelectField(_l("Source"))
    voucher = StringField(_l("Voucher (invoice, gift record)"), [Length(max=60)])
    condition = StringField(_l("Condition"), [Length(max=40)])
    note = TextAreaField(_l("Note for the desk"), [Length(max=2000)])

    def fill_choices(self, session: Session) -> None:
        """Set the pick lists to what the actor's libraries have."""
        names = unit_names(session)
        branches = branches_for(session, EDIT_ITEM)
        self.branch_id.choices = [(b.id, names.get(b.id, b.code)) for b in branches]
        types = session.scalars(select(ItemType).order_by(ItemType.order, ItemType.code))
        self.item_type.choices = [
            (t.code, (t.name_en or t.name) if english() else t.name) for t in types
        ]
        libraries = {b.parent_id for b in branches}
        found = session.scalars(
            select(Collection)
            .where(Collection.library_id.in_(libraries))
            .order_by(Collection.library_id != current_actor().library_id, Collection.code)
        ).all()
        many = len({c.library_id for c in found}) > 1
        self.collection_id.choices = [(0, "–")] + [
            (c.id, f"{c.code} · {c.name}" + (f" ({names[c.library_id]})" if many else ""))
            for c in found
        ]
        self.use.choices = [(code, words.USES[code]) for code in ITEM_USES]
        self.source.choices = [("", words.SOURCES[""])] + [(s, words.SOURCES[s]) for s in SOURCES]

    def facts(self, **more: Any) -> CopyFacts:
        """Return what was typed as the use case takes it."""
        return CopyFacts(
            branch_id=self.branch_id.data,
            item_type=self.item_type.data,
            collection_id=self.collection_id.data or None,
            call_number=self.call_number.data or "",
            shelf=self.shelf.data or "",
            volume_key=self.volume_key.data or "",
            use=self.use.data,
            price=self.price.data,
            source=self.source.data,
            voucher=self.voucher.data or "",
            condition=self.condition.data or "",
            note=self.note.data or "",
            **more,
        )


class NewCopiesForm(CopyForm):
    """Copies to be entered: how many, in which register, from which day."""

    copies = IntegerField(
        _l("How many copies"),
        [
            InputRequired(_l("Please fill in this box.")),
            NumberRange(1, MOST_COPIES, _NUMBER_OF_COPIES),
        ],
        default=1,
    )
    register_id = SelectField(_l("Accession register"), coerce=int)
    numbers = TextAreaField(_l("Accession numbers from the old book"), [Length(max=20000)])
    barcodes = TextAreaField(_l("Barcodes"), [Length(max=40000)])
    accessioned_on = DayField(_l("Accession date"))
    opening_balance = BooleanField(_l("Opening balance: was in stock before this system"))

    def fill_choices(self, session: Session) -> None:
        """Set the pick lists, the registers with the number that comes next."""
        super().fill_choices(session)
        from cataloging.numbers import write_number

        libraries = {b.parent_id for b in branches_for(session, EDIT_ITEM)}
        names = unit_names(session)
        found = session.scalars(
            select(Register)
            .where(Register.library_id.in_(libraries))
            .order_by(Register.library_id != current_actor().library_id, Register.prefix)
        ).all()
        many = len({r.library_id for r in found}) > 1
        self.register_id.choices = [(0, _l("No accession number"))] + [
            (
                r.id,
                f"{r.prefix} · {r.name} → {write_number(r, r.next_serial)}"
                + (f" ({names[r.library_id]})" if many else ""),
            )
            for r in found
        ]

    def entry(self) -> dict[str, Any]:
        """Return the words of ``add_items`` beside the facts."""
        numbers = _lines(self.numbers.data)
        return {
            "copies": self.copies.data or 1,
            "register_id": self.register_id.data or None,
            "numbers": numbers,
            "barcodes": _lines(self.barcodes.data),
            "accessioned_on": self.accessioned_on.data,
            "opening_balance": bool(self.opening_balance.data),
        }


def _lines(text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").replace(";", "\n").splitlines() if part.strip()]


class EditCopyForm(CopyForm):
    """A copy that is in stock."""

    lifecycle = SelectField(_l("State"))
    barcode = StringField(_l("Barcode"), [Length(max=60)])
    version = HiddenField()


class WithdrawForm(Form):
    """Striking a copy off the stock."""

    reason = SelectField(
        _l("Reason"),
        choices=[SelectChoice(code, words.REASONS[code]) for code in WITHDRAWAL_REASONS],
    )
    decision = StringField(_l("Decision number"), [Length(max=120)])
    on = DayField(_l("Date of withdrawal"))


class LabelForm(Form):
    """Which labels to print, and where on the sheet to begin."""

    class Meta(Form.Meta):
        """The form only reads; it travels in the address."""

        csrf = False

    register_id = SelectField(_l("Accession register"), coerce=int)
    first = IntegerField(_l("From number"), [Optional(), NumberRange(1, 10**9)])
    last = IntegerField(_l("To number"), [Optional(), NumberRange(1, 10**9)])
    numbers = TextAreaField(_l("or accession numbers, one on each line"), [Length(max=20000)])
    sheet = SelectField(_l("Label sheet"))
    kind = SelectField(
        _l("Kind of label"),
        choices=[
            SelectChoice("barcode", _l("Barcode")),
            SelectChoice("spine", _l("Spine (call number)")),
        ],
    )
    start = IntegerField(_l("First free label on the sheet"), [Optional(), NumberRange(1, 200)])
    outline = BooleanField(_l("Print cutting lines"))


class RegisterForm(Form):
    """An accession register."""

    prefix = StringField(_l("Prefix"), [Length(max=10)])
    name = StringField(_l("Description"), [Required(), Length(max=80)])
    width = IntegerField(_l("Number of figures"), [NumberRange(3, 9)], default=5)
    next_serial = IntegerField(_l("Next number"), [NumberRange(1, 10**9)], default=1)


class CollectionForm(Form):
    """A stock collection (kho)."""

    code = StringField(_l("Code"), [Required(), Length(max=30)])
    name = StringField(_l("Description"), [Required(), Length(max=80)])
    for_children = BooleanField(_l("For children"))


class ItemTypeForm(Form):
    """A kind of copy that lending rules speak of."""

    code = StringField(_l("Code"), [Required(), Length(max=30)])
    name = StringField(_l("Description"), [Required(), Length(max=80)])
    name_en = StringField(_l("Name in English"), [Length(max=80)])
