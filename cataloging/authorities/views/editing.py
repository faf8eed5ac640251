"""Establishing and changing headings: in boxes or as MARC text; deleting, merging, carrying on."""

from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy.orm import Session
from wtforms import BooleanField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import Length

from cataloging.authorities import carry as carrying
from cataloging.authorities import merging, writing
from cataloging.authorities.browse import lines_of, suggest
from cataloging.authorities.described import (
    Boxes,
    as_variant,
    boxes_of,
    describe,
    heading_field,
    new_marc,
    with_boxes,
    with_variants,
)
from cataloging.authorities.models import Authority, Heading
from cataloging.authorities.views import base
from cataloging.authorities.views.base import bp, seen
from cataloging.marc.field_help import help_of
from cataloging.marc.model import Marc
from cataloging.marc.text import Parsed, parse, write
from cataloging.marc.validate import ERROR, validate_authority
from cataloging.permissions import EDIT_AUTHORITY, EDIT_RECORD
from cataloging.views.base import english
from cataloging.views.words import LINE_PROBLEMS, say_finding
from ils.core.db import reading, transaction
from ils.core.errors import IlsError, StaleVersion
from ils.web.door import current_actor, door
from ils.web.errors import sentence_for
from ils.web.forms import Form, Required, choices

SHOWN = 20
MOST_AT_ONCE = 200


class BoxesForm(Form):
    """An authority in boxes; variants and references one a line."""

    kind = SelectField(_l("Kind"), choices=choices(base.ONE_OF_KIND.items()))
    scope = SelectField(_l("Shared by"), coerce=int)
    name = StringField(_l("Preferred form"), [Required(), Length(max=250)])
    dates = StringField(_l("Years of birth and death"), [Length(max=60)])
    variants = TextAreaField(_l("Other forms (see references)"), [Length(max=8000)])
    see_also = TextAreaField(_l("See also"), [Length(max=8000)])
    note = TextAreaField(_l("Note for readers"), [Length(max=2000)])
    source = StringField(_l("Source"), [Length(max=500)])
    keep_old = BooleanField(_l("Keep the form so far as a see reference"), default=True)
    why = StringField(_l("Why (for the history)"), [Length(max=300)])
    version = HiddenField()


class TextForm(Form):
    """The text of an authority record and what it was when it was read."""

    text = TextAreaField(_l("MARC record"), filters=[])
    why = StringField(_l("Why (for the history)"), [Length(max=300)])
    version = HiddenField()


def _typed(form: BoxesForm) -> Boxes:
    return Boxes(
        form.kind.data,
        form.name.data or "",
        (form.dates.data or "") if form.kind.data == "person" else "",
        tuple((form.variants.data or "").splitlines()),
        tuple((form.see_also.data or "").splitlines()),
        " ".join((form.note.data or "").split()),
        form.source.data or "",
    )


def _fill(form: BoxesForm, boxes: Boxes) -> None:
    form.kind.data, form.name.data, form.dates.data = boxes.kind, boxes.name, boxes.dates
    form.variants.data = "\n".join(boxes.variants)
    form.see_also.data = "\n".join(boxes.see_also)
    form.note.data, form.source.data = boxes.note, boxes.source


@bp.route("/new", methods=["GET", "POST"])
@door(EDIT_AUTHORITY)
def new() -> Any:
    """Establish a new heading."""
    form = BoxesForm()
    with reading() as session:
        form.scope.choices = base.scope_choices(session)
    if request.method == "GET":
        kind = request.args.get("kind", "person")
        form.kind.data = kind if kind in base.ONE_OF_KIND else "person"
        form.name.data = request.args.get("name", "")
    elif form.validate():
        try:
            with transaction() as session:
                made = writing.create_authority(
                    session,
                    current_actor(),
                    new_marc(_typed(form)),
                    scope=form.scope.data,
                    why=form.why.data or "",
                )
        except IlsError as error:
            return _boxes_page(form, None, error)
        flash(_("The heading is established: %(name)s.", name=made.heading), "ok")
        return redirect(url_for("authorities.show", authority_id=made.id))
    return _boxes_page(form, None)


