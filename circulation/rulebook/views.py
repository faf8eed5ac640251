"""The rules as a matrix, edited in place: one value at a time, item types down, patrons across.

A box left empty inherits; what holds then, and where it was set, stands in the box and below it.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from circulation.permissions import EDIT_POLICY, VIEW_POLICY
from circulation.policies import policy_for, policy_rows
from circulation.rulebook.drafts import make_draft, open_drafts, save_changes
from circulation.rulebook.linting import doubtful
from circulation.rulebook.words import NO_LIMIT, Words, groups, typed
from circulation.rules.lint import Finding
from circulation.rules.policy import Change, FieldAbout, Resolved, policy_fields, to_json
from circulation.views.policies import MONEY
from ils.core.db import reading, transaction
from ils.core.errors import IlsError, NotFound
from ils.org.models import OrgUnit
from ils.org.units import unit_names
from ils.web.admin import units_of_actor
from ils.web.door import current_actor, door
from ils.web.errors import sentence_for
from ils.web.forms import parse_day, parse_dong

bp = Blueprint(
    "rulebook",
    __name__,
    url_prefix="/staff/rules",
    template_folder="templates",
    static_folder="static",
    static_url_path="/files",
)


OWN, TICK = "own", "tick:"  # of a list: the box says that it is set here; what is ticked


@dataclass(frozen=True)
class Cell:
    """A box of the matrix: what is set here, what holds, and where that comes from."""

    name: str
    own: bool
    shown: str  # in the box
    holds: str  # in words
    origin: str
    idle: bool  # set here, but never decides
    wrong: str = ""
    ticked: tuple[str, ...] = ()  # of a list: what its boxes say


def chosen(session: Session, permission: str = VIEW_POLICY) -> tuple[OrgUnit, list[OrgUnit]]:
    """Return the unit a page is about and the choices. Raises ``NotFound``."""
    choices = units_of_actor(session, permission)
    wanted = request.args.get("unit", type=int)
    found = next((u for u in choices if u.id == (wanted or current_actor().library_id)), None)
    if not choices or (found is None and wanted is not None):
        raise NotFound("unit_unknown", unit_id=wanted)
    return found or choices[0], choices


def _field() -> FieldAbout:
    return policy_fields().get(request.args.get("field", "")) or policy_fields()["loan_days"]


@bp.route("/", methods=["GET", "POST"])
@door(VIEW_POLICY)
def matrix() -> Any:
    """Show a value for every item type and patron category at a unit; write it, or try it first."""
    about = _field()
    with reading() as session:
        at, choices = chosen(session)
        words = Words(session)
    problems: dict[str, str] = {}
    if request.method == "POST":
        changes, problems = _typed_changes(at, about, words)
        if not problems:
            try:
                return _keep(at, about, changes)
            except IlsError as error:
                if error.status in (403, 404):
                    raise
                problems[""] = sentence_for(error)
    with reading() as session:
        words = Words(session)
        page = render_template(
            "rulebook/matrix.html",
            unit=at,
            units=choices,
            words=words,
            groups=groups(),
            about=about,
            options=_options(about, words),
            cells=_cells(session, at, about, words, problems),
            pairs=_set_here(session, at, words),
            drafts=open_drafts(session, at.id),
            may_edit=current_actor().can(EDIT_POLICY, at),
            problems=problems,
        )
    return page, 422 if problems else 200


def _options(about: FieldAbout, words: Words) -> list[tuple[str, str]]:
    if about.type is bool:
        return [("1", _("yes")), ("0", _("no"))]
    if about.type is tuple:
        return [(one, words.value(about.name, (one,))) for one in about.choices]
    return [(one, words.fields.get(one, one)) for one in about.choices]


def _keep(at: OrgUnit, about: FieldAbout, changes: list[Change]) -> Any:
    """Save what was typed, or keep it as a draft that is tried on the last loans."""
    actor = current_actor()
    here = url_for("rulebook.matrix", unit=at.id, field=about.name)
    if not changes:
        flash(_("Nothing was changed."), "info")
        return redirect(here)
    with transaction() as session:
        if request.form.get("act") == "try":
            draft = make_draft(session, actor, at.id, changes)
            return redirect(url_for("rulebook.draft", draft_id=draft.id))
        save_changes(session, actor, at.id, changes)
    flash(_("The rule was saved. Loans already made keep the values they had."), "ok")
    return redirect(here)


def _cell_name(item_type: str, category: str) -> str:
    return f"cell:{item_type}:{category}"


def _typed_changes(
    at: OrgUnit, about: FieldAbout, words: Words
) -> tuple[list[Change], dict[str, str]]:
    """Read the boxes; return what differs from what is set, and what could not be read."""
    changes, problems = [], {}
    holds: dict[tuple[str, str], Any] = {}
    with reading() as session:
        rows = {(r.item_type, r.category): r.values for r in policy_rows(session, at.id)}
        if about.type is tuple:
            pairs = [(t, c) for t in ("", *words.types) for c in ("", *words.categories)]
            holds = {p: getattr(policy_for(session, at.id, *p).policy, about.name) for p in pairs}
    for item_type in ("", *words.types):
        for category in ("", *words.categories):
            name = _cell_name(item_type, category)
            if name not in request.form:
                continue
            own = rows.get((item_type, category), {})
            try:
                if about.type is tuple:
                    held = holds[item_type, category]
                    value, inherit = _read_list(about, name, held, own=about.name in own)
                else:
                    value, inherit = _read(about, request.form[name])
            except ValueError:
                problems[name] = _("This value could not be read.")
                continue
            if inherit and about.name in own:
                changes.append(Change(item_type, category, about.name, inherit=True))
            elif not inherit and (about.name not in own or own[about.name] != value):
                changes.append(Change(item_type, category, about.name, value))
    return changes, problems


def _read(about: FieldAbout, text: str) -> tuple[Any, bool]:
    """Read a box: a value as stored, and whether it is left to be inherited."""
    text = text.strip()
    if not text:
        return None, True
    if about.optional and text.lower() in NO_LIMIT:
        return None, False
    value: Any = text
    if about.type is bool:
        value = text == "1"
    elif about.type is date:
        value = parse_day(text)
    elif about.type is int:
        value = parse_dong(text) if about.name in MONEY else int(text)
    return to_json({"value": value})["value"], False


def _ticked(about: FieldAbout, name: str) -> list[str]:
    """Return the ticks of a list in its order."""
    ticked = request.form.getlist(f"{TICK}{name}")
    return [one for one in about.choices if one in ticked]


def _read_list(about: FieldAbout, name: str, holds: Any, *, own: bool) -> tuple[Any, bool]:
    """Read a list: what is ticked, and whether it is left to be inherited. Ticks changed in a box
    that inherits are meant."""
    ticked = _ticked(about, name)
    inherit = request.form[name] != OWN and (own or set(ticked) == set(holds))
    return ticked, inherit


def _cells(
    session: Session, at: OrgUnit, about: FieldAbout, words: Words, problems: dict[str, str]
) -> dict[tuple[str, str], Cell]:
    rows = {(r.item_type, r.category): r.values for r in policy_rows(session, at.id)}
    idle = {
        (f.item_type, f.category)
        for f in doubtful(session, at)
        if f.unit_id == at.id and _is_idle(f, about.name, rows)
    }
    cells = {}
    for item_type in ("", *words.types):
        for category in ("", *words.categories):
            found = policy_for(session, at.id, item_type, category)
            own = rows.get((item_type, category), {})
            name = _cell_name(item_type, category)
            is_list = about.type is tuple
            shown = typed(about, own[about.name]) if about.name in own and not is_list else ""
            is_typed = is_list and name in request.form
            cells[item_type, category] = Cell(
                name=name,
                own=about.name in own,
                shown=request.form.get(name, shown),
                holds=_holds(found, about, words),
                origin=words.origin(found.origins.get(about.name)),
                idle=(item_type, category) in idle,
                wrong=problems.get(name, ""),
                ticked=tuple(
                    _ticked(about, name)
                    if is_typed
                    else getattr(found.policy, about.name)
                    if is_list
                    else ()
                ),
            )
    return cells


def _is_idle(found: Finding, name: str, rows: dict[tuple[str, str], Any]) -> bool:
    if found.code == "row_shadowed":
        return name in rows.get((found.item_type, found.category), {})
    return found.code == "shadowed" and found.name == name


def _holds(found: Resolved, about: FieldAbout, words: Words) -> str:
    return words.value(about.name, getattr(found.policy, about.name))


def _set_here(session: Session, at: OrgUnit, words: Words) -> list[tuple[str, str, str, str]]:
    """Return every rule set at a unit: item type, category, the pair and its values in words."""
    told = []
    for row in policy_rows(session, at.id):
        values = "; ".join(
            f"{words.fields.get(name, name)}: {words.value(name, value)}"
            for name, value in row.values.items()
            if name in policy_fields()
        )
        told.append((row.item_type, row.category, words.pair(row.item_type, row.category), values))
    return told


@bp.get("/compare")
@door(VIEW_POLICY)
def compare() -> str:
    """Show the values of a group side by side for all units the actor may see."""
    with reading() as session:
        words = Words(session)
        units = units_of_actor(session, VIEW_POLICY)
        group = request.args.get("group", "loan")
        fields = groups().get(group) or groups()["loan"]
        item_type = _known(request.args.get("item_type", ""), words.types)
        category = _known(request.args.get("category", ""), words.categories)
        rows = [
            (one, policy_for(session, one.id, item_type, category))
            for one in units
            if one.kind != "province" or len(units) > 1
        ]
        return render_template(
            "rulebook/compare.html",
            words=words,
            names=unit_names(session),
            groups=groups(),
            group=fields[0].group,
            fields=fields,
            item_type=item_type,
            category=category,
            rows=[(one, [_compared(one, found, f, words) for f in fields]) for one, found in rows],
        )


def _known(code: str, codes: dict[str, str]) -> str:
    return code if code in codes else ""


def _compared(
    one: OrgUnit, found: Resolved, about: FieldAbout, words: Words
) -> tuple[str, str, bool]:
    """Return a value in words, where it comes from, and whether the unit sets it itself."""
    origin = found.origins.get(about.name)
    own = origin is not None and origin.unit_id == one.id
    return _holds(found, about, words), words.origin(origin), own
