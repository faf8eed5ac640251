"""The sheets of labels a library prints on: the usual ones, and its own as measured."""

from dataclasses import fields, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.papers.models import LabelSheetRow
from cataloging.permissions import EDIT_STOCK
from ils.accounts.actor import Actor
from ils.core.audit import audit
from ils.core.errors import Invalid, NotFound
from ils.org.units import unit
from ils.printing.labels import LABEL_SHEETS, LabelSheet

OWN = "own-"  # the code of an own sheet: this and its id
_MEASURES = tuple(one.name for one in fields(LabelSheet) if one.name not in ("code", "name"))
SLACK = 0.5  # mm that a sheet may stand out of its page: makers round


def sheets_of(session: Session, library_id: int | None) -> dict[str, LabelSheet]:
    """Return the sheets offered to a library by code, its own ones first."""
    return {one.code: one for one in own_sheets(session, library_id)} | LABEL_SHEETS


def own_sheets(session: Session, library_id: int | None) -> list[LabelSheet]:
    """Return the sheets a library measured itself, by name."""
    rows = session.scalars(
        select(LabelSheetRow)
        .where(LabelSheetRow.library_id == library_id)
        .order_by(LabelSheetRow.name)
    )
    return [_sheet(row) for row in rows]


def _sheet(row: LabelSheetRow) -> LabelSheet:
    measures = {name: getattr(row, name) for name in _MEASURES}
    return LabelSheet(f"{OWN}{row.id}", row.name, **measures)


def keep_sheet(
    session: Session, actor: Actor, library_id: int, sheet: LabelSheet, sheet_id: int | None = None
) -> LabelSheet:
    """Add a sheet to those of a library, or measure one anew.

    Raises ``Invalid`` for a name taken and for labels that do not fit the page, ``NotFound``.
    """
    actor.require(EDIT_STOCK, unit(session, library_id))
    sheet = replace(sheet, name=sheet.name.strip())
    _check(session, library_id, sheet, sheet_id)
    row = (
        LabelSheetRow(library_id=library_id)
        if sheet_id is None
        else _own(session, sheet_id, library_id)
    )
    row.name = sheet.name
    for name in _MEASURES:
        setattr(row, name, getattr(sheet, name))
    session.add(row)
    session.flush()
    audit(session, actor, "label_sheet_kept", "label_sheet", row.id, name=sheet.name)
    return _sheet(row)


def _check(session: Session, library_id: int, sheet: LabelSheet, sheet_id: int | None) -> None:
    taken = session.scalar(
        select(LabelSheetRow.id).where(
            LabelSheetRow.library_id == library_id, LabelSheetRow.name == sheet.name
        )
    )
    if taken is not None and taken != sheet_id:
        raise Invalid("label_sheet_taken", field="name", name=sheet.name)
    right = sheet.left + sheet.columns * sheet.width + (sheet.columns - 1) * sheet.gap_x
    bottom = sheet.top + sheet.rows * sheet.height + (sheet.rows - 1) * sheet.gap_y
    if right > sheet.page_width + SLACK:
        raise Invalid("labels_too_wide", field="width", needed=round(right, 1))
    if bottom > sheet.page_height + SLACK:
        raise Invalid("labels_too_high", field="height", needed=round(bottom, 1))


def remove_sheet(session: Session, actor: Actor, library_id: int, sheet_id: int) -> None:
    """Take a sheet off the list of a library. Raises ``NotFound``."""
    actor.require(EDIT_STOCK, unit(session, library_id))
    row = _own(session, sheet_id, library_id)
    audit(session, actor, "label_sheet_removed", "label_sheet", row.id, name=row.name)
    session.delete(row)


def _own(session: Session, sheet_id: int, library_id: int) -> LabelSheetRow:
    row = session.get(LabelSheetRow, sheet_id)
    if row is None or row.library_id != library_id:
        raise NotFound("label_sheet_unknown")
    return row
