"""Holds for those who work them off: the round of the day, the queue of a title, what is done to a
hold. Every page works with a keyboard and without scripts."""

import secrets
from collections.abc import Callable
from datetime import date
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.duplicates.merged import lead_on
from cataloging.models import Item, Record
from circulation.desk import DeskResult, perform, require_approval
from circulation.facts import patron_of_card
from circulation.hold_changes import (
    cancel_hold,
    change_pickup,
    extend_shelf,
    move_hold,
    put_back,
    resume_hold,
    suspend_hold,
)
from circulation.hold_lists import (
    HoldRow,
    holds_of_record,
    pull_list,
    shelf_list,
    to_clear,
    to_send,
)
from circulation.holds import place_hold
from circulation.models import Hold
from circulation.patrons.visits import stand_in_for
from circulation.permissions import MANAGE_HOLDS, PLACE_HOLD, USE_DESK
from circulation.policies import branch
from circulation.pulling import not_on_shelf
from circulation.queue import queue_of
from circulation.searches import end_search, searches_at
from circulation.sentences import detail_sentence, headline_sentence, reason_sentence
from circulation.waiting import waiting_for, waiting_sentence
from ils.accounts.models import Staff
from ils.core import clock
from ils.core.audit import AuditEntry
from ils.core.db import reading
from ils.core.errors import Forbidden, IlsError, Invalid, NotFound
from ils.org.settings import setting
from ils.org.units import branches_of, unit_name, unit_names
from ils.printing.pdf import typst_pdf
from ils.web.door import current_actor, door
from ils.web.errors import sentence_for
from ils.web.forms import parse_day

bp = Blueprint("holds", __name__, url_prefix="/staff/holds", template_folder="../templates")

HOLD_STATES: dict[str, tuple[str, Any]] = {
    "queued": ("info", _l("in the queue")),
    "suspended": ("off", _l("paused")),
    "targeted": ("warn", _l("to be fetched")),
    "in_transit": ("info", _l("on its way")),
    "ready": ("ok", _l("ready on the shelf")),
    "expired_shelf": ("warn", _l("not collected, to clear")),
}
TONES = {"green": "ok", "amber": "warn", "red": "bad"}


@bp.get("/")
@door(USE_DESK)
def day() -> str:
    """Show what is to fetch, to send, to clear and to look for, and what waits on the shelf."""
    here = current_actor().unit_id or 0
    with reading() as session:
        return render_template(
            "circulation/holds_day.html",
            to_fetch=pull_list(session, here),
            to_send=to_send(session, here),
            on_shelf=shelf_list(session, here),
            clear=to_clear(session, here),
            searches=searches_at(session, here),
            names=unit_names(session),
            asks=request.args.get("asks", type=int),
            key=new_key(),
        )


@bp.get("/to-fetch.pdf")
@door(USE_DESK)
def to_fetch_paper() -> Response:
    """Return the pull list of the branch in shelf order, to be carried along the shelves."""
    here = current_actor().unit_id or 0
    with reading() as session:
        names = unit_names(session)
        rows = [
            {
                "shelf": row.where,
                "call": row.call_number,
                "title": row.title,
                "author": row.author,
                "number": (row.item.accession_no or row.item.barcode) if row.item else "",
                "to": "" if row.hold.pickup_branch_id == here else names[row.hold.pickup_branch_id],
            }
            for row in pull_list(session, here)
        ]
        data = {"branch": unit_name(session, here), "at": clock.now(), "rows": rows}
    return paper("pull_list.typ", data, "can-lay.pdf")


def paper(template: str, data: dict[str, Any], name: str) -> Response:
    """Answer with a paper of lending, shown by the browser."""
    path = f"{bp.root_path}/../print/{template}"
    answer = Response(typst_pdf(path, data), mimetype="application/pdf")
    answer.headers["Content-Disposition"] = f'inline; filename="{name}"'
    return answer


# --- the queue of a title ---------------------------------------------------------------------


@bp.get("/title/<int:record_id>")
@door(USE_DESK)
def title(record_id: int) -> Any:
    """Show who waits for a title, in order, and place a hold on it, a volume or a copy."""
    return _title_page(record_id)


