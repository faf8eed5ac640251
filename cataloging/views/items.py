"""Copies: adding, changing, withdrawing, and the life of one copy."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from cataloging import items
from cataloging.classes.marks import mark_for
from cataloging.hooks import availability_of
from cataloging.life import history_of, in_figures, voucher_of
from cataloging.marc.project import project
from cataloging.models import Item, Record
from cataloging.permissions import EDIT_ITEM, VIEW_ITEM, WITHDRAW_ITEM
from cataloging.records import record_for
from cataloging.stock import first_register
from cataloging.views import words
from cataloging.views.base import bp, say, show_problem, staff_names
from cataloging.views.copy_values import values_said
from cataloging.views.forms import EditCopyForm, NewCopiesForm, WithdrawForm
from ils.core import clock
from ils.core.db import reading, transaction
from ils.core.errors import IlsError, Invalid, Refused, StaleVersion
from ils.org.units import unit, unit_names
from ils.web.door import current_actor, door


@bp.route("/<int:record_id>/items/new", methods=["GET", "POST"])
@door(EDIT_ITEM)
def add_copies(record_id: int) -> Any:
    """Enter copies with the next accession numbers, or with those of the old book."""
    form = NewCopiesForm(prefix="copy-")
    with reading() as session:
        record = record_for(session, record_id)
        form.fill_choices(session)
        form.shelf_mark = _mark(session, record)
        there = items.items_of(session, record_id)
    if request.method == "GET":
        _begin(form, there, record)
    status = 200
    if form.validate_on_submit():
        try:
            with transaction() as session:
                made = items.add_items(
                    session, current_actor(), record_id, form.facts(), **form.entry()
                )
        except IlsError as error:
            otherwise = "barcodes" if error.code.startswith("barcode") else "numbers"
            status = show_problem(form, error, otherwise)
        else:
            said = ngettext("%(num)s copy was entered.", "%(num)s copies were entered.", len(made))
            flash(said, "ok")
            if request.form.get("act") == "labels":
                ids = ",".join(str(i.id) for i in made)
                return redirect(url_for("cataloging.labels", items=ids))
            return redirect(url_for("cataloging.show", record_id=record_id, _anchor="items"))
    elif request.method == "POST":
        status = 422
    return render_template("cataloging/copies.html", form=form, record=record, there=there), status


def _mark(session: Session, record: Record) -> str:
    return mark_for(session, current_actor().library_id, record.title, record.author)


def _begin(form: NewCopiesForm, there: list[Item], record: Any) -> None:
    """Begin with the facts of the last copy of one's own library, else with the usual ones."""
    seen = project(record.marc)
    actor = current_actor()
    last = next((i for i in reversed(there) if i.owner_id == actor.library_id), None)
    form.branch_id.data = last.branch_id if last else actor.unit_id
    form.item_type.data = last.item_type if last else "book"
    form.collection_id.data = (last.collection_id if last else None) or 0
    form.use.data = last.use if last else "loan"
    form.price.data = last.price if last else seen.price
    form.call_number.data = last.call_number if last else ""
    form.source.data = last.source if last else ""
    form.register_id.data = last.register_id if last else None
    if not form.register_id.data:
        with reading() as db:
            form.register_id.data = first_register(db, actor.library_id)


@bp.route("/items/<int:item_id>", methods=["GET", "POST"])
@door(VIEW_ITEM)
def item(item_id: int) -> Any:
    """Show one copy with its whole life; change it."""
    form = EditCopyForm()
    with reading() as session:
        found = items.item_for(session, current_actor(), item_id)
        may_edit = current_actor().can(EDIT_ITEM, unit(session, found.branch_id))
        form.fill_choices(session)
        form.shelf_mark = _mark(session, record_for(session, found.record_id, deleted=True))
    _fit_choices(form, found)
    if request.method == "GET" or not may_edit:
        _fill(form, found)
        return _item_page(form, found, may_edit)
    if not form.validate():
        return _item_page(form, found, may_edit), 422
    try:
        with transaction() as session:
            items.change_item(
                session,
                current_actor(),
                item_id,
                form.facts(lifecycle=form.lifecycle.data),
                expected_version=int(form.version.data or 0),
                barcode=form.barcode.data or "",
            )
    except StaleVersion as error:
        status = show_problem(form, error, "note")
        form.version.data = str(found.version)
        form.version.raw_data = [form.version.data]
        return _item_page(form, found, may_edit), status
    except IlsError as error:
        otherwise = "barcode" if error.code.startswith("barcode") else "branch_id"
        return _item_page(form, found, may_edit), show_problem(form, error, otherwise)
    flash(_("The copy was saved."), "ok")
    return redirect(url_for("cataloging.item", item_id=item_id))


def _fill(form: EditCopyForm, found: Item) -> None:
    for name in items.CopyFacts.__dataclass_fields__:
        form[name].data = getattr(found, name)
    form.collection_id.data = found.collection_id or 0
    form.barcode.data, form.version.data = found.barcode or "", str(found.version)


def _fit_choices(form: EditCopyForm, found: Item) -> None:
    """A value the copy has is never missing from a pick list."""
    states = [*items.EDITABLE_LIFECYCLES]
    if found.lifecycle not in states:
        states.append(found.lifecycle)
    form.lifecycle.choices = [(code, words.LIFECYCLES[code]) for code in states]
    for box, value in ((form.branch_id, found.branch_id), (form.source, found.source)):
        if all(code != value for code, _name in box.choices):
            box.choices = [*box.choices, (value, str(value))]


def _item_page(form: EditCopyForm, found: Item, may_edit: bool) -> str:
    with reading() as session:
        record = record_for(session, found.record_id, deleted=True)
        moments = history_of(session, found.id)
        places = availability_of(session, [found.record_id]).get(found.record_id, [])
        return render_template(
            "cataloging/item.html",
            form=form,
            item=found,
            record=record,
            may_edit=may_edit and found.lifecycle != "withdrawn",
            may_withdraw=current_actor().can(WITHDRAW_ITEM, unit(session, found.branch_id)),
            place=next((p for p in places if p.item_id == found.id), None),
            withdraw=_withdraw_form(),
            moments=moments,
            figures=in_figures(moments),
            voucher_id=voucher_of(session, found),
            units=unit_names(session),
            said=values_said(session),
            people=staff_names(session, {m.actor_id for m in moments}),
            words=words,
        )


def _withdraw_form() -> WithdrawForm:
    form = WithdrawForm(formdata=None)
    form.on.data = clock.today()
    return form


@bp.post("/items/<int:item_id>/withdraw")
@door(WITHDRAW_ITEM)
def withdraw(item_id: int) -> Any:
    """Strike a copy off the stock, with reason and decision; or take that back."""
    form = WithdrawForm()
    sound = form.validate()
    try:
        with transaction() as session:
            actor = current_actor()
            items.item_for(session, actor, item_id, WITHDRAW_ITEM)
            if request.form.get("act") == "take_back":
                items.take_back_withdrawal(session, actor, item_id)
                flash(_("The copy is in stock again."), "ok")
            elif sound:
                items.withdraw_item(
                    session,
                    actor,
                    item_id,
                    reason=form.reason.data,
                    decision=form.decision.data or "",
                    on=form.on.data,
                )
                flash(_("The copy is withdrawn. Its number is never given again."), "ok")
            else:
                flash(_("Nothing was withdrawn: please check the date."), "bad")
    except (Invalid, Refused) as error:
        flash(say(error), "bad")
    return redirect(url_for("cataloging.item", item_id=item_id))
