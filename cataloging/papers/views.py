"""Pages of the papers: cards for the drawer, lists of new books, bibliographies."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Blueprint, render_template, request
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.baskets.contents import baskets_of, record_ids
from cataloging.models import Collection
from cataloging.papers import cards, lists
from cataloging.papers.chosen import Title, titles_entered, titles_found, titles_named
from cataloging.papers.forms import (
    BASKET,
    ENTERED,
    FOUND,
    NAMED,
    CardsForm,
    ListForm,
    TitlesForm,
)
from cataloging.permissions import PRINT_LABELS, VIEW_RECORD
from cataloging.views.base import branches_for
from ils.core import clock
from ils.core.db import reading
from ils.core.errors import Invalid
from ils.org.units import unit_names
from ils.web.door import current_actor, door
from ils.web.downloads import XLSX, as_file
from ils.web.errors import sentence_for

bp = Blueprint("papers", __name__, url_prefix="/staff/papers", template_folder="templates")

SHOWN = 50  # titles named on the page before they are printed


@dataclass(frozen=True)
class Asked:
    """What the form asks for: titles, or why there are none."""

    titles: list[Title]
    problem: str = ""
    status: int = 200


@bp.get("/cards")
@door(PRINT_LABELS)
def catalog_cards() -> Any:
    """Choose titles and print their catalogue cards."""
    form = CardsForm(request.args)
    form.kinds.data = form.kinds.data or [cards.MAIN]
    form.paper.data = form.paper.data or "a4"
    with reading() as session:
        asked = _asked(session, form, PRINT_LABELS)
    made = cards.cards_of(asked.titles, form.kinds.data, filed=bool(form.filed.data))
    problem, status = asked.problem, asked.status
    if len(made) > cards.MOST_CARDS:
        problem, status = (
            _("At most %(most)s cards are printed at once.", most=cards.MOST_CARDS),
            422,
        )
    elif made and not problem and request.args.get("make") == "pdf":
        pdf = cards.print_cards(made, paper=form.paper.data, start=form.start.data or 1)
        return as_file(pdf, "phich.pdf", "application/pdf")
    page = render_template(
        "cataloging/papers/cards.html",
        form=form,
        titles=asked.titles,
        count=len(made),
        problem=problem,
        shown=SHOWN,
    )
    return page, status


@bp.get("/list")
@door(VIEW_RECORD)
def book_list() -> Any:
    """Choose titles and print them as a list of new books or a bibliography."""
    form = ListForm(request.args)
    form.order.data = form.order.data or lists.BY_CLASS
    with reading() as session:
        asked = _asked(session, form, VIEW_RECORD)
        groups = lists.grouped(asked.titles, form.order.data)
        title = (form.title.data or "").strip() or _usual_title(form)
        about = (form.about.data or "").strip() or _usual_line(form)
        wanted = request.args.get("make") if groups and not asked.problem else None
        if wanted == "pdf":
            pdf = lists.print_list(
                session, form.library_id.data, title, about, groups, form.order.data
            )
            return as_file(pdf, "thu-muc.pdf", "application/pdf")
        if wanted == "xlsx":
            return as_file(lists.list_xlsx(title, about, groups), "thu-muc.xlsx", XLSX)
    page = render_template(
        "cataloging/papers/list.html",
        form=form,
        groups=groups,
        total=len(asked.titles),
        problem=asked.problem,
        usual=(_usual_title(form), _usual_line(form)),
    )
    return page, asked.status


def _asked(session: Session, form: TitlesForm, permission: str) -> Asked:
    """Fill the choices of the form and return the titles it asks for."""
    names = unit_names(session)
    actor = current_actor()
    own = actor.library_id
    libraries = list(dict.fromkeys(b.parent_id for b in branches_for(session, permission)))
    form.library_id.choices = [(i, names[i]) for i in libraries if i is not None]
    known = {i for i, _name in form.library_id.choices}
    if form.library_id.data not in known:
        form.library_id.data = own if own in known else next(iter(known), 0)
    collections = session.execute(
        select(Collection.id, Collection.name)
        .where(Collection.library_id == form.library_id.data)
        .order_by(Collection.code)
    )
    stocks = [(0, _("All")), *((row[0], row[1]) for row in collections)]
    form.collection_id.choices = stocks
    if form.collection_id.data not in dict(stocks):
        form.collection_id.data = 0
    form.basket.choices = [(0, "–"), *((b.id, b.name) for b, _n, _c in baskets_of(session, actor))]
    if form.basket.data not in dict(form.basket.choices):
        form.basket.data = 0
    if form.which.data not in (ENTERED, FOUND, BASKET, NAMED):
        form.which.data = ENTERED
    if form.which.data == ENTERED and not request.args.get("since"):
        form.since.data = form.since.data or clock.today().replace(day=1)
    if not request.args:
        return Asked([])
    if not form.validate():
        return Asked([], status=422)
    try:
        return Asked(_titles(session, form))
    except Invalid as error:
        return Asked([], sentence_for(error), error.status)


def _titles(session: Session, form: TitlesForm) -> list[Title]:
    library_id = form.library_id.data
    if form.which.data == FOUND:
        words = (form.q.data or "").strip()
        return titles_found(session, library_id, words) if words else []
    if form.which.data == BASKET:
        chosen = form.basket.data
        ids = record_ids(session, current_actor(), chosen) if chosen else ()
        return titles_named(session, library_id, ids)
    if form.which.data == NAMED:
        typed = (form.records.data or "").replace(" ", "").split(",")
        return titles_named(session, library_id, [int(i) for i in typed if i.isdecimal()][:2000])
    first: date = form.since.data or date(1945, 1, 1)
    last: date = form.until.data or clock.today()
    return titles_entered(session, library_id, first, last, form.collection_id.data or None)


def _usual_title(form: ListForm) -> str:
    # On paper, so in the language of the library's papers.
    return "Thư mục thông báo sách mới" if form.which.data == ENTERED else "Thư mục chuyên đề"


def _usual_line(form: ListForm) -> str:
    if form.which.data != ENTERED:
        return (form.q.data or "").strip() if form.which.data == FOUND else ""
    last: date = form.until.data or clock.today()
    first: date | None = form.since.data
    return f"Từ {first:%d/%m/%Y} đến {last:%d/%m/%Y}" if first else f"Đến {last:%d/%m/%Y}"
