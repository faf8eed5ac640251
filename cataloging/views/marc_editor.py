"""Editing a record as MARC text: checked line by line, never saved over somebody else unseen."""

from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, StringField, TextAreaField
from wtforms.validators import Length

from cataloging import records
from cataloging.marc.compare import differences
from cataloging.marc.model import Marc
from cataloging.marc.text import Parsed, parse, write
from cataloging.marc.validate import ERROR, Finding, validate
from cataloging.permissions import EDIT_RECORD
from cataloging.short_form import write as new_marc
from cataloging.views.base import bp
from cataloging.views.duplicates import likely_same
from cataloging.views.words import LINE_PROBLEMS, say_finding
from ils.core.db import reading, transaction
from ils.core.errors import StaleVersion
from ils.web.door import current_actor, door
from ils.web.forms import Form


class MarcForm(Form):
    """The text of a record and what it was when it was read."""

    text = TextAreaField(_l("MARC record"), filters=[])
    why = StringField(_l("Why (for the history)"), [Length(max=300)])
    version = HiddenField()


@dataclass(frozen=True)
class Said:
    """A remark on a line of the text. ``line`` 0 speaks of the whole record."""

    line: int
    level: str
    tag: str
    sentence: str


def remarks(parsed: Parsed, before: Marc | None) -> list[Said]:
    """Return what is to be said about a text, errors first."""
    unreadable = [
        Said(p.line, ERROR, "", str(LINE_PROBLEMS.get(p.code, p.code)) % {"what": p.what})
        for p in parsed.problems
    ]
    if unreadable:
        return unreadable
    return [
        Said(_line_of(parsed, f), f.level, f.tag, say_finding(f))
        for f in validate(parsed.marc, before)
    ]


def _line_of(parsed: Parsed, finding: Finding) -> int:
    if finding.index >= 0:
        return parsed.lines[finding.index]
    return parsed.leader_line if finding.tag == "LDR" else 0


def _typed(form: MarcForm) -> Parsed:
    return parse(form.text.data or "")


@bp.route("/<int:record_id>/marc", methods=["GET", "POST"])
@door(EDIT_RECORD)
def edit_marc(record_id: int) -> Any:
    """Edit a record as text. Errors keep it from being saved, warnings do not."""
    with reading() as session:
        record = records.record_for(session, record_id)
    stored: Marc = record.marc  # type: ignore[assignment]
    form = MarcForm()
    if request.method == "GET":
        form.text.data, form.version.data = write(stored), str(record.version)
        return _page(form, record, remarks(parse(form.text.data), stored))
    parsed = _typed(form)
    said = remarks(parsed, stored)
    if request.form.get("act") == "check":
        return _page(form, record, said, checked=True)
    if any(one.level == ERROR for one in said) or not form.validate():
        return _page(form, record, said), 422
    expected = int(form.version.data) if (form.version.data or "").isdecimal() else 0
    try:
        with transaction() as session:
            records.replace_marc(
                session,
                current_actor(),
                record_id,
                parsed.marc,
                expected_version=expected,
                why=form.why.data or "",
            )
    except StaleVersion:
        return _stale(form, record_id, parsed.marc)
    flash(_("The record was saved."), "ok")
    if said:
        flash(_("%(count)s remarks stay open; they are shown in the editor.", count=len(said)))
    return redirect(url_for("cataloging.show", record_id=record_id))


def _stale(form: MarcForm, record_id: int, mine: Marc) -> Any:
    """Show what somebody else saved beside what was typed; saving again then replaces theirs."""
    with reading() as session:
        record = records.record_for(session, record_id)
        expected = int(form.version.data) if (form.version.data or "").isdecimal() else 1
        base = records.version_marc(session, record_id, min(max(expected, 1), record.version))
    form.version.data = str(record.version)
    form.version.raw_data = [form.version.data]
    theirs: Marc = record.marc  # type: ignore[assignment]
    return _page(
        form,
        record,
        remarks(_typed(form), theirs),
        theirs=differences(base, theirs),
        both=differences(theirs, mine),
    ), 409


def _page(form: MarcForm, record: Any, said: list[Said], **more: Any) -> str:
    part = request.headers.get("X-Requested-With") == "fetch"
    return render_template(
        "cataloging/_remarks.html" if part else "cataloging/marc_editor.html",
        form=form,
        record=record,
        said=said,
        **more,
    )


@bp.route("/new/marc", methods=["GET", "POST"])
@door(EDIT_RECORD)
def new_as_marc() -> Any:
    """Write a new record as MARC text, after a look at those that may be the same."""
    form = MarcForm()
    if request.method == "GET":
        form.text.data = _template()
        return _page(form, None, [])
    parsed = _typed(form)
    said = remarks(parsed, None)
    if request.form.get("act") == "check":
        return _page(form, None, said, checked=True)
    if any(one.level == ERROR for one in said) or not form.validate():
        return _page(form, None, said), 422
    if "sure" not in request.form:
        with reading() as session:
            same = likely_same(session, parsed.marc)
        if same:
            return _page(form, None, said, same=same), 409
    with transaction() as session:
        made = records.create_record(
            session, current_actor(), parsed.marc, why=form.why.data or "", numbered=True
        )
    flash(_("The record was saved."), "ok")
    return redirect(url_for("cataloging.show", record_id=made.id))


def _template() -> str:
    """Return the lines a new book usually has, empty."""
    blank = write(new_marc(None, {"language": "vie"}))
    lines = [
        *blank.split("\n"),
        *("020 ## $a  $c ", "082 04 $2 23 $a  $b ", "100 1# $a "),
        *("245 10 $a  / $c ", "264 #1 $a  : $b , $c ", "300 ## $a  ; $c "),
        *("520 ## $a ", "653 ## $a "),
    ]
    return "\n".join(lines)
