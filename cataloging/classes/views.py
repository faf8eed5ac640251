"""Pages of the classes (to walk and to search, also for the picker) and of the title codes' table."""

from datetime import date
from typing import Any

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _

from cataloging.classes import marks, tree
from cataloging.permissions import EDIT_STOCK, VIEW_RECORD
from cataloging.title_code import title_code
from cataloging.views.base import bp, say, staff_names
from ils.core.db import reading, transaction
from ils.core.errors import Invalid
from ils.org.units import province
from ils.web.door import current_actor, door
from ils.web.forms import parse_day


def _asked() -> tuple[str, str]:
    return request.args.get("q", "").strip()[:100], request.args.get("at", "").strip()[:20]


@bp.get("/classes")
@door(VIEW_RECORD)
def classes() -> str:
    """Show the classes under one, or those that words or a number find."""
    typed, at = _asked()
    return render_template(
        "cataloging/classes.html",
        typed=typed,
        path=tree.path_to(at) if at and not typed else [],
        rows=[(one, len(tree.below(one.number))) for one in _listed(typed, at)],
    )


def _listed(typed: str, at: str) -> list[tree.Class]:
    return tree.find(typed) if typed else tree.below(at)


@bp.get("/classes.json")
@door(VIEW_RECORD)
def classes_data() -> Any:
    """Answer what the picker shows: classes found, or those under one, with where they stand."""
    typed, at = _asked()
    return jsonify(
        [
            {
                "number": one.number,
                "caption": one.caption,
                "above": one.above,
                "in": " › ".join(c.caption for c in tree.path_to(one.number)[:-1]),
                "below": len(tree.below(one.number)),
            }
            for one in _listed(typed, at)
        ]
    )


def _day(typed: str) -> date | None:
    try:
        return parse_day(typed) if typed.strip() else None
    except ValueError as error:
        raise Invalid("rime_day_bad", field="from") from error


@bp.route("/title-codes", methods=["GET", "POST"])
@door(EDIT_STOCK)
def title_codes() -> Any:
    """Show the table of title codes, try a title, and change the number of a rime."""
    problem, status = "", 200
    if request.method == "POST":
        number = request.form.get("number", "").strip()
        try:
            if number and not number.isdecimal():
                raise Invalid("rime_number_bad", field="number")
            with transaction() as db:
                marks.set_rime(
                    db,
                    current_actor(),
                    request.form.get("rime", ""),
                    int(number[:6]) if number else None,
                    request.form.get("why", ""),
                    _day(request.form.get("from", "")),
                )
        except Invalid as error:
            problem, status = say(error), error.status
        else:
            flash(_("The table of title codes is changed; labels printed stay as they are."), "ok")
            return redirect(url_for("cataloging.title_codes"))
    with reading() as db:
        past = marks.history(db)
        tried = request.args.get("title", "").strip()[:300]
        return render_template(
            "cataloging/title_codes.html",
            rows=marks.table(db),
            past=past,
            to_come=marks.to_come(db),
            people=staff_names(db, {one.set_by for one in past}),
            may_change=current_actor().can(EDIT_STOCK, province(db)),
            tried=tried,
            code=title_code(tried, marks.changed_rimes(db)),
            typed=request.form if problem else {},
            problem=problem,
        ), status
