"""Setting up the stock: accession registers, collections (kho), kinds of copies."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cataloging import stock as use
from cataloging.models import Collection, Item, ItemType, Register
from cataloging.permissions import EDIT_STOCK
from cataloging.views.base import bp, show_problem
from cataloging.views.forms import CollectionForm, ItemTypeForm, RegisterForm
from ils.core.db import reading, transaction
from ils.core.errors import IlsError
from ils.org.models import OrgUnit
from ils.org.units import libraries, unit_names
from ils.web.door import current_actor, door


def _library(session: Session) -> tuple[OrgUnit | None, list[OrgUnit]]:
    """Return the library the page is about and those the actor may set up."""
    actor = current_actor()
    choices = [one for one in libraries(session) if actor.can(EDIT_STOCK, one)]
    wanted = request.args.get("library", type=int) or actor.library_id
    found = next((one for one in choices if one.id == wanted), None)
    return found or (choices[0] if choices else None), choices


@bp.route("/stock", methods=["GET", "POST"])
@door(EDIT_STOCK)
def stock() -> Any:
    """Show registers, collections and kinds of copies of a library; add one of each."""
    forms: dict[str, Any] = {
        "register": RegisterForm(prefix="register-"),
        "collection": CollectionForm(prefix="collection-"),
        "item_type": ItemTypeForm(prefix="item_type-"),
    }
    status = 200
    kind = request.form.get("kind", "")
    if request.method == "POST" and kind in forms:
        form = forms[kind]
        status = 422
        if form.validate():
            try:
                with transaction() as session:
                    library, _choices = _library(session)
                    _add(session, kind, form, library.id if library else 0)
            except IlsError as error:
                status = show_problem(form, error, "name")
            else:
                flash(_("It was added."), "ok")
                return redirect(
                    url_for("cataloging.stock", library=library.id if library else None)
                )
    with reading() as session:
        library, choices = _library(session)
        return _page(session, library, choices, forms), status


def _add(session: Session, kind: str, form: Any, library_id: int) -> None:
    actor = current_actor()
    if kind == "register":
        use.open_register(
            session,
            actor,
            library_id,
            prefix=form.prefix.data or "",
            name=form.name.data,
            width=form.width.data,
            next_serial=form.next_serial.data,
        )
    elif kind == "collection":
        use.open_collection(
            session,
            actor,
            library_id,
            code=form.code.data,
            name=form.name.data,
            for_children=form.for_children.data,
        )
    else:
        use.add_item_type(
            session, actor, form.code.data, form.name.data, name_en=form.name_en.data or ""
        )


def _page(
    session: Session, library: OrgUnit | None, choices: list[OrgUnit], forms: dict[str, Any]
) -> str:
    library_id = library.id if library else 0
    live = Item.lifecycle != "withdrawn"

    def counted(column: Any) -> dict[Any, int]:
        rows = session.execute(select(column, func.count()).where(live).group_by(column))
        return {row[0]: row[1] for row in rows}

    return render_template(
        "cataloging/stock.html",
        library=library,
        choices=choices,
        names=unit_names(session),
        forms=forms,
        registers=session.scalars(
            select(Register).where(Register.library_id == library_id).order_by(Register.prefix)
        ).all(),
        collections=session.scalars(
            select(Collection).where(Collection.library_id == library_id).order_by(Collection.code)
        ).all(),
        item_types=session.scalars(select(ItemType).order_by(ItemType.order, ItemType.code)).all(),
        in_registers=counted(Item.register_id),
        in_collections=counted(Item.collection_id),
        of_types=counted(Item.item_type),
    )
