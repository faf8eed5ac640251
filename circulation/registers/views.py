"""Pages of lists: on the screen with paging, as a spreadsheet, as a paper. One door serves all."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, render_template, request
from flask_babel import force_locale
from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.models import ItemType
from circulation.patrons.models import PatronCategory
from circulation.permissions import USE_DESK
from circulation.registers.asked import (
    MOST_PRINTED,
    Asked,
    RegisterList,
    Row,
    how_many,
    rows_of,
)
from circulation.registers.lists import LISTS
from circulation.registers.words import BLOCK_STATES, HOLD_STATES
from ils.core import clock
from ils.core.audit import audit
from ils.core.db import reading, transaction
from ils.core.errors import NotFound
from ils.org.models import OrgUnit
from ils.org.office import office_of
from ils.org.units import branches_of, unit_name, unit_names
from ils.printing.listing import Listing, listing_pdf, listing_xlsx
from ils.web.door import current_actor, door
from ils.web.downloads import XLSX, as_file
from ils.web.forms import parse_day
from ils.web.pages import Page, page_number

bp = Blueprint("registers", __name__, url_prefix="/staff/registers", template_folder="templates")

SIZE = 50


@bp.get("/")
@door(USE_DESK)
def home() -> str:
    """Show which lists and registers there are."""
    return render_template("registers/home.html", lists=LISTS.values())


@bp.get("/<which>")
@door(USE_DESK)
def show(which: str) -> str:
    """Show a page of a list."""
    one = _named(which)
    with reading() as session:
        branches = own_branches(session)
        asked = _asked(branches)
        total = how_many(session, one, asked)
        number = page_number(request.args.get("page"))
        sort = request.args.get("sort", "")
        rows = rows_of(session, one, asked, sort=sort, limit=SIZE, offset=(number - 1) * SIZE)
        _say(session, rows)
        return render_template(
            "registers/list.html",
            one=one,
            asked=asked,
            rows=rows,
            page=Page(number, SIZE, total, rows),
            branches=[(b.id, unit_names(session).get(b.id, b.code)) for b in branches],
            choices=_choices(session),
            typed=request.args,
        )


@bp.get("/<which>.xlsx")
@door(USE_DESK)
def as_spreadsheet(which: str) -> Response:
    """Return the whole list as a spreadsheet."""
    listing = _listing(_named(which))
    return as_file(listing_xlsx(listing), f"{which}.xlsx", XLSX)


@bp.get("/<which>.pdf")
@door(USE_DESK)
def as_paper(which: str) -> Response:
    """Return the whole list as an official paper."""
    return as_file(listing_pdf(_listing(_named(which))), f"{which}.pdf", "application/pdf")


def _named(which: str) -> RegisterList:
    if which not in LISTS:
        raise NotFound("list_unknown")
    return LISTS[which]


def own_branches(session: Session, permission: str = USE_DESK) -> Sequence[OrgUnit]:
    """Return the branches of the library worked at where the actor holds a permission."""
    actor = current_actor()
    found = branches_of(session, actor.library_id or 0)
    return [one for one in found if actor.can(permission, one)]


def _asked(branches: Sequence[OrgUnit]) -> Asked:
    words = request.args
    own = tuple(one.id for one in branches)
    wanted = words.get("branch", type=int)
    return Asked(
        library_id=current_actor().library_id or 0,
        branches=(wanted,) if wanted in own and wanted is not None else own,
        today=clock.today(),
        first=typed_day("first"),
        last=typed_day("last"),
        category=words.get("category", ""),
        item_type=words.get("item_type", ""),
        school_class=words.get("school_class", "").strip(),
        at_least=max(0, words.get("at_least", 0, type=int)),
        state=words.get("state", ""),
    )


def typed_day(name: str) -> Any:
    """Return a day typed in the address; one that is none is left aside."""
    typed = request.args.get(name, "").strip()
    try:
        return parse_day(typed) if typed else None
    except ValueError:
        return None


def _choices(session: Session) -> dict[str, list[tuple[str, Any]]]:
    kinds = session.execute(select(ItemType.code, ItemType.name).order_by(ItemType.order))
    people = session.execute(
        select(PatronCategory.code, PatronCategory.name).order_by(PatronCategory.order)
    )
    return {
        "item_type": [(code, name) for code, name in kinds],
        "category": [(code, name) for code, name in people],
        "state": list(HOLD_STATES.items()),
        "block_state": list(BLOCK_STATES.items()),
    }


def _say(session: Session, rows: list[Row]) -> None:
    """Put names where rows hold ids and codes."""
    names = unit_names(session)
    for row in rows:
        if "branch_id" in row:
            row["branch"] = names.get(row["branch_id"], "")
        if "state" in row:
            row["state_words"] = str(HOLD_STATES.get(row["state"], row["state"]))


def _listing(one: RegisterList) -> Listing:
    """Gather a list for paper, in Vietnamese; that it was taken away is audited."""
    actor = current_actor()
    with force_locale("vi"), transaction() as session:
        branches = own_branches(session)
        asked = _asked(branches)
        sort = request.args.get("sort", "")
        rows = rows_of(session, one, asked, sort=sort, limit=MOST_PRINTED)
        _say(session, rows)
        audit(session, actor, "list_taken", "list", None, list=one.code, rows=len(rows))
        total = how_many(session, one, asked) if len(rows) == MOST_PRINTED else len(rows)
        single = asked.branches[0] if len(asked.branches) == 1 else None
        notes = []
        if total > len(rows):
            notes.append(f"Chỉ in {len(rows)} dòng đầu trong số {total} dòng.")
        return Listing(
            title=one.title_vi,
            columns=one.columns,
            rows=rows,
            office=office_of(session, actor.library_id or actor.unit_id or 0),
            about=_about(session, one, asked, single),
            notes=notes,
            signers=one.signers,
            numbered=not any(column.key == "number" for column in one.columns),
        )


def _about(session: Session, one: RegisterList, asked: Asked, single: int | None) -> list[str]:
    lines = []
    if single is not None:
        lines.append(unit_name(session, single))
    if asked.first or asked.last:
        since = f"từ ngày {asked.first:%d/%m/%Y}" if asked.first else ""
        until = f"đến ngày {asked.last:%d/%m/%Y}" if asked.last else ""
        lines.append(f"({since}{' ' if since and until else ''}{until})")
    else:
        lines.append(f"(tính đến ngày {asked.today:%d/%m/%Y})")
    return lines
