"""The page of the kinds of patrons."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select
from wtforms import BooleanField, IntegerField, SelectField, StringField
from wtforms.validators import Length, NumberRange, Optional

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
from ils.web.forms import Form, Required, choices


class CategoryForm(Form):
    """What is said of a kind of patrons."""

    name = StringField(_l("Name"), [Required(), Length(max=80)])
    name_en = StringField(_l("Name in English"), [Length(max=80)])
    card_months = IntegerField(
        _l("A card is valid for (months)"), [Required(), NumberRange(1, LONGEST_CARD)], default=12
    )
    to_age = IntegerField(_l("Up to the age of (empty: any)"), [Optional(), NumberRange(1, 120)])
    next_code = SelectField(_l("Kind that follows by age"), validate_choice=False)
    child = BooleanField(_l("Children: a guardian is asked for, counted as children"))


@bp.route("/categories", methods=["GET", "POST"])
@door(EDIT_CATEGORY)
def categories() -> Any:
    """List the kinds of patrons; add one, or change the one whose code is sent."""
    wanted = request.values.get("code", "")
    with reading() as session:
        present = session.get(PatronCategory, wanted) if wanted else None
        kinds = session.scalars(select(PatronCategory).order_by(PatronCategory.order)).all()
    form = CategoryForm(obj=present)
    follow = [(k.code, k.name) for k in kinds if k.code != wanted]
    form.next_code.choices = choices([("", "–"), *follow])
    status = 200
    if request.method == "POST":
        status = 422
        if form.validate():
            try:
                _store(wanted, form)
            except IlsError as error:
                boxes = (form.card_months, form.to_age, form.next_code)
                named = {one.name: one for one in boxes}
                box = named.get(error.facts.get("field", ""), form.name)
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
        to_age=form.to_age.data,
        next_code=form.next_code.data or "",
    )
    with transaction() as session:
        if code:
            change_category(session, current_actor(), code, facts)
        else:
            add_category(session, current_actor(), facts)
