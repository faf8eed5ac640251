"""Showing the desk: the answer on top, the patron's panel, a class or family, what was done."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask import jsonify, redirect, render_template, request, url_for
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from circulation.availability import positions
from circulation.blocks import blocks_at_desk, loans_of_patron
from circulation.desk import AMBER, GREEN
from circulation.facts import patron_at_desk
from circulation.groups import family_word, group_for, loans_of_group
from circulation.hold_lists import holds_of_patron
from circulation.ledger import account
from circulation.models import BookDrop, DeskCommand
from circulation.notices.receipts import mail_address, masked
from circulation.patrons import looks
from circulation.patrons.models import BlockNote, Patron
from circulation.patrons.notes import author_names
from circulation.patrons.patrons import patron_for
from circulation.policies import branch
from circulation.rules.checkout import HOME
from circulation.scan import Scanned
from circulation.sentences import reason_sentence, result_sentence
from circulation.views.desk_state import Answer, State, new_key
from circulation.views.desk_workstation import workstation
from ils.core import clock
from ils.core.db import reading
from ils.core.errors import IlsError
from ils.org.units import branches_below, province, unit_names
from ils.web.door import current_actor

SESSION_HOURS = 10
ROWS = 25  # of what was done, shown by a page


@dataclass(frozen=True)
class Done:
    """A row of what was done."""

    key: str
    at: datetime
    command: str
    result: dict[str, Any]
    undone_at: datetime | None = None


def respond(answer: Answer) -> Any:
    """Answer a fetch with the parts that changed, a plain form with the page."""
    if request.headers.get("X-Requested-With") != "fetch":
        is_told = bool(answer.result or answer.choice or answer.message)
        return show(answer) if is_told else redirect(answer.state.address(), 303)
    later = _panel_comes_later(answer)
    facts = _facts(answer, _rows_of_scan(answer), with_panel=not later)
    return jsonify(
        tone=answer.tone,
        silent=answer.silent,
        patron=answer.state.patron_id,
        mode=answer.state.mode,
        state=answer.state.fields(),
        address=answer.state.address(),
        headline=facts["headline"],
        prints=answer.prints,
        copy=_copy_address(answer),
        top=render_template("circulation/_desk_top.html", **facts),
        panel=None if later else render_template("circulation/_desk_panel.html", **facts),
        rows=render_template("circulation/_desk_rows.html", **facts) if facts["rows"] else "",
        asks=bool(answer.result and answer.result.get("reasons") and not answer.result.get("ok")),
    )


def _rows_of_scan(answer: Answer) -> list[Done] | None:
    """Return what a scan did, for the page keeps the other rows; None where they may differ too."""
    result = answer.result
    if request.endpoint != "desk.scan" or (
        result and (result["command"] == "undo" or result["repeated"])
    ):
        return None
    if result is None or result["at"] is None:
        return []
    at = datetime.fromisoformat(result["at"])
    return [Done(result["key"], at, result["command"], result)]


def _panel_comes_later(answer: Answer) -> bool:
    """Tell whether the page shows this patron already: it asks for the panel once no scan waits.

    The panel costs more than lending does; a pile of books needs it once, not for each of them.
    """
    shown = request.form.get("shows")
    return request.endpoint == "desk.scan" and bool(shown) and shown == str(answer.state.patron_id)


def panel_of(answer: Answer) -> str:
    """Return the patron's panel alone."""
    return render_template("circulation/_desk_panel.html", **_facts(answer, []))


def _copy_address(answer: Answer) -> str | None:
    item = (answer.result or {}).get("item")
    return url_for("cataloging.item", item_id=item["id"]) if item else None


def show(answer: Answer, rows: Sequence[Any] | None = None) -> Any:
    """Show the whole page, of what was done all or the rows given."""
    return render_template("circulation/desk.html", **_facts(answer, rows))


def _facts(
    answer: Answer, rows: Sequence[Any] | None = None, *, with_panel: bool = True
) -> dict[str, Any]:
    """Gather all a desk page or part shows, of what was done all or the rows given."""
    state = answer.state
    with reading() as session:
        names = unit_names(session)
        panel = _panel(session, state.patron_id) if state.patron_id and with_panel else None
        choice_facts = _choice_facts(session, answer.choice)
        top = province(session) if answer.choice else None
        pickups = branches_below(session, top) if top else []
        rows = session_rows(session) if rows is None else rows
        group = _group(session, state) if state.group else None
        drop = session.get(BookDrop, state.drop_id) if state.drop_id else None
        seconds = _undo_seconds(session)
    headline = answer.message
    if answer.result:
        headline = result_sentence(answer.result)
    begins = bool(panel) and not (headline or answer.choice)
    if panel and begins:
        headline, answer.tone = _opened(panel)
    now = clock.now()
    return {
        "state": state,
        "desk_state": state,
        "answer": answer,
        "headline": headline,
        "begins": begins,
        "panel": panel,
        "group": group,
        "drop": drop,
        "choice": answer.choice,
        "choice_facts": choice_facts,
        "pickups": pickups,
        "rows": rows,
        "names": names,
        "today": clock.today(),
        "now": now,
        "key": new_key(),
        "actor": current_actor(),
        "workstation": workstation(),
        "undo_seconds": seconds,
        "undo_after": now - timedelta(seconds=seconds),
    }


