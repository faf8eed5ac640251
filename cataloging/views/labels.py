"""Barcode and spine labels as a PDF to print on label sheets."""

from typing import Any

from flask import Response, render_template, request
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.baskets.contents import item_ids
from cataloging.models import Item, Record, Register
from cataloging.numbers import accession_key
from cataloging.papers.described import number_of_part
from cataloging.papers.sheets import sheets_of
from cataloging.permissions import EDIT_ITEM, EDIT_STOCK, PRINT_LABELS
from cataloging.views.base import bp, branches_for
from cataloging.views.forms import LabelForm
from ils.core.db import reading
from ils.org.units import unit_names
from ils.printing.labels import Label, LabelSheet, barcode_labels
from ils.web.door import current_actor, door

MOST_LABELS = 2000
NO_REGISTER = _l("No register")


@bp.get("/labels")
@door(PRINT_LABELS)
def labels() -> Any:
    """Choose copies by number and print their labels, beginning anywhere on the sheet."""
    form = LabelForm(request.args)
    form.start.data = form.start.data or 1
    with reading() as session:
        sheets = sheets_of(session, current_actor().library_id)
        form.sheet.choices = [(sheet.code, sheet.name) for sheet in sheets.values()]
        form.register_id.choices = [(0, NO_REGISTER), *_registers(session)]
        chosen = _chosen(session, form)
        wanted = request.args.get("make") == "pdf"
        if wanted and chosen and form.validate():
            made, left_out = _print(session, form, chosen, sheets)
            if made is not None:
                return made
        else:
            left_out = []
        return render_template(
            "cataloging/labels.html",
            form=form,
            chosen=chosen,
            left_out=left_out,
            asked=bool(request.args),
            item_ids=request.args.get("items", ""),
            sheets=sheets,
            may_measure=current_actor().can(EDIT_STOCK),
            basket_id=request.args.get("basket", ""),
        )


def _registers(session: Session) -> list[tuple[int, str]]:
    libraries = {b.parent_id for b in branches_for(session, EDIT_ITEM)}
    found = session.scalars(
        select(Register)
        .where(Register.library_id.in_(libraries))
        .order_by(Register.library_id != current_actor().library_id, Register.prefix)
    )
    return [(r.id, f"{r.prefix} · {r.name}") for r in found]


def _chosen(session: Session, form: LabelForm) -> list[Item]:
    """Return the copies named by id, by a stretch of a register, or by typed numbers."""
    actor = current_actor()
    query = select(Item).where(Item.lifecycle != "withdrawn").limit(MOST_LABELS)
    ids = [int(i) for i in request.args.get("items", "").split(",") if i.isdecimal()][:MOST_LABELS]
    if basket_id := request.args.get("basket", type=int):
        ids = list(item_ids(session, actor, basket_id))[:MOST_LABELS]
    keys = [accession_key(n) for n in (form.numbers.data or "").split("\n") if n.strip()]
    if ids:
        query = query.where(Item.id.in_(ids)).order_by(Item.register_id, Item.serial, Item.id)
    elif keys:
        query = query.where(Item.accession_key.in_(keys)).order_by(Item.register_id, Item.serial)
    elif form.register_id.data and form.first.data:
        last = form.last.data or form.first.data
        query = query.where(
            Item.register_id == form.register_id.data, Item.serial.between(form.first.data, last)
        ).order_by(Item.serial)
    else:
        return []
    mine = {b.id for b in branches_for(session, PRINT_LABELS)}
    return [i for i in session.scalars(query) if i.branch_id in mine or actor.all_rights]


def _print(
    session: Session, form: LabelForm, chosen: list[Item], sheets: dict[str, LabelSheet]
) -> tuple[Any, list[Item]]:
    """Make the PDF; copies whose barcode no scanner could read are told instead."""
    names = unit_names(session)
    wanted = {i.record_id for i in chosen}
    rows = session.execute(
        select(Record.id, Record.call_number, Record.marc).where(Record.id.in_(wanted))
    )
    records = {record_id: (call, number_of_part(marc)) for record_id, call, marc in rows}
    spine = form.kind.data == "spine"
    printed, left_out = [], []
    for item in chosen:
        code = item.barcode or item.accession_no or ""
        if not spine and not (code and code.isascii()):
            left_out.append(item)
            continue
        call, part = records.get(item.record_id, ("", ""))
        text = (item.accession_no or code) if spine else code
        shown = (item.call_number or call, item.volume_key or part)
        printed.append(Label(text, names.get(item.owner_id, ""), *shown))
    if not printed:
        return None, left_out
    sheet = sheets.get(form.sheet.data or "") or next(iter(sheets.values()))
    pdf = barcode_labels(
        printed, sheet, start=form.start.data or 1, outline=bool(form.outline.data), spine=spine
    )
    headers = {"Content-Disposition": 'inline; filename="nhan.pdf"'}
    return Response(pdf, mimetype="application/pdf", headers=headers), left_out