@bp.route("/<int:authority_id>/edit", methods=["GET", "POST"])
@door(EDIT_AUTHORITY)
def edit(authority_id: int) -> Any:
    """Change an authority in boxes; what they do not show stays as it is."""
    form = BoxesForm()
    with reading() as session:
        found = writing.authority_for(session, current_actor(), authority_id)
    form.kind.choices = choices([(found.kind, base.ONE_OF_KIND[found.kind])])
    form.scope.choices = [(found.scope, "")]
    form.kind.data, form.scope.data = found.kind, found.scope
    stored: Marc = found.marc  # type: ignore[assignment]
    if request.method == "GET":
        boxes = boxes_of(stored)
        if boxes is None:
            return redirect(url_for("authorities.edit_marc", authority_id=authority_id))
        _fill(form, boxes)
        form.version.data = str(found.version)
        return _boxes_page(form, found)
    if not form.validate():
        return _boxes_page(form, found)
    return _save(form, found, _changed(stored, form), lambda error: _boxes_page(form, found, error))


def _changed(stored: Marc, form: BoxesForm) -> Marc:
    """Return the record with what the boxes say, the form so far kept as a variant if wanted."""
    new = with_boxes(stored, _typed(form))
    before, after = describe(stored), describe(new)
    if form.keep_old.data and before and after and before.key != after.key:
        new = with_variants(new, [as_variant(heading_field(stored), earlier=True)])
    return new


def _save(form: Any, found: Authority, marc: Marc, page: Any) -> Any:
    try:
        with transaction() as session:
            saved = writing.replace_authority(
                session,
                current_actor(),
                found.id,
                marc,
                expected_version=_expected(form),
                why=form.why.data or "",
            )
            in_use = sum(one.records for one in carrying.old_forms(session, saved))
    except IlsError as error:
        return page(error)
    flash(_("The heading was saved."), "ok")
    if in_use:
        flash(_("%(count)s records have another form of it; see below.", count=in_use))
    return redirect(url_for("authorities.show", authority_id=found.id))


def _expected(form: Any) -> int:
    return int(form.version.data) if (form.version.data or "").isdecimal() else 0


def _boxes_page(form: BoxesForm, found: Authority | None, error: IlsError | None = None) -> Any:
    status = 422 if form.errors else 200
    if error is not None:
        form.name.errors = [*form.name.errors, sentence_for(error)]
        status = error.status
    stale = _stale(form, found, error)
    html = render_template(
        "cataloging/authorities/edit.html",
        form=form,
        found=found,
        taken=error.facts.get("authority_id")
        if error is not None and error.code == "heading_taken"
        else None,
        stale=stale,
        about_note=help_of("680", authority=True).said[0 if english() else 1],
    )
    return html, status


def _stale(form: Any, found: Authority | None, error: IlsError | None) -> str:
    """Return the present text when somebody saved meanwhile; saving again then replaces it."""
    if found is None or not isinstance(error, StaleVersion):
        return ""
    with reading() as session:
        now = writing.authority_for(session, current_actor(), found.id)
    form.version.data = str(now.version)
    form.version.raw_data = [form.version.data]
    return write(now.marc)  # type: ignore[arg-type]


@bp.route("/<int:authority_id>/marc", methods=["GET", "POST"])
@door(EDIT_AUTHORITY)
def edit_marc(authority_id: int) -> Any:
    """Edit an authority as MARC text. Errors keep it from being saved, warnings do not."""
    form = TextForm()
    with reading() as session:
        found = writing.authority_for(session, current_actor(), authority_id)
    stored: Marc = found.marc  # type: ignore[assignment]
    if request.method == "GET":
        form.text.data, form.version.data = write(stored), str(found.version)
        return _text_page(form, found, parse(form.text.data), stored)
    parsed = parse(form.text.data or "")
    if request.form.get("act") == "check":
        return _text_page(form, found, parsed, stored)
    found_wrong = any(f.level == ERROR for f in validate_authority(parsed.marc, stored))
    if parsed.problems or found_wrong or not form.validate():
        return _text_page(form, found, parsed, stored), 422
    return _save(
        form,
        found,
        parsed.marc,
        lambda error: (_text_page(form, found, parsed, stored, error), error.status),
    )