def _opened(panel: dict[str, Any]) -> tuple[str, str]:
    """Say whose turn begins, and what stands against borrowing: the worst of it, the rest is shown."""
    name, blocks = panel["patron"].name, panel["blocks"]
    if not blocks:
        return name, GREEN
    return f"{name}: {reason_sentence(blocks[0].code, blocks[0].facts)}", AMBER


def _undo_seconds(session: Session) -> int:
    unit_id = current_actor().unit_id
    return branch(session, unit_id).settings.undo_seconds if unit_id is not None else 60


def _group(session: Session, state: State) -> dict[str, Any] | None:
    """Gather a class or family: the members, and for a family what all of them have."""
    try:
        group = group_for(session, current_actor(), state.group)
    except IlsError:
        return None
    loans = loans_of_group(session, group) if group.kind == "family" else []
    return {"group": group, "loans": loans}


def _choice_facts(session: Session, choice: Scanned | None) -> dict[int, Any]:
    if choice is None or not choice.items:
        return {}
    return dict(positions(session, [item.id for item, _title in choice.items]))


def _panel(session: Session, patron_id: int) -> dict[str, Any] | None:
    """Gather the patron's strip: who, card, blocks, loans, holds, money, notes."""
    actor = current_actor()
    today = clock.today()
    try:
        if actor.unit_id is None:
            here = branch(session, patron_for(session, actor, patron_id).branch_id)
        else:
            here = branch(session, actor.unit_id)
        at_desk = patron_at_desk(session, here, today, patron_id=patron_id)
        if at_desk is not None and _is_visitor_here(at_desk.patron):
            patron = at_desk.patron
        else:
            patron = patron_for(session, actor, patron_id)  # read above already
            looks.note_look(session, actor, patron_id, looks.DESK)
    except IlsError:
        return None
    if at_desk is None:
        return None
    loans = loans_of_patron(session, patron_id)
    notes = session.scalars(_NOTES, {"patron_id": patron_id}).all()
    return {
        "patron": patron,
        "category": at_desk.category,
        "age": at_desk.age,
        "card": at_desk.card,
        "loans": loans,
        "at_home": sum(one.loan.kind == HOME for one in loans),
        "limit": here.policy("", at_desk.category.code).policy.limit_total,
        "holds": holds_of_patron(session, patron_id),
        "account": account(session, patron_id, running=sum(one.running_fine for one in loans)),
        "family": family_word(session, patron),
        "blocks": blocks_at_desk(session, here, at_desk, "borrow", clock.now(), loans),
        "notes": [n for n in notes if not n.acts and _stands(n, today)],
        "blocks_to_come": [n for n in notes if n.acts and n.from_on > today],
        "written": {n.id: n for n in notes},
        "authors": author_names(session, [n.author_id for n in notes]),
        "mail": masked(mail_address(session, patron)) if loans else "",
    }


def _is_visitor_here(patron: Patron) -> bool:
    """Tell whether this stands for a visitor of the library without a card."""
    return patron.visitor_on is not None and patron.library_id == current_actor().library_id


def _stands(note: BlockNote, today: date) -> bool:
    return note.from_on <= today and (note.to_on is None or note.to_on >= today)


_NOTES = select(BlockNote).where(
    BlockNote.patron_id == bindparam("patron_id"), BlockNote.lifted_at.is_(None)
)
_DONE = (
    select(
        DeskCommand.key,
        DeskCommand.at,
        DeskCommand.command,
        DeskCommand.result,
        DeskCommand.undone_at,
    )
    .where(
        DeskCommand.actor_id == bindparam("staff_id"),
        DeskCommand.unit_id == bindparam("unit_id"),
        DeskCommand.at >= bindparam("since"),
    )
    .order_by(DeskCommand.at.desc())
    .limit(bindparam("most"))
)


def session_rows(session: Session) -> Sequence[Any]:
    """Return what this person did at this desk lately, newest first: when, what, how it ended."""
    actor = current_actor()
    since = clock.now() - timedelta(hours=SESSION_HOURS)
    facts = {"staff_id": actor.staff_id, "unit_id": actor.unit_id, "since": since, "most": ROWS}
    return session.execute(_DONE, facts).all()
