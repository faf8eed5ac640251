"""The page of the kinds of patrons."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select
from wtforms import BooleanField, IntegerField, StringField
from wtforms.validators import Length, NumberRange

from circulation.patrons.categories import (
    EDIT_CATEGORY,
    LONGEST_CARD,
    CategoryFacts,
    add_category,
    change_category,
)
from circulation.patrons.models import Patron, PatronCategory
from circulation.patrons.views import bp
from ils.core.db import reading, transaction
from ils.core.errors import IlsError
from ils.web.door import current_actor, door
from ils.web.errors import sentence_for
from ils.web.forms import Form, Required


class CategoryForm(Form):
    """What is said of a kind of patrons."""

    name = StringField(_l("Name"), [Required(), Length(max=80)])
    name_en = StringField(_l("Name in English"), [Length(max=80)])
    card_months = IntegerField(
        _l("A card is valid for (months)"), [Required(), NumberRange(1, LONGEST_CARD)], default=12
    )
    child = BooleanField(_l("Children: a guardian is asked for, counted as children"))


@bp.route("/categories", methods=["GET", "POST"])
@door(EDIT_CATEGORY)
def categories() -> Any:
    """List the kinds of patrons; add one, or change the one whose code is sent."""
    wanted = request.values.get("code", "")
    with reading() as session:
        present = session.get(PatronCategory, wanted) if wanted else None
    form = CategoryForm(obj=present)
    status = 200
    if request.method == "POST":
        status = 422
        if form.validate():
            try:
                _store(wanted, form)
            except IlsError as error:
                box = form.card_months if error.facts.get("field") == "card_months" else form.name
                box.errors, status = [*box.errors, sentence_for(error)], error.status
            else:
                flash(_("Saved."), "ok")
                return redirect(url_for("patrons.categories"))
    with reading() as session:
        counts = session.execute(
            select(Patron.category, func.count())
            .where(Patron.deleted_at.is_(None))
            .group_by(Patron.category)
        )
        page = render_template(
            "circulation/patrons_categories.html",
            categories=session.scalars(select(PatronCategory).order_by(PatronCategory.order)).all(),
            counts=dict(counts.all()),
            form=form,
            changed=present,
        )
    return page, status


def _store(code: str, form: CategoryForm) -> None:
    facts = CategoryFacts(
        form.name.data or "",
        form.name_en.data or "",
        child=bool(form.child.data),
        card_months=form.card_months.data or 0,
    )
    with transaction() as session:
        if code:
            change_category(session, current_actor(), code, facts)
        else:
            add_category(session, current_actor(), facts)
