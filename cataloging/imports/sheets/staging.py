"""The rows of a table, gathered by title, in a file of an import's own.

A line of the file is a title with its copies, or a row that cannot be brought in: JSON, so that an
import reads it from any place on, as it reads a file of records. It is made once and is the same
whenever it is made anew, so that an interrupted import finds its place.
"""

import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import fields as fields_of
from datetime import date
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, Final

import orjson

from cataloging.imports.profiles import CopyDraft
from cataloging.imports.sheets.columns import Plan, guess_plan, plan_of
from cataloging.imports.sheets.rows import RowRead, Rows, record_of
from cataloging.imports.sheets.tables import rows_of, table_of
from cataloging.marc.formats import Found, Problem, Repair
from cataloging.models import ImportRun
from ils.core import clock
from ils.core.config import config
from ils.core.db import reading, transaction
from ils.core.errors import Invalid

SHEET: Final = "sheet"
_DRAFT: Final = frozenset(one.name for one in fields_of(CopyDraft))


def plan_for(path: Path, *, sure: bool = True) -> Plan | None:
    """Return how a file is guessed to be read as a table, None for what is no table.

    Raises ``Invalid`` for a workbook that cannot be opened safely.
    """
    table = table_of(path, sure=sure)
    return guess_plan(path, table) if table is not None else None


def folder_of(run_id: int) -> Path:
    """Return the folder of an import."""
    return config().files_dir / "imports" / str(run_id)


def source_path(run: ImportRun) -> Path:
    """Return the file whose bytes the places of an import mean."""
    if run.format != SHEET:
        return Path(run.file_path)
    facts = orjson.dumps([run.options["sheet"], run.file_sha256], option=orjson.OPT_SORT_KEYS)
    return folder_of(run.id) / f"rows-{hashlib.sha256(facts).hexdigest()[:16]}"


def stage(run_id: int) -> None:
    """Make the file of rows of a spreadsheet's import, where it is not there yet."""
    with reading() as session:
        run = session.get_one(ImportRun, run_id)
        if run.format != SHEET or source_path(run).is_file():
            return
        target, path, plan = source_path(run), Path(run.file_path), plan_of(run.options["sheet"])
        on = clock.local(run.created_at).date()
    target.parent.mkdir(parents=True, exist_ok=True)
    for old in target.parent.glob("rows-*"):
        old.unlink()
    part = target.with_name("part")
    gather(path, plan, on, part)
    part.replace(target)
    with transaction() as session:
        session.get_one(ImportRun, run_id).size = target.stat().st_size


def forget(run_id: int) -> None:
    """Delete what an import keeps in its folder."""
    shutil.rmtree(folder_of(run_id), ignore_errors=True)


def gather(path: Path, plan: Plan, on: date, target: Path, most: int = 0) -> None:
    """Write each title with the copies of all its rows, in the order of the first of them.

    The rows lie in a file meanwhile: only their places and titles are held in memory. ``most``
    stops after so many rows, for a preview.
    """
    table = table_of(path, sure=False)
    if table is None:
        raise Invalid("sheet_unreadable", field="file")
    groups: dict[bytes, list[int]] = {}
    with TemporaryFile(dir=target.parent) as kept:
        place = 0
        for count, row in enumerate(Rows(plan).read(rows_of(path, table, plan.sheet)), start=1):
            own = str(row.number) if row.problem else row.key
            digest = hashlib.blake2b(own.encode(), digest_size=12).digest()
            groups.setdefault(bytes([bool(row.problem)]) + digest, []).append(place)
            place += kept.write(_row_line(row))
            if count == most:
                break
        with target.open("wb") as out:
            for places in groups.values():
                out.write(_title_line([_row_at(kept, at) for at in places], on))


def _row_line(row: RowRead) -> bytes:
    facts = [row.number, row.values, row.copies, row.problem, row.remarks]
    return orjson.dumps(facts, option=orjson.OPT_APPEND_NEWLINE)


def _row_at(kept: Any, place: int) -> Any:
    kept.seek(place)
    return orjson.loads(kept.readline())


def _title_line(rows: list[Any], on: date) -> bytes:
    """Write one title: of several rows, each box from the first that fills it."""
    line: dict[str, Any] = {"rows": [row[0] for row in rows]}
    if problem := rows[0][3]:
        line["problem"] = problem
    else:
        values: dict[str, str] = {}
        for row in rows:
            values |= {box: text for box, text in row[1].items() if text and box not in values}
        line["marc"] = record_of(values, on)
        line["copies"] = [one for row in rows for one in row[2]]
        line["remarks"] = [remark for row in rows for remark in row[4]]
    return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)


def staged(
    path: Path, start: int = 0, position: int = 0
) -> Iterator[tuple[Found, list[CopyDraft]]]:
    """Give the titles and wrong rows of a file of rows, as ``formats.read`` gives records."""
    with path.open("rb") as stream:
        stream.seek(start)
        for line in stream:
            position += 1
            end = start + len(line)
            facts = orjson.loads(line)
            found = Found(position, start, end)
            drafts: list[CopyDraft] = []
            if "problem" in facts:
                code, value = facts["problem"]
                found.problem = Problem(code, f"{facts['rows'][0]}|{value}")
            else:
                found.marc = facts["marc"]
                found.repairs = [Repair(code, "", detail) for code, detail in facts["remarks"]]
                drafts = [draft_of(one) for one in facts["copies"]]
            yield found, drafts
            start = end


def draft_of(facts: dict[str, Any]) -> CopyDraft:
    """Make a copy of what a row says of it."""
    day = facts.get("accessioned_on")
    own = {name: value for name, value in facts.items() if name in _DRAFT}
    return CopyDraft(**{**own, "accessioned_on": date.fromisoformat(day) if day else None})
