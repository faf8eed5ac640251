"""The page on which the columns of a spreadsheet are seen, changed and kept before its import."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from flask import render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.imports import trial
from cataloging.imports.copies import branch_of, target_for
from cataloging.imports.runs import run_for, same_file_before
from cataloging.imports.sheets.columns import ENCODINGS, Column, Plan, boxes, guess_plan, plan_of
from cataloging.imports.sheets.kept import keep_mapping, kept_plan, mappings_of, with_mapping
from cataloging.imports.sheets.look import TableSeen, look
from cataloging.imports.sheets.staging import SHEET
from cataloging.imports.sheets.tables import table_of
from cataloging.imports.wording import (
    match_sentence,
    problem_sentence,
    repair_sentence,
)
from cataloging.marc.display import labeled
from cataloging.marc.formats import as_facts
from cataloging.marc.text import write
from cataloging.models import ImportRun, Register
from cataloging.views.base import english
from cataloging.views.import_forms import RulesForm
from cataloging.views.import_words import BOXES, COLUMN_ENCODINGS, ENCODING_NAMES, TABLE_NAMES
from cataloging.views.words import say_finding
from ils.core.errors import IlsError, Invalid
from ils.core.jobs import Job
from ils.web.door import current_actor
from ils.web.errors import sentence_for
from ils.web.i18n import number

SHOWN = 12


def sheet_page(session: Session, run: ImportRun, job: Job | None, form: RulesForm) -> str:
    """Show what each column was taken for, and the first titles with their copies."""
    seen, trouble = None, ""
    try:
        seen = look(session, run, count=SHOWN)
    except IlsError as error:
        trouble = sentence_for(error)
    plan = plan_of(run.options["sheet"])
    before = same_file_before(session, run)
    ours = [p for p, library in form.library_of.items() if library == run.library_id]
    named = [(one.value, str(one.label)) for one in form.branch_id.choices or ()]
    return render_template(
        "cataloging/imports/sheet.html",
        run=run,
        form=form,
        seen=seen,
        trouble=trouble,
        plan=plan,
        heads=_heads(seen, plan),
        kind=TABLE_NAMES.get(seen.table.kind, "") if seen else "",
        box_choices=[("", _("not brought in")), *((box, BOXES[box]) for box in boxes())],
        encoding_choices=[(e, COLUMN_ENCODINGS.get(e) or ENCODING_NAMES[e]) for e in ENCODINGS],
        registers=_registers(session, run.library_id),
        register=plan.prefix,
        mappings=[
            (0, _("as recognized")),
            *((m.id, m.name) for m in mappings_of(session, run.library_id)),
        ],
        branches=_branches(session, run, seen.branch_codes) if seen else {},
        branch_choices=[(0, _("not known here")), *(pair for pair in named if pair[0] in ours)],
        before=before,
        before_count=number(before.stored) if before else "",
        trying=job if job is not None and job.kind == trial.KIND else None,
        lines=write,
        labeled=lambda marc: labeled(marc, english=english()),
        say_repairs=lambda some: [repair_sentence(one) for one in as_facts(some)],
        say_problem=problem_sentence,
        say_match=match_sentence,
        say_finding=say_finding,
        confirm=request.args.get("confirm") == "add",
        again=url_for("imports.show", run_id=run.id),
    )


def _heads(seen: TableSeen | None, plan: Plan) -> list[tuple[int, str]]:
    """Return the rows to choose the header row from, the chosen one among them."""
    rows = list(seen.heads) if seen else []
    if plan.header not in dict(rows):
        rows.append((plan.header, " | ".join(c.header for c in plan.columns)[:90]))
    return [(n, _("%(n)s: %(text)s", n=n, text=text)) for n, text in rows]


def _branches(session: Session, run: ImportRun, codes: list[str]) -> dict[str, int | None]:
    if run.library_id is None or not codes:
        return {}
    target = target_for(session, run.library_id, run.options)
    return {code: branch_of(target, code) for code in codes}


def _registers(session: Session, library_id: int | None) -> list[tuple[str, str]]:
    rows = session.scalars(
        select(Register).where(Register.library_id == library_id).order_by(Register.prefix)
    )
    return [("", _("as they stand")), *((one.prefix, f"{one.prefix} · {one.name}") for one in rows)]


def add_sheet(
    session: Session, run_id: int, chosen: dict[str, Any], sent: Mapping[str, str]
) -> None:
    """Put the columns as they were sent into rules for ``change_rules``; keep them if a name is.

    A run that is no spreadsheet and is to be read as one gets a guess. Raises ``Invalid`` for a
    file that is none.
    """
    run = run_for(session, current_actor(), run_id)
    if chosen["format"] != SHEET:
        return
    facts = run.options.get("sheet")
    if facts is None or run.format != SHEET:
        plan = _guess(run)
    else:
        plan = _sent_plan(session, run, plan_of(facts), chosen["library_id"], sent)
    chosen["options"]["sheet"] = plan.facts()
    name = sent.get("mapping_name", "").strip()
    if name and sent.get("act") == "keep":
        keep_mapping(session, current_actor(), chosen["library_id"], name, plan)


def _guess(run: ImportRun, sheet: int | None = None, header: int | None = None) -> Plan:
    path = Path(run.file_path)
    table = table_of(path, sure=False)
    if table is None:
        raise Invalid("sheet_unreadable", field="file")
    return guess_plan(path, table, sheet, header)


def _sent_plan(
    session: Session, run: ImportRun, plan: Plan, library_id: int | None, sent: Mapping[str, str]
) -> Plan:
    """Return the plan as the form has it; another sheet or header row is looked at anew."""
    sheet, header = _whole(sent, "sheet", plan.sheet), _whole(sent, "header", plan.header)
    register = session.scalar(
        select(Register).where(
            Register.library_id == library_id, Register.prefix == sent.get("register", "")
        )
    )
    if sheet != plan.sheet or header != plan.header:
        fresh = _guess(run, sheet, header if sheet == plan.sheet else None)
        return kept_plan(session, library_id, fresh)
    if sent.get("act") == "mapping":
        named = {one.id: one for one in mappings_of(session, library_id)}
        mapping = named.get(_whole(sent, "mapping", 0))
        fresh = _guess(run, plan.sheet, plan.header)
        return with_mapping(fresh, mapping) if mapping else fresh
    columns = tuple(
        Column(
            column.header,
            _among(sent.get(f"box-{at}", column.box), ("", *boxes()), column.box),
            _among(sent.get(f"encoding-{at}", column.encoding), ENCODINGS, column.encoding),
        )
        for at, column in enumerate(plan.columns)
    )
    prefix, width = (register.prefix, register.width) if register else ("", plan.width)
    return replace(plan, columns=columns, prefix=prefix, width=width)


def _whole(sent: Mapping[str, str], name: str, otherwise: int) -> int:
    text = sent.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 8 else otherwise


def _among(value: str, known: tuple[str, ...], otherwise: str) -> str:
    return value if value in known else otherwise
