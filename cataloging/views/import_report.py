"""What came of an import: sums, its lines, raw bytes, downloads, and taking it back."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flask import Response, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import String, cast, func, select
from sqlalchemy.orm import Session

from cataloging.change_sets import Undone, obstacles
from cataloging.imports.report import PAGE, all_lines, line_counts, rejected_bytes, report
from cataloging.imports.runs import begin, run_for, same_file_before, status_of, undo_run
from cataloging.imports.sheets.columns import words
from cataloging.imports.sheets.staging import SHEET, source_path
from cataloging.imports.sheets.wrong import wrong_rows
from cataloging.imports.wording import count_sentence, line_sentences, row_sentence
from cataloging.imports.work import raw_bytes
from cataloging.models import ImportLine, ImportRun, Record, RecordVersion
from cataloging.permissions import IMPORT, UNDO_CHANGES
from cataloging.views.base import staff_names
from cataloging.views.import_words import BOXES, OUTCOMES, is_busy
from cataloging.views.imports import bp
from ils.core.db import reading, transaction
from ils.core.errors import IlsError, NotFound
from ils.core.jobs import Job
from ils.org.units import unit_names
from ils.printing import xlsx
from ils.web.door import current_actor, door
from ils.web.downloads import name_file
from ils.web.errors import sentence_for
from ils.web.pages import Page, page_number

SHOWN_BYTES = 4096
ROW = 16
MOST_ROWS = 200_000
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# Signs of ISO 2709 as catalogers write them, so that raw bytes can be looked at.
PICTURES = {n: "·" for n in range(32) if n not in (9, 10)} | {31: "‡", 30: "¶\n", 29: "■\n"}


@bp.get("/<int:run_id>/report")
@door(IMPORT)
def result(run_id: int) -> Any:
    """Show the sums of an import and its lines by outcome."""
    with reading() as session:
        run = run_for(session, current_actor(), run_id)
        state = status_of(session, run)
        if state == "new" or is_busy(state):
            return redirect(url_for("imports.show", run_id=run_id))
        sums = report(session, run_id)
        counts = {**line_counts(session, run_id), "stored": sums.stored}
        shown = request.args.get("outcome") or next(
            (o for o in OUTCOMES if counts.get(o)), "stored"
        )
        if shown not in OUTCOMES:
            abort(404)
        code = request.args.get("code", "") if shown != "stored" else ""
        page, rows = _rows(session, run, shown, code, counts)
        left = []
        if run.change_set_id and state == "undone":
            left = obstacles(session, run.change_set_id)
        return render_template(
            "cataloging/imports/report.html",
            run=run,
            state=state,
            sums=sums,
            counts=counts,
            shown=shown,
            code=code,
            page=page,
            rows=rows,
            left=left,
            before=same_file_before(session, run),
            job=session.get(Job, run.job_id) if run.job_id else None,
            units=unit_names(session),
            people=staff_names(session, {run.created_by}),
            say_line=_said_briefly,
            may_undo=current_actor().can_somewhere(UNDO_CHANGES),
        )


def _said_briefly(one: ImportLine) -> list[str]:
    """Say what matters most of a line; of a record that is there already, not its repairs."""
    details = {k: v for k, v in one.details.items() if one.outcome != "matched" or k != "repairs"}
    return line_sentences(one.outcome, one.reason, details)


def _rows(
    session: Session, run: ImportRun, shown: str, code: str, counts: dict[str, int]
) -> tuple[Page, Any]:
    """Return one page of lines; records that came in plainly have no line and are listed as such."""
    wanted = page_number(request.args.get("page"))
    if shown == "stored":
        page = Page(wanted, PAGE, counts["stored"])
        made = (
            select(Record.id, Record.title, Record.author, Record.year, Record.control_number)
            .join(RecordVersion, RecordVersion.record_id == Record.id)
            .where(RecordVersion.change_set_id == run.change_set_id)
            .where(RecordVersion.change == "created")
            .order_by(Record.id)
        )
        return page, session.execute(made.limit(PAGE).offset(page.offset)).all()
    query = select(ImportLine).where(ImportLine.run_id == run.id, ImportLine.outcome == shown)
    total = counts.get(shown, 0)
    if code:
        of_code = ImportLine.reason == code
        if shown == "warned":
            of_code = cast(ImportLine.details, String).contains(f'"{code}"', autoescape=True)
        query = query.where(of_code)
        total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    page = Page(wanted, PAGE, total)
    ordered = query.order_by(ImportLine.position, ImportLine.id)
    return page, session.scalars(ordered.limit(PAGE).offset(page.offset)).all()


@bp.get("/<int:run_id>/line/<int:number>")
@door(IMPORT)
def line(run_id: int, number: int) -> str:
    """Show one line: what is said of it, and the bytes of the file as they stand there."""
    with reading() as session:
        run = run_for(session, current_actor(), run_id)
        one = _line(session, run, number)
        raw = _raw(run, one, SHOWN_BYTES)
        record = session.get(Record, one.record_id) if one.record_id else None
        return render_template(
            "cataloging/imports/line.html",
            run=run,
            one=one,
            said=line_sentences(one.outcome, one.reason, one.details),
            record=record,
            size=one.byte_end - one.byte_start,
            shown=len(raw),
            rows=_dump(raw, one.byte_start),
            text=raw.decode("utf-8", "replace").translate(PICTURES),
        )


def _line(session: Session, run: ImportRun, number: int) -> ImportLine:
    found = session.get(ImportLine, number)
    if found is None or found.run_id != run.id:
        raise NotFound("import_line_unknown", line_id=number)
    return found


def _raw(run: ImportRun, one: ImportLine, most: int) -> bytes:
    """Return bytes of a line from the kept file, or those kept with the line."""
    if one.raw is not None:
        return one.raw[:most]
    file = source_path(run)
    return raw_bytes(file, one.byte_start, one.byte_end, most) if file.is_file() else b""


def _dump(raw: bytes, start: int) -> str:
    """Write bytes as a hex dump: place, 16 bytes, their ASCII."""
    lines = []
    for at in range(0, min(len(raw), SHOWN_BYTES // 2), ROW):
        part = raw[at : at + ROW]
        seen = "".join(chr(b) if 32 <= b < 127 else "·" for b in part)
        lines.append(f"{start + at:08d}  {part.hex(' '):<47}  {seen}")
    return "\n".join(lines)


@bp.get("/<int:run_id>/line/<int:number>/raw")
@door(IMPORT)
def raw_file(run_id: int, number: int) -> Response:
    """Send the bytes of one line as a file."""
    with reading() as session:
        run = run_for(session, current_actor(), run_id)
        one = _line(session, run, number)
        return _download([_raw(run, one, 1 << 20)], f"{run.file_name}.{one.position}.bin")


@bp.get("/<int:run_id>/rejected")
@door(IMPORT)
def rejected(run_id: int) -> Response:
    """Send all stretches of the file that gave no record, one behind the other."""
    with reading() as session:
        name = run_for(session, current_actor(), run_id).file_name

    def stretches() -> Iterator[bytes]:
        with reading() as opened:
            yield from rejected_bytes(opened, run_id)

    return _download(stretches(), f"{name}.rejected")


def _download(content: Any, name: str, kind: str = "application/octet-stream") -> Response:
    answer = Response(content, mimetype=kind)
    name_file(answer, name)
    return answer


@bp.get("/<int:run_id>/wrong.xlsx")
@door(IMPORT)
def wrong(run_id: int) -> Response:
    """Send the rows of a spreadsheet that were not brought in, the reason before each."""
    with reading() as session:
        run = run_for(session, current_actor(), run_id)
        if run.format != SHEET or not run.options.get("sheet"):
            abort(404)
        headers, rows = wrong_rows(session, run, row_sentence)
        book = xlsx([(_("Rows to mend"), [_("Reason not imported"), *headers], list(rows))])
        name = _("%(file)s, rows to mend.xlsx", file=Path(run.file_name).stem)
        return _download([book], name, XLSX_TYPE)


@bp.get("/template.xlsx")
@door(IMPORT)
def template() -> Response:
    """Send a spreadsheet with the headers that are recognized and two rows to show how."""
    told = words()["template"]
    headers = [str(BOXES[box]) for box in told["columns"]]
    rows = [[row.get(box, "") for box in told["columns"]] for row in told["rows"]]
    book = xlsx([(_("Books"), headers, rows)])
    return _download([book], _("list of books.xlsx"), XLSX_TYPE)


@bp.get("/<int:run_id>/report.xlsx")
@door(IMPORT)
def spreadsheet(run_id: int) -> Response:
    """Send the report as a workbook: the sums, and every line with its reason."""
    with reading() as session:
        run = run_for(session, current_actor(), run_id)
        sums = report(session, run_id)
        total = [
            [_("File"), run.file_name],
            [_("Records found"), sums.found],
            [_("Stored"), sums.stored],
            [_("Already there"), sums.matched],
            [_("Not stored"), sums.rejected],
            [_("Copies added"), sums.items_added],
            *([count_sentence(code), n] for code, n in sums.reasons.most_common()),
            *([count_sentence(code), n] for code, n in sums.repairs.most_common()),
        ]
        book = xlsx(
            [
                (_("Sums"), [_("What"), _("How many")], total),
                (_("Lines"), _headers(), list(_sheet_rows(session, run_id))),
            ]
        )
        return _download([book], f"{Path(run.file_name).stem}.xlsx", XLSX_TYPE)


def _headers() -> list[str]:
    return [
        *(_("Position in the file"), _("Outcome"), _("Control number"), _("Title")),
        *(_("Reason and repairs"), _("Record"), _("First byte"), _("Byte behind the last")),
    ]


def _sheet_rows(session: Session, run_id: int) -> Iterator[list[Any]]:
    for count, one in enumerate(all_lines(session, run_id)):
        if count >= MOST_ROWS:
            return
        yield [
            *(one.position, str(OUTCOMES[one.outcome][1]), one.control_number, one.title),
            "; ".join(line_sentences(one.outcome, one.reason, one.details)),
            *(one.record_id, one.byte_start, one.byte_end),
        ]


# -- taking it back ----------------------------------------------------------------------------


@bp.get("/<int:run_id>/undo")
@door(UNDO_CHANGES)
def ask_undo(run_id: int) -> Any:
    """Say what undoing an import would take away and what stands in the way."""
    with reading() as session:
        run = run_for(session, current_actor(), run_id)
        if run.change_set_id is None or status_of(session, run) not in ("done", "stopped"):
            return redirect(url_for("imports.show", run_id=run_id))
        return render_template(
            "cataloging/imports/undo.html",
            run=run,
            sums=report(session, run_id),
            in_the_way=obstacles(session, run.change_set_id),
        )


@bp.post("/<int:run_id>/undo")
@door(UNDO_CHANGES)
def undo(run_id: int) -> Any:
    """Take a whole import back; what others went on with is left and named."""
    try:
        with transaction() as session:
            done, _job = undo_run(
                session, current_actor(), run_id, partial=request.form.get("partial") == "1"
            )
    except IlsError as error:
        if error.status == 404:
            raise
        flash(sentence_for(error), "bad")
        return redirect(url_for("imports.ask_undo", run_id=run_id))
    if done is not None:
        _say_undone(done)
    return redirect(url_for("imports.show", run_id=run_id))


def _say_undone(done: Undone) -> None:
    flash(
        _(
            "Undone: %(removed)s records taken out, %(restored)s brought back, %(items)s copies"
            " taken out.",
            removed=done.records_removed,
            restored=done.records_restored,
            items=done.items_removed,
        ),
        "ok",
    )


@bp.post("/<int:run_id>/continue")
@door(IMPORT)
def go_on(run_id: int) -> Any:
    """Go on with an interrupted import behind the last record it stored."""
    try:
        with transaction() as session:
            begin(session, current_actor(), run_id)
    except IlsError as error:
        if error.status == 404:
            raise
        flash(sentence_for(error), "bad")
    return redirect(url_for("imports.show", run_id=run_id))