def _text_page(
    form: TextForm, found: Authority, parsed: Parsed, stored: Marc, error: IlsError | None = None
) -> str:
    said = [
        (ERROR, p.line, str(LINE_PROBLEMS.get(p.code, p.code)) % {"what": p.what})
        for p in parsed.problems
    ] or [
        (f.level, parsed.lines[f.index] if f.index >= 0 else 0, f"{f.tag}: {say_finding(f)}")
        for f in validate_authority(parsed.marc, stored)
    ]
    if error is not None:
        form.text.errors = [*form.text.errors, sentence_for(error)]
    return render_template(
        "cataloging/authorities/marc.html",
        form=form,
        found=found,
        said=said,
        stale=_stale(form, found, error),
    )


@bp.post("/<int:authority_id>/act")
@door(EDIT_AUTHORITY)
def act(authority_id: int) -> Any:
    """Delete an authority, bring it back, or make an earlier version the present one."""
    chosen = request.form.get("act", "")
    with transaction() as session:
        actor = current_actor()
        found = writing.authority_for(session, actor, authority_id, deleted=True)
        if chosen == "delete":
            writing.delete_authority(session, actor, found.id)
        elif chosen == "bring_back":
            writing.restore_authority(session, actor, found.id)
        elif chosen == "restore":
            number = request.form.get("number", type=int) or 0
            writing.restore_version(
                session, actor, found.id, number, expected_version=_sent("version")
            )
        else:
            abort(400)
    said = {
        "delete": _("The heading is deleted; records that use it have it as a provisional one."),
        "bring_back": _("The heading is back."),
        "restore": _("The earlier version is the present one again."),
    }
    flash(said[chosen], "ok")
    return redirect(url_for("authorities.show", authority_id=authority_id))


def _sent(name: str) -> int:
    return request.form.get(name, type=int) or 0


@bp.post("/headings/<int:heading_id>/establish")
@door(EDIT_AUTHORITY)
def establish(heading_id: int) -> Any:
    """Make an authority of a provisional heading."""
    with transaction() as session:
        form = merging.form_for(session, heading_id, seen(session).scopes)
        scopes = {one for one, _name in base.scope_choices(session)}
        scope = request.form.get("scope", type=int)
        made = merging.establish(
            session,
            current_actor(),
            form,
            scope=scope if scope in scopes else base.first_scope(session),
        )
    flash(_("The heading is established: %(name)s.", name=made.heading), "ok")
    return redirect(url_for("authorities.show", authority_id=made.id))


@bp.post("/provisional")
@door(EDIT_AUTHORITY)
def establish_many() -> Any:
    """Establish one, the ticked, or all headings shown of the tray; back to where one was."""
    sent = request.form
    chosen = sent.getlist("one") or sent.getlist(
        "shown" if sent.get("which") == "page" else "ticked"
    )
    with transaction() as session:
        whose = seen(session).scopes
        ids = [int(one) for one in chosen if one.isdecimal()][:MOST_AT_ONCE]
        forms = [one for i in ids if (one := session.get(Heading, i)) and one.scope in whose]
        done = merging.establish_many(
            session, current_actor(), forms, scope=base.first_scope(session)
        )
        named = forms[0].text if len(ids) == len(forms) == done == 1 else ""
    if named:
        flash(_("The heading is established: %(name)s.", name=named), "ok")
    elif done:
        said = ngettext(
            "%(num)s heading is established.", "%(num)s headings are established.", done
        )
        flash(f"{said} " + _("All of it can be undone under Changes."), "ok")
    else:
        flash(_("Nothing is ticked that could be established."), "warn")
    args: dict[str, Any] = {
        name: sent[name] for name in ("kind", "q", "sort", "page") if sent.get(name)
    }
    return redirect(url_for("authorities.provisional", **args))


