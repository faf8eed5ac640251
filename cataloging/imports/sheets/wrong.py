"""The rows that were not brought in, as a spreadsheet of the same columns with the reason."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.imports.sheets.columns import Plan, plan_of, read
from cataloging.imports.sheets.rows import COPY_BOXES
from cataloging.imports.sheets.tables import Cells, rows_of, shown, table_of
from cataloging.models import ImportLine, ImportRun

Say = Callable[[str, str], str]


def reasons_of(session: Session, run_id: int) -> dict[int, tuple[str, str]]:
    """Return the reason of each row that was not brought in, by the number of the row."""
    lines = session.execute(
        select(ImportLine.reason, ImportLine.details).where(
            ImportLine.run_id == run_id, ImportLine.outcome == "rejected"
        )
    )
    found = {}
    for reason, details in lines:
        number, _, value = str(details.get("detail", "")).partition("|")
        if number.isdigit():
            found[int(number)] = (reason, value)
    return found


def wrong_rows(session: Session, run: ImportRun, say: Say) -> tuple[list[str], Iterator[list[Any]]]:
    """Return headers and rows, the reason in front; text of old fonts comes back as Unicode.

    The file can be mended and brought in again as it is: its first row names the columns.
    """
    plan = plan_of(run.options["sheet"])
    reasons = reasons_of(session, run.id)
    path = Path(run.file_path)
    headers = [column.header for column in plan.columns]

    def rows() -> Iterator[list[Any]]:
        table = table_of(path, sure=False)
        if table is None or not reasons:
            return
        titled: Cells = ()
        for number, cells in rows_of(path, table, plan.sheet):
            has_title = any(
                shown(c) for c, col in zip(cells, plan.columns, strict=False) if col.box == "title"
            )
            titled = cells if has_title else titled
            if number in reasons:
                whole = (
                    cells
                    if reasons[number][0] == "row_no_title"
                    else _with_title(cells, titled, plan)
                )
                yield [say(*reasons[number]), *_as_they_stood(whole, plan)]

    return headers, rows()


def _with_title(cells: Cells, above: Cells, plan: Plan) -> Cells:
    """Fill what a further copy leaves to the title above it, so that the row stands by itself."""
    if cells is above:
        return cells
    return tuple(
        above[at]
        if at < len(above) and not shown(cell) and column.box and column.box not in COPY_BOXES
        else cell
        for at, (cell, column) in enumerate(zip(cells, plan.columns, strict=False))
    )


def _as_they_stood(cells: Cells, plan: Plan) -> Iterator[Any]:
    for at, cell in enumerate(cells):
        is_text = isinstance(cell, str) and at < len(plan.columns)
        yield read(cell, plan.columns[at].encoding) if is_text else cell
