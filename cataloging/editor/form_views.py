"""The forms of a library: what each material shows, in which order, obligatory, begun with what."""

from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from cataloging.editor.layouts import Placed, layout_for, own_layout, set_layout
from cataloging.editor.materials import box, boxes, groups, material, materials
from cataloging.editor.views import bp
from cataloging.permissions import EDIT_STOCK
from cataloging.views.base import english, say
from ils.core.db import reading, transaction
from ils.core.errors import IlsError
from ils.org.models import OrgUnit
from ils.org.units import libraries, place, province, unit_names
from ils.web.door import current_actor, door

NOT_SHOWN = 1000  # the place of boxes that are offered and not shown


def _unit(db: Session) -> tuple[OrgUnit | None, list[OrgUnit]]:
    """Return the unit the page is about and those whose forms the actor may set."""
    actor = current_actor()
    top = province(db)
    everything = [*([top] if top is not None else []), *libraries(db)]
    choices = [one for one in everything if actor.can(EDIT_STOCK, one)]
    wanted = request.values.get("unit", type=int) or actor.library_id
    found = next((one for one in choices if one.id == wanted), None)
    return found or (choices[0] if choices else None), choices


@bp.get("/forms")
@door(EDIT_STOCK)
def forms() -> Any:
    """List the materials with where their form comes from."""
    with reading() as db:
        unit, choices = _unit(db)
        if unit is None:
            abort(404)
        at = 0 if english() else 1
        names = unit_names(db)
        rows = []
        for code, one in materials().items():
            layout = layout_for(db, unit.id, code)
            needed = [b.label[at] for b in layout.boxes if b.name in _required(layout.placed)]
            rows.append((code, one.name[at], len(layout.placed), needed, layout.unit_id))
        return render_template(
            "editor/forms.html",
            unit=unit,
            choices=choices,
            unit_choices=[(one.id, names.get(one.id, one.code)) for one in choices],
            names=names,
            rows=rows,
        )


def _required(placed: tuple[Placed, ...]) -> set[str]:
    return {one.box for one in placed if one.required}


@bp.route("/forms/<code>", methods=["GET", "POST"])
@door(EDIT_STOCK)
def form_of(code: str) -> Any:
    """Show the form of a material, and change it for a library or the whole province."""
    if code not in materials():
        abort(404)
    problem, status, typed = "", 200, None
    if request.method == "POST":
        try:
            with transaction() as db:
                unit, _choices = _unit(db)
                wanted = request.form.get("unit", type=int)
                if unit is None or unit.id != wanted:
                    abort(404)
                if request.form.get("act") == "inherit":
                    set_layout(db, current_actor(), unit.id, code, None)
                else:
                    typed = _typed()
                    set_layout(db, current_actor(), unit.id, code, [p for _n, p in typed])
        except IlsError as error:
            problem, status = say(error), error.status
        else:
            flash(_("The form is set."), "ok")
            return redirect(url_for("editor.form_of", code=code, unit=wanted))
    with reading() as db:
        unit, choices = _unit(db)
        if unit is None:
            abort(404)
        return _page(db, unit, choices, code, problem, typed), status


def _page(
    db: Session,
    unit: OrgUnit,
    choices: list[OrgUnit],
    code: str,
    problem: str,
    typed: list[tuple[int, Placed]] | None,
) -> str:
    """Render the form of a material; ``typed`` is what was refused, shown again as it was."""
    layout = layout_for(db, unit.id, code)
    placed = layout.placed if typed is None else [one for _number, one in typed if box(one.box)]
    shown = {one.box: (number, one) for number, one in enumerate(placed, 1)}
    others = [name for name in boxes() if name not in shown]
    order = [*shown, *sorted(others, key=lambda n: n not in dict.fromkeys(_own(code)))]
    at = 0 if english() else 1
    return render_template(
        "editor/form_settings.html",
        unit=unit,
        choices=choices,
        names=unit_names(db),
        code=code,
        material=material(code).name[at],
        origin=layout.unit_id,
        own_here=layout.unit_id == unit.id,
        above=place(db, unit.id).ids[:-1],
        rows=[
            (name, about, *shown.get(name, (None, None))) for name in order if (about := box(name))
        ],
        groups=[(name, words[at]) for name, words in groups().items()],
        at=at,
        problem=problem,
        own=request.form.get("own", "") if problem else "",
        own_group=request.form.get("own_group", "finding"),
    )


def _own(code: str) -> list[str]:
    return [one.box for one in own_layout(material(code))]


def _typed() -> list[tuple[int, Placed]]:
    """Read the rows of the page, in the order of their numbers; a box of one's own comes last."""
    found = []
    names = [*request.form.getlist("box"), request.form.get("own", "").strip().lower()]
    for line, name in enumerate(names):
        is_own = line == len(names) - 1
        if not name or not (is_own or request.form.get(f"show.{name}")):
            continue
        number = request.form.get(f"order.{name}", type=int) or NOT_SHOWN
        placed = Placed(
            name,
            request.form.get("own_group" if is_own else f"group.{name}", "finding"),
            required=f"need.{name}" in request.form,
            value=request.form.get(f"value.{name}", "").strip(),
        )
        found.append((number * NOT_SHOWN + line, placed))
    return sorted(found, key=lambda pair: pair[0])