@bp.post("/title/<int:record_id>")
@door(PLACE_HOLD)
def place(record_id: int) -> Any:
    """Place a hold as typed; a refusal shows its reasons and keeps what was typed."""
    form, actor = request.form, current_actor()
    overrides = {code: form.get("why", "").strip() for code in form.getlist("code")}
    if any(not why for why in overrides.values()):
        return _title_page(record_id, problem=_("An override needs a reason in words.")), 422
    try:
        with reading() as session:
            patron_id = patron_of_card(session, form.get("card", ""))
        if patron_id is None and (stands := perform(stand_in_for, actor, form.get("card", ""))):
            patron_id = stands.id
        if patron_id is None:
            return _title_page(record_id, problem=reason_sentence("card_unknown")), 422
        level = form.get("level", "")
        result = perform(
            place_hold,
            actor,
            record_id=record_id,
            patron_id=patron_id,
            pickup_branch_id=form.get("pickup", type=int) or actor.unit_id or 0,
            item_id=int(level[1:]) if level.startswith("i") and level[1:].isdecimal() else None,
            volume_key=level[1:41] if level.startswith("v") else "",
            kind="slip" if form.get("kind") == "slip" else "hold",
            need_by=_typed_day("need_by"),
            suspended_until=_typed_day("suspended_until"),
            overrides=overrides,
            key=form.get("key") or new_key(),
        )
    except IlsError as error:
        if error.status == 403:
            raise
        return _title_page(record_id, problem=sentence_for(error)), error.status
    if not result.ok:
        if overrides:
            require_approval(result)
        return _title_page(record_id, result=result), 409
    tell(result)
    return redirect(url_for("holds.title", record_id=record_id))


def _typed_day(name: str) -> date | None:
    typed = request.form.get(name, "").strip()
    try:
        return parse_day(typed) if typed else None
    except ValueError as error:
        raise Invalid("not_a_day", field=name) from error


def _title_page(record_id: int, *, problem: str = "", result: DeskResult | None = None) -> str:
    actor = current_actor()
    with reading() as session:
        record = session.get(Record, record_id)
        if record is None or record.deleted_at is not None:
            lead_on(session, record_id)
            raise NotFound("record_unknown", record_id=record_id)
        found = [(row, _may_change(session, row)) for row in holds_of_record(session, record_id)]
        shared = setting(session, actor.unit_id, "circulation.transport") == "province"
        rows = [(row, may) for row, may in found if may or shared]
        names = unit_names(session)
        library = actor.library_id or 0
        own = branches_of(session, library)
        return render_template(
            "circulation/holds_title.html",
            record=record,
            rows=rows,
            waits=_waits(session, record_id),
            moved=_moves(session, [row.hold.id for row, may in rows if may]),
            names=names,
            states=HOLD_STATES,
            pickups=[(b.id, names.get(b.id, b.code)) for b in own],
            levels=_levels(session, record_id, library),
            here=actor.unit_id,
            may_place=actor.can_somewhere(PLACE_HOLD),
            may_manage=actor.can_somewhere(MANAGE_HOLDS),
            problem=problem,
            result=result,
            typed=request.form if request.method == "POST" else request.args,
            key=new_key(),
        )


def _may_change(session: Session, row: HoldRow) -> bool:
    """Tell whether a hold is of the library worked at: others' readers are not shown by name."""
    return branch(session, row.hold.pickup_branch_id).library_id == current_actor().library_id


def _waits(session: Session, record_id: int) -> dict[int, str]:
    queue = queue_of(session, record_id, clock.now())
    return {
        hold.id: waiting_sentence(waiting_for(session, queue, hold)) for hold, _who in queue.rows
    }


def _levels(session: Session, record_id: int, library_id: int) -> list[tuple[str, str]]:
    """Return what a hold may ask for: the title, one of its volumes, one copy."""
    items = session.scalars(
        select(Item)
        .where(Item.record_id == record_id, Item.owner_id == library_id)
        .where(Item.lifecycle.in_(("active", "in_process")))
        .order_by(Item.volume_key, Item.accession_key)
    ).all()
    volumes = sorted({item.volume_key for item in items if item.volume_key})
    copies = [
        (f"i{i.id}", _("this copy: %(number)s", number=i.accession_no or i.barcode or i.id))
        for i in items
    ]
    return [
        ("", _("any copy")),
        *((f"v{one}", _("volume %(volume)s", volume=one)) for one in volumes),
        *copies,
    ]


