"""The one page of the editor, drawn for whatever stands on it."""

from dataclasses import dataclass
from typing import Any

from flask import render_template, request
from sqlalchemy.orm import Session

from cataloging.editor import presence
from cataloging.editor.drafts import drafts_of
from cataloging.editor.habits import Habit, habit_of
from cataloging.editor.layouts import Layout, layout_for
from cataloging.editor.materials import materials
from cataloging.editor.merging import ONE_ONLY, Part
from cataloging.editor.models import RecordDraft
from cataloging.editor.posting import FORM, MARC, VIEWS, OnPage
from cataloging.editor.remarks import remarks
from cataloging.editor.rows import leader_of
from cataloging.editor.showing import blank_row, boxes_shown, leader_codes, rows_shown
from cataloging.marc.display import isbd
from cataloging.marc.model import Marc, fields
from cataloging.models import Record
from cataloging.permissions import EDIT_ITEM
from cataloging.views.base import english
from cataloging.views.forms import NewCopiesForm
from ils.web.door import current_actor

ROW_BLANK = 90_000  # the number of the empty row a script copies


@dataclass(frozen=True)
class Beside:
    """What a page shows beside the record: copies, duplicates, an empty row, what was before."""

    copies: NewCopiesForm | None = None
    with_copies: bool = True
    same: Any = ()
    blank: str = ""
    after: int = -1
    before_command: str = ""
    problem: str = ""
    merged: bool = False
    own_draft: RecordDraft | None = None


def layout_of(session: Session, on: OnPage) -> Layout:
    """Return the form of the material on the page, as the actor's library has it."""
    return layout_for(session, current_actor().library_id, on.material)


def may_add_copies() -> bool:
    """Tell whether the actor may enter copies with a new record."""
    return current_actor().can_somewhere(EDIT_ITEM)


def draw(session: Session, on: OnPage, record: Record | None, beside: Beside | None = None) -> str:
    """Return the page for what stands on it."""
    beside = beside or Beside()
    layout = layout_of(session, on)
    stored: Marc | None = record.marc if record is not None else None  # type: ignore[assignment]
    at = 0 if english() else 1
    actor = current_actor()
    drafts, many = drafts_of(session, actor, limit=1)
    return render_template(
        "editor/page.html",
        on=on,
        record=record,
        beside=beside,
        copies=beside.copies,
        at=at,
        views=VIEWS,
        materials=[(code, one.name[at]) for code, one in materials().items()],
        groups=boxes_shown(on.marc, layout, on.pinned, at) if on.view == FORM else [],
        **_grid(on, beside, at),
        said=[] if _is_untouched(on, record) else remarks(on, stored, layout),
        card=card_of(on),
        others=presence.others(session, actor, record.id) if record is not None else [],
        last_draft=_other_draft(on, record, drafts),
        drafts_count=many,
        every=presence.EVERY,
        **_habit_words(habit_of(session, actor)),
    )


def _grid(on: OnPage, beside: Beside, at: int) -> dict[str, Any]:
    if on.view != MARC:
        return {"rows": [], "leader": "", "leader_codes": []}
    return {
        "rows": rows_shown(on.marc, at, blank=beside.blank, after=beside.after),
        "blank_row": blank_row(ROW_BLANK),
        "leader": leader_of(on.marc),
        "leader_codes": leader_codes(on.marc, at),
    }


def card_of(on: OnPage) -> str:
    """Return the catalogue card of what stands on the page; '' while it cannot be read."""
    return "" if on.problems else isbd(on.marc)


def _is_untouched(on: OnPage, record: Record | None) -> bool:
    """Tell whether nobody has typed yet: an empty page is not told what it lacks."""
    return record is None and request.method == "GET" and not fields(on.marc, "245")


def _other_draft(on: OnPage, record: Record | None, drafts: Any) -> Any:
    """Return the last draft of a new record that is not the one on the page, to be offered."""
    if record is not None or request.method == "POST" or on.draft_id is not None or not drafts:
        return None
    return drafts[0]


def _habit_words(habit: Habit) -> dict[str, Any]:
    return {"has_last": habit.last is not None}


def draw_merge(on: OnPage, record: Record, parts: list[Part], *, asked: bool = False) -> str:
    """Return the page that shows two versions of a record field by field, to make one of them."""
    return render_template(
        "editor/merge.html",
        on=on,
        record=record,
        parts=parts,
        asked=asked,
        one_only=ONE_ONLY,
    )