@bp.route("/merge", methods=["GET", "POST"])
@door(EDIT_AUTHORITY)
def merge() -> Any:
    """Make one heading of two, after a look at both and their records."""
    values = request.form if request.method == "POST" else request.args
    keep_id, drop_id = values.get("keep", type=int), values.get("drop", type=int)
    if request.method == "POST" and keep_id and drop_id:
        with transaction() as session:
            scopes = seen(session).scopes
            kept, change_set, job = merging.merge(
                session,
                current_actor(),
                merging.form_for(session, keep_id, scopes),
                merging.form_for(session, drop_id, scopes),
                scope=base.first_scope(session),
                and_records=request.form.get("records") == "1",
            )
            args: dict[str, Any] = {"job": job.id} if job else {}
        flash(
            _("The two are one now: %(name)s. It can be undone under Changes.", name=kept.heading),
            "ok",
        )
        return redirect(
            url_for("authorities.show", authority_id=kept.id, merged=change_set.id, **args)
        )
    with reading() as session:
        return _merge_page(session, keep_id, drop_id)


def _merge_page(session: Session, keep_id: int | None, drop_id: int | None) -> str:
    whose = seen(session)
    keep = merging.form_for(session, keep_id, whose.scopes) if keep_id else None
    drop = merging.form_for(session, drop_id, whose.scopes) if drop_id else None
    known = keep or drop
    words = request.args.get("q", "").strip()[:200]
    lines = {line.id: line for line in lines_of(session, [h for h in (keep, drop) if h], whose)}
    offered: list[Heading] = []
    if known is not None and words and not (keep and drop):
        texts = [one.text for one in suggest(session, known.kind, words, whose)]
        offered = merging.forms_named(session, known.kind, texts, whose.scopes)
    return render_template(
        "cataloging/authorities/merge.html",
        keep=lines.get(keep.id) if keep else None,
        drop=lines.get(drop.id) if drop else None,
        known=known,
        words=words,
        offered=[one for one in lines_of(session, offered, whose) if known and one.id != known.id],
        roles=base.ROLES,
    )


@bp.route("/<int:authority_id>/carry", methods=["GET", "POST"])
@door(EDIT_AUTHORITY)
def carry(authority_id: int) -> Any:
    """Show how many records would get the preferred form, then have them changed."""
    values = request.form if request.method == "POST" else request.args
    keys = [int(one) for one in values.getlist("key") if one.lstrip("-").isdecimal()]
    if request.method == "POST":
        with transaction() as session:
            job = carrying.begin_carry(session, current_actor(), authority_id, keys)
        flash(_("The change has begun; this page shows how far it is."), "ok")
        return redirect(url_for("authorities.show", authority_id=authority_id, job=job.id))
    with reading() as session:
        found = writing.authority_for(session, current_actor(), authority_id)
        forms = [one for one in carrying.old_forms(session, found) if one.key in keys]
        if not forms:
            flash(_("No form was chosen, or no record has it any more."))
            return redirect(url_for("authorities.show", authority_id=authority_id))
        return render_template(
            "cataloging/authorities/carry.html",
            found=found,
            forms=forms,
            count=carrying.records_to_change(session, found, keys),
            records=carrying.first_records(session, found, keys, SHOWN),
        )


@bp.post("/take")
@door(EDIT_RECORD)
def take() -> Any:
    """Accept an offer: put the preferred form into one field of one record."""
    record_id = _sent("record_id")
    with transaction() as session:
        carrying.take_preferred(
            session,
            current_actor(),
            record_id,
            _sent("place"),
            _sent("authority_id"),
            expected_version=_sent("version"),
        )
    flash(_("The record has the preferred form now."), "ok")
    return redirect(url_for("cataloging.show", record_id=record_id))