def _moves(session: Session, hold_ids: list[int]) -> list[tuple[AuditEntry, str]]:
    """Return who moved holds of a queue, when and why, the newest first."""
    rows = session.execute(
        select(AuditEntry, Staff.name)
        .outerjoin(Staff, Staff.id == AuditEntry.actor_id)
        .where(
            AuditEntry.subject == "hold",
            AuditEntry.subject_id.in_(hold_ids),
            AuditEntry.action == "hold_moved",
        )
        .order_by(AuditEntry.id.desc())
        .limit(20)
    )
    return [(entry, name or "") for entry, name in rows]


# --- what is done to a hold -------------------------------------------------------------------


def _words(act: str) -> dict[str, Any]:
    """Return what an act needs to be told, from the form."""
    form = request.form
    if act == "pickup":
        return {"pickup_branch_id": form.get("pickup", 0, type=int)}
    if act == "suspend":
        return {"until": _typed_day("until")}
    if act == "move":
        before = form.get("before", type=int)
        return {"before_hold_id": before or None, "reason_text": form["why"].strip()}
    if act == "put_back":
        return {"reason_text": form["why"].strip()}
    if act == "cancel":
        return {"reason_text": form.get("why", "").strip()}
    if act == "missing":
        return {"missing": {"yes": True, "no": False}.get(form.get("answer", ""))}
    return {}


ACTS: dict[str, Callable[..., DeskResult]] = {
    "missing": not_on_shelf,
    "extend": extend_shelf,
    "cancel": cancel_hold,
    "pickup": change_pickup,
    "suspend": suspend_hold,
    "resume": resume_hold,
    "move": move_hold,
    "put_back": put_back,
}
NEED_REASON = ("move", "put_back")


@bp.post("/<int:hold_id>")
@door(MANAGE_HOLDS)
def act(hold_id: int) -> Any:
    """Do to a hold what a button says, and show the page it was pressed on again."""
    word, form = request.form.get("act", ""), request.form
    back = _back(hold_id)
    if word in NEED_REASON and not form.get("why", "").strip():
        flash(_("Please say why; the reason is kept in the log."), "bad")
        return redirect(back)
    if word in ACTS:
        try:
            key = form.get("key") or new_key()
            key = f"{key}-{word}-{hold_id}"[:80]
            result = perform(ACTS[word], current_actor(), hold_id=hold_id, key=key, **_words(word))
        except (NotFound, Forbidden):
            raise
        except IlsError as error:
            flash(sentence_for(error), "bad")
            return redirect(back)
        if "missing_question" in result.reason_codes():
            return redirect(url_for("holds.day", asks=hold_id, _anchor=f"hold-{hold_id}"))
        tell(result)
    return redirect(back)


def _back(hold_id: int) -> str:
    came_from = request.form.get("from", "")
    if came_from == "title":
        with reading() as session:
            hold = session.get(Hold, hold_id)
        if hold is not None:
            return url_for("holds.title", record_id=hold.record_id)
    return url_for("hold_lists.stack" if came_from == "stack" else "holds.day")


@bp.post("/searches/<int:search_id>")
@door(MANAGE_HOLDS)
def search(search_id: int) -> Any:
    """Tick off a search: the copy stands in its place, or it is missing."""
    outcome = "missing" if request.form.get("act") == "missing" else "found"
    key = new_key()
    tell(perform(end_search, current_actor(), search_id=search_id, outcome=outcome, key=key))
    if request.form.get("back") == "losses":
        return redirect(url_for("losses.home", tab="missing"))
    return redirect(url_for("holds.day"))


def closed_stack_here() -> bool:
    """Tell whether the branch worked at has a closed stack."""
    here = current_actor().unit_id
    if here is None:
        return False
    with reading() as session:
        return bool(setting(session, here, "circulation.closed_stack"))


def tell(result: DeskResult) -> None:
    """Say how an act went, with what is to do, or with the reasons why not."""
    text = headline_sentence(result.code, result.facts)
    reasons = [reason_sentence(r["code"], r["facts"]) for r in result.reasons]
    lines = [detail_sentence(d["code"], d["facts"]) for d in result.details]
    parts = [text, *([] if result.ok else reasons), *lines]
    flash(" ".join(_ended(part) for part in parts if part), TONES[result.tone])


def _ended(part: str) -> str:
    """Return a sentence with its full stop, so that several can stand in a line."""
    part = part.strip()
    return part if part.endswith((".", "!", "?", ":", "…")) else f"{part}."


def new_key() -> str:
    """Make the key of a form, so that it acts once."""
    return f"hold-{secrets.token_hex(8)}"
