"""Saving what stands in the editor: checked, never over somebody else's work, with its copies."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from cataloging import records
from cataloging.editor.boxes import finish_new, read
from cataloging.editor.drafts import beside_of, forget_draft
from cataloging.editor.habits import remember
from cataloging.editor.layouts import Layout
from cataloging.editor.materials import box
from cataloging.hooks import draft_saved
from cataloging.items import CopyFacts, add_items
from cataloging.marc.model import Marc
from cataloging.marc.validate import ERROR, WARNING, Finding, validate
from cataloging.models import Item, Record
from ils.accounts.actor import Actor
from ils.core.errors import Invalid

REQUIRED = "box_required"


@dataclass(frozen=True)
class Copies:
    """Copies to be entered with a new record: their facts and how they are numbered."""

    facts: CopyFacts
    entry: Mapping[str, Any]
    kept: dict[str, Any] = field(default_factory=dict)  # boxes that stay for the next title


@dataclass(frozen=True)
class Entry:
    """What a page of the editor holds when it is to be saved."""

    marc: Marc
    layout: Layout
    why: str = ""
    draft_id: int | None = None
    pinned: Iterable[str] = ()


def look_over(marc: Marc, before: Marc | None, layout: Layout) -> list[Finding]:
    """Return what is to be said of a record: the rules of MARC 21, then the library's own.

    An obligatory box that is empty is an error, or only told where it was empty before.
    """
    found = validate(marc, before)
    missing = layout.missing(read(marc, [one.box for one in layout.placed]))
    was = layout.missing(read(before, missing)) if before is not None else []
    asked = []
    for name in missing:
        about = box(name)
        if about is not None and name != "title":  # its rule is MARC's own
            level = WARNING if name in was else ERROR
            tag = (*about.tags, "")[0] or ("LDR" if about.kind == "leader" else "008")
            asked.append(Finding(level, REQUIRED, tag, subfield=about.code, value=name))
    return sorted([*found, *asked], key=lambda f: f.level != ERROR)


def save_new(
    session: Session, actor: Actor, entry: Entry, copies: Copies | None = None
) -> tuple[Record, list[Item]]:
    """Store a new record with its copies, as one change; drop its draft, remember it for the next.

    Raises ``Invalid('record_has_errors')``, and what storing copies raises.
    """
    marc: Marc = {"leader": entry.marc["leader"], "fields": [dict(f) for f in entry.marc["fields"]]}
    finish_new(marc)
    _refuse_errors(look_over(marc, None, entry.layout))
    made_in = records.new_change_set(session, actor, "edit", entry.why)
    record = records.create_record(
        session, actor, marc, why=entry.why, change_set=made_in, numbered=True
    )
    items = []
    if copies is not None:
        items = add_items(
            session, actor, record.id, copies.facts, change_set=made_in, **copies.entry
        )
    if entry.draft_id is not None:
        beside = beside_of(session, actor, entry.draft_id)
        draft_saved(session, actor, beside, record.id)
        forget_draft(session, actor, draft_id=entry.draft_id)
    remember(
        session,
        actor,
        material=entry.layout.material.code,
        marc=record.marc,
        pinned=entry.pinned,
        copies=copies.kept if copies is not None else None,
    )
    return record, items


def save_change(
    session: Session, actor: Actor, record_id: int, entry: Entry, *, expected_version: int
) -> Record:
    """Store a changed record, if nobody saved it meanwhile; drop the draft.

    Raises ``StaleVersion`` and changes nothing if somebody did, ``Invalid('record_has_errors')``
    for errors that were not in the record before.
    """
    before: Marc = records.record_for(session, record_id).marc  # type: ignore[assignment]
    _refuse_errors(look_over(entry.marc, before, entry.layout))
    record = records.replace_marc(
        session, actor, record_id, entry.marc, expected_version=expected_version, why=entry.why
    )
    forget_draft(session, actor, record_id=record_id, draft_id=entry.draft_id)
    return record


def _refuse_errors(findings: Iterable[Finding]) -> None:
    count = sum(1 for one in findings if one.level == ERROR)
    if count:
        raise Invalid("record_has_errors", count=count)
