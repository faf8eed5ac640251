"""Pages of the baskets."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select

from cataloging.baskets import contents
from cataloging.baskets.models import BasketItem, BasketRecord
from cataloging.export import Chosen, ids_of
from cataloging.models import Item, Record
from cataloging.permissions import (
    DELETE_RECORD,
    EDIT_ITEM,
    EDIT_RECORD,
    PRINT_LABELS,
    VIEW_RECORD,
    WITHDRAW_ITEM,
)
from cataloging.views import narrow
from ils.core.db import reading, transaction
from ils.core.errors import Invalid, Refused
from ils.web.door import current_actor, door
from ils.web.errors import sentence_for
from ils.web.pages import Page, page_number

bp = Blueprint("baskets", __name__, url_prefix="/staff/baskets", template_folder="templates")
PAGE = 50
UNKNOWN_SHOWN = 30
MERGED_AT_ONCE = 10


@bp.get("/")
@door(VIEW_RECORD)
def baskets() -> str:
    """List one's own baskets."""
    with reading() as session:
        rows = contents.baskets_of(session, current_actor())
        return render_template("cataloging/baskets/baskets.html", rows=rows)


@bp.post("/")
@door(VIEW_RECORD)
def make() -> Any:
    """Make an empty basket."""
    try:
        with transaction() as session:
            made = contents.open_basket(session, current_actor(), request.form.get("name", ""))
            return redirect(url_for("baskets.show", basket_id=made.id))
    except Invalid as error:
        flash(sentence_for(error), "bad")
        return redirect(url_for("baskets.baskets"))


@bp.get("/<int:basket_id>")
@door(VIEW_RECORD)
def show(basket_id: int) -> str:
    """Show what is in a basket and what can be done with it."""
    actor = current_actor()
    number = page_number(request.args.get("page"))
    with reading() as session:
        basket = contents.basket_for(session, actor, basket_id)
        page = Page(number, PAGE, contents.how_many(session, basket_id))
        inside = select(BasketRecord.record_id).where(BasketRecord.basket_id == basket_id)
        rows = session.scalars(
            select(Record)
            .where(Record.id.in_(inside))
            .order_by(Record.title_sort, Record.id)
            .limit(PAGE)
            .offset(page.offset)
        ).all()
        copies: dict[int, list[Item]] = {}
        scanned = select(Item).join(BasketItem, BasketItem.item_id == Item.id)
        for item in session.scalars(
            scanned.where(
                BasketItem.basket_id == basket_id, Item.record_id.in_([r.id for r in rows])
            ).order_by(Item.id)
        ):
            copies.setdefault(item.record_id, []).append(item)
        others = [
            (b.id, b.name) for b, *_n in contents.baskets_of(session, actor) if b.id != basket_id
        ]
        return render_template(
            "cataloging/baskets/basket.html",
            basket=basket,
            page=page,
            rows=rows,
            copies=copies,
            copy_count=contents.how_many_items(session, basket_id),
            others=others,
            may_export=actor.can_somewhere(EDIT_RECORD),
            may_delete=actor.can_somewhere(DELETE_RECORD) and actor.can_somewhere(WITHDRAW_ITEM),
            may_edit_copies=actor.can_somewhere(EDIT_ITEM),
            may_print=actor.can_somewhere(PRINT_LABELS),
            may_merge=actor.can_somewhere(DELETE_RECORD),
        )


@bp.post("/<int:basket_id>/add")
@door(VIEW_RECORD)
def add(basket_id: int) -> Any:
    """Put in what was scanned, typed or pasted."""
    try:
        with transaction() as session:
            numbers = request.form.get("numbers", "")
            done = contents.add_typed(session, current_actor(), basket_id, numbers)
    except (Invalid, Refused) as error:
        flash(sentence_for(error), "bad")
        return redirect(url_for("baskets.show", basket_id=basket_id))
    flash(_added(done.records, done.items), "ok")
    if done.unknown:
        shown = ", ".join(done.unknown[:UNKNOWN_SHOWN])
        more = len(done.unknown) - UNKNOWN_SHOWN
        shown += f" … (+{more})" if more > 0 else ""
        flash(_("Nothing here has these numbers: %(numbers)s", numbers=shown), "warn")
    return redirect(url_for("baskets.show", basket_id=basket_id))


def _added(records: int, items: int) -> str:
    said = ngettext("%(num)s record was put in.", "%(num)s records were put in.", records)
    if items:
        said += " " + ngettext("%(num)s copy was put in.", "%(num)s copies were put in.", items)
    return str(said)


@bp.post("/take")
@door(VIEW_RECORD)
def take() -> Any:
    """Put the ticked records of a list, or all that a search finds, into a basket."""
    sent = request.form
    actor = current_actor()
    try:
        with transaction() as session:
            basket = contents.open_basket(session, actor, sent.get("basket", ""))
            if sent.get("which") == "all":
                chosen = Chosen(
                    sent.get("q", "").strip()[:500],
                    actor.library_id if sent.get("mine") == "1" else None,
                    narrow.chosen(),
                )
                ids = list(ids_of(session, chosen))
            else:
                ids = [int(one) for one in sent.getlist("record") if one.isdecimal()]
            count = contents.add_records(session, actor, basket.id, ids)
            address = url_for("baskets.show", basket_id=basket.id)
    except (Invalid, Refused) as error:
        flash(sentence_for(error), "bad")
        return redirect(url_for("cataloging.find", q=sent.get("q"), mine=sent.get("mine")))
    flash(_added(count, 0), "ok")
    return redirect(address)


@bp.post("/<int:basket_id>/act")
@door(VIEW_RECORD)
def act(basket_id: int) -> Any:
    """Take records out, empty, delete, combine with another basket, or go on to merge some."""
    sent = request.form
    actor = current_actor()
    what = sent.get("act", "")
    if what == "merge":
        return _to_merge(basket_id)
    with transaction() as session:
        if what == "remove":
            ids = [int(one) for one in sent.getlist("record") if one.isdecimal()]
            contents.remove_records(session, actor, basket_id, ids)
        elif what == "empty":
            contents.empty_basket(session, actor, basket_id)
        elif what == "delete":
            contents.delete_basket(session, actor, basket_id)
            return redirect(url_for("baskets.baskets"))
        else:
            other = sent.get("other", type=int, default=0)
            contents.combine(session, actor, basket_id, other, sent.get("way", ""))
    return redirect(url_for("baskets.show", basket_id=basket_id))


def _to_merge(basket_id: int) -> Any:
    """Lead to the records ticked, side by side; where none is ticked, to all of a small basket."""
    ids = [int(one) for one in request.form.getlist("record") if one.isdecimal()]
    with reading() as session:
        every = contents.record_ids(session, current_actor(), basket_id)
    if not ids and len(every) <= MERGED_AT_ONCE:
        ids = list(every)
    if not 2 <= len(ids) <= MERGED_AT_ONCE:
        flash(_("Please tick between two and %(most)s records.", most=MERGED_AT_ONCE), "warn")
        return redirect(url_for("baskets.show", basket_id=basket_id))
    return redirect(url_for("duplicates.compare", record=ids))
