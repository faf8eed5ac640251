"""Mappings kept under a name for a library, and offered again for tables with the same headers."""

from dataclasses import replace
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.imports.sheets.columns import Plan, plan_of
from cataloging.models import SheetMapping
from cataloging.permissions import IMPORT
from ils.accounts.actor import Actor
from ils.core.errors import Invalid
from ils.org.units import unit
from ils.text.normal import clean

LONGEST: Final = 80


def kept_plan(session: Session, library_id: int | None, guess: Plan) -> Plan:
    """Return the guess with the boxes of the newest mapping kept for the same headers, if any.

    The encodings are those of this file: another list of the same headers may be in another.
    """
    found = session.scalar(
        select(SheetMapping)
        .where(SheetMapping.library_id == library_id)
        .where(SheetMapping.headers_key == guess.headers_key)
        .order_by(SheetMapping.id.desc())
        .limit(1)
    )
    return with_mapping(guess, found) if found is not None else guess


def with_mapping(guess: Plan, mapping: SheetMapping) -> Plan:
    """Return a plan whose columns fill the boxes a mapping has for their headers."""
    kept = plan_of(mapping.plan)
    by_header: dict[str, list[str]] = {}
    for column in kept.columns:
        by_header.setdefault(column.header, []).append(column.box)
    columns = tuple(
        replace(column, box=by_header[column.header].pop(0))
        if by_header.get(column.header)
        else column
        for column in guess.columns
    )
    return replace(guess, columns=columns, prefix=kept.prefix, width=kept.width)


def mappings_of(session: Session, library_id: int | None) -> list[SheetMapping]:
    """Return the mappings of a library by name."""
    query = select(SheetMapping).where(SheetMapping.library_id == library_id)
    return list(session.scalars(query.order_by(SheetMapping.name)))


def keep_mapping(
    session: Session, actor: Actor, library_id: int | None, name: str, plan: Plan
) -> SheetMapping:
    """Keep a plan under a name; the same name again takes its place.

    Raises ``Invalid('mapping_needs_library')`` without a library, ``mapping_needs_name`` for an
    empty or overlong name.
    """
    if library_id is None:
        raise Invalid("mapping_needs_library", field="library_id")
    actor.require(IMPORT, unit(session, library_id))
    name = " ".join(clean(name).split())
    if not name or len(name) > LONGEST:
        raise Invalid("mapping_needs_name", field="mapping_name", most=LONGEST)
    query = select(SheetMapping).where(
        SheetMapping.library_id == library_id, SheetMapping.name == name
    )
    if old := session.scalar(query):
        session.delete(old)
        session.flush()
    mapping = SheetMapping(
        library_id=library_id, name=name, headers_key=plan.headers_key, plan=plan.facts()
    )
    session.add(mapping)
    session.flush()
    return mapping
