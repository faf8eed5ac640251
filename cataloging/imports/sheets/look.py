"""Looking at the beginning of a table before anything is stored: its columns, its first titles."""

from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from sqlalchemy.orm import Session

from cataloging.imports.matching import first_match, keys_of, stored_matches
from cataloging.imports.preview import PreviewRecord
from cataloging.imports.profiles import CopyDraft
from cataloging.imports.sheets.columns import Column, plan_of, read
from cataloging.imports.sheets.staging import gather, staged
from cataloging.imports.sheets.tables import Table, first_rows, table_of
from cataloging.marc.formats import Found
from cataloging.marc.project import project
from cataloging.marc.validate import validate
from cataloging.models import ImportRun
from ils.core import clock
from ils.core.errors import Invalid

LOOKED_AT: Final = 200
SAMPLES: Final = 3
HEADS: Final = 12  # rows offered as header rows


@dataclass(frozen=True)
class ColumnSeen:
    """A column with the first texts that stand in it."""

    column: Column
    samples: tuple[str, ...]


@dataclass(frozen=True)
class TableSeen:
    """The beginning of a table as it would be brought in."""

    table: Table
    columns: list[ColumnSeen]
    heads: list[tuple[int, str]]  # rows that may be the header row
    records: list[PreviewRecord] = field(default_factory=list)
    copies: dict[int, list[CopyDraft]] = field(default_factory=dict)  # by position
    problems: list[Found] = field(default_factory=list)
    branch_codes: list[str] = field(default_factory=list)


def look(session: Session, run: ImportRun, *, count: int = 10) -> TableSeen:
    """Read the first rows of a run's file; nothing is stored."""
    path = Path(run.file_path)
    plan = plan_of(run.options["sheet"])
    table = table_of(path, sure=False)
    if table is None:
        raise Invalid("sheet_unreadable", field="file")
    rows = first_rows(path, table, plan.sheet, LOOKED_AT)
    below = [cells for number, cells in rows if number > plan.header]
    columns = []
    for at, column in enumerate(plan.columns):
        texts = (read(cells[at], column.encoding) for cells in below if at < len(cells))
        columns.append(ColumnSeen(column, tuple(list(filter(None, texts))[:SAMPLES])))
    heads = [
        (number, " | ".join(filter(None, (read(c, "unicode") for c in cells)))[:90])
        for number, cells in rows[:HEADS]
    ]
    seen = TableSeen(table, columns, heads)
    if plan.has("title"):
        _titles(session, path, run, seen, count)
    return seen


def _titles(session: Session, path: Path, run: ImportRun, seen: TableSeen, count: int) -> None:
    with TemporaryDirectory() as folder:
        target = Path(folder) / "rows"
        gather(path, plan_of(run.options["sheet"]), clock.today(), target, LOOKED_AT)
        both = list(staged(target))
    seen.problems.extend([found for found, _ in both if found.problem is not None][:20])
    codes = dict.fromkeys(one.branch for _, drafts in both for one in drafts if one.branch)
    seen.branch_codes.extend(list(codes)[:30])
    titles = [(found, drafts, found.marc) for found, drafts in both if found.marc is not None]
    titles = titles[:count]
    keys = [keys_of(project(marc)) for _, _, marc in titles]
    known = stored_matches(session, (key for each in keys for key in each))
    for (found, drafts, marc), own in zip(titles, keys, strict=True):
        shown = project(marc)
        seen.copies[found.position] = drafts
        seen.records.append(
            PreviewRecord(
                *(found.position, shown.title, shown.author, shown.year, marc),
                *(found.repairs, validate(marc), first_match(own, known, shown), len(drafts)),
            )
        )
