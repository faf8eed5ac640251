"""Setting up targets: listed, added, changed, tested."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from cataloging.targets import setup
from cataloging.targets.answers import Failed
from cataloging.targets.asking import KINDS, Wanted
from cataloging.targets.forms import TargetForm
from cataloging.targets.permissions import SET_UP_TARGETS
from cataloging.targets.setup import TargetFacts
from cataloging.targets.views import bp
from cataloging.targets.words import say_problem
from cataloging.targets.zoom import is_installed
from cataloging.views.base import show_problem
from ils.core.db import reading, transaction
from ils.core.errors import IlsError, NotFound
from ils.web.door import current_actor, door

PROBE = "9780131103627"


@bp.get("/setup")
@door(SET_UP_TARGETS)
def targets() -> str:
    """List the targets, and those that are known and not added yet."""
    with reading() as session:
        rows = setup.targets_of(session, current_actor())
        have = {one.known for one in rows}
        known = setup.known_targets().items()
        return render_template(
            "targets/targets.html",
            rows=rows,
            offered=[(key, facts) for key, facts in known if key not in have],
            has_yaz=is_installed(),
        )


@bp.post("/setup/offer")
@door(SET_UP_TARGETS)
def offer() -> Any:
    """Add a known target, switched off until it is tested."""
    key = request.form.get("known", "")
    facts = setup.known_targets().get(key)
    if facts is None:
        raise NotFound("target_unknown")
    with transaction() as session:
        made = setup.write_target(session, current_actor(), TargetFacts(**facts), known=key)
        to = url_for("targets.target", target_id=made.id)
    return redirect(to)


@bp.route("/setup/new", methods=["GET", "POST"])
@door(SET_UP_TARGETS)
def new_target() -> Any:
    """Add a target."""
    form = TargetForm()
    status = 200
    if request.method == "POST":
        status = 422
        if form.validate():
            try:
                with transaction() as session:
                    made = setup.write_target(
                        session, current_actor(), _facts(form), password=_password(form)
                    )
                    to = url_for("targets.target", target_id=made.id)
            except IlsError as error:
                status = show_problem(form, error, "name")
            else:
                flash(_("It was added. Test it before it is asked."), "ok")
                return redirect(to)
    return render_template("targets/target.html", form=form, target=None), status


@bp.route("/setup/<int:target_id>", methods=["GET", "POST"])
@door(SET_UP_TARGETS)
def target(target_id: int) -> Any:
    """Change a target, or take it away."""
    with reading() as session:
        found = setup.target_for(session, current_actor(), target_id)
    form = TargetForm(data={n: v for n, v in vars(found).items() if n != "password"})
    status = 200
    if request.method == "GET":
        for kind in KINDS:
            form[f"index_{kind}"].data = found.indexes.get(kind, "")
    elif request.form.get("act") == "remove":
        with transaction() as session:
            setup.remove_target(session, current_actor(), target_id)
        flash(_("The target is taken away."), "ok")
        return redirect(url_for("targets.targets"))
    elif not form.validate():
        status = 422
    else:
        try:
            with transaction() as session:
                setup.write_target(
                    *(session, current_actor(), _facts(form), target_id), password=_password(form)
                )
        except IlsError as error:
            status = show_problem(form, error, "name")
        else:
            flash(_("It was saved."), "ok")
            return redirect(url_for("targets.target", target_id=target_id))
    return render_template("targets/target.html", form=form, target=found), status


@bp.post("/setup/<int:target_id>/test")
@door(SET_UP_TARGETS)
def test_target(target_id: int) -> Any:
    """Ask a target and say what it answered and how long it took."""
    with reading() as session:
        place = setup.place_of(setup.target_for(session, current_actor(), target_id))
    words = request.form.get("words", "").strip()[:100] or PROBE
    got, milliseconds = setup.ask(place, Wanted(words))
    with transaction() as session:
        setup.keep_test(session, current_actor(), target_id, got, milliseconds)
    seconds = f"{milliseconds / 1000:.1f}".replace(".", ",")
    if isinstance(got, Failed):
        problem = say_problem(got.code, got.detail)
        flash(_("After %(seconds)s s: %(problem)s", seconds=seconds, problem=problem), "bad")
    else:
        flash(
            _(
                "It answered in %(seconds)s s: %(hits)s hits, %(read)s records read.",
                seconds=seconds,
                hits=got.hits,
                read=len(got.records),
            ),
            "ok",
        )
    return redirect(url_for("targets.target", target_id=target_id))


def _password(form: TargetForm) -> str | None:
    """Return the password typed, '' to forget it, None to keep it: an empty box says nothing."""
    return "" if form.no_password.data else form.password.data or None


def _facts(form: TargetForm) -> TargetFacts:
    texts = {kind: form[f"index_{kind}"].data or "" for kind in KINDS}
    return TargetFacts(
        name=form.name.data or "",
        protocol=form.protocol.data,
        address=form.address.data or "",
        port=form.port.data,
        database=form.database.data or "",
        version=form.version.data,
        syntax=form.syntax.data,
        encoding=form.encoding.data,
        seconds=form.seconds.data,
        per_minute=form.per_minute.data,
        indexes={kind: text for kind, text in texts.items() if text},
        inside=form.inside.data,
        active=form.active.data,
        order=form.order.data,
        user_name=form.user_name.data or "",
        user_group=form.user_group.data or "",
    )
