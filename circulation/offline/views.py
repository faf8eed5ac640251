"""The doors of the desk without the server: its shell, its local copy, its log, what came of it."""

import secrets
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    jsonify,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext as _
from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cataloging.models import Item, Record
from circulation.desk import perform
from circulation.offline.log import Command, Log, command_from, instant, receive_log
from circulation.offline.models import CONFLICT, STATES, OfflineLine, OfflineSend
from circulation.offline.replay import replay_waiting
from circulation.offline.sealed import opened
from circulation.offline.settle import PROPOSALS, settle_line
from circulation.offline.snapshot import note_copy, snapshot
from circulation.offline.words import (
    COMMANDS,
    TYPED,
    WAYS,
    conflict_words,
    more_words,
    note_words,
)
from circulation.offline.words import STATES as STATE_WORDS
from circulation.patrons.models import Patron, PatronCard
from circulation.permissions import CHECK_OUT, USE_DESK
from circulation.sentences import result_sentence
from circulation.views.desk_show import show
from circulation.views.desk_state import Answer, State
from ils.accounts.models import Staff
from ils.core.db import reading, transaction
from ils.core.errors import IlsError, Invalid, NotFound
from ils.org.units import place, unit_names
from ils.printing.spreadsheet import Sheet, xlsx
from ils.web.door import current_actor, door
from ils.web.downloads import XLSX
from ils.web.errors import sentence_for
from ils.web.pages import Page, page_number

bp = Blueprint(
    "offline",
    __name__,
    url_prefix="/staff/desk",
    template_folder="templates",
    static_folder="static",
    static_url_path="/offline/static",
)

SIZE = 50
PASS_DAYS = 60  # a log older than this needs a person to answer for it
MOST_ROWS = 20_000
SORTS: dict[str, Any] = {
    "when": OfflineLine.effective_at,
    "command": OfflineLine.command,
    "state": OfflineLine.state,
}


# --- the browser's side ----------------------------------------------------------------------


@bp.get("/offline/worker.js")
@door(USE_DESK)
def worker() -> Response:
    """Give the service worker; it may look after the desk page and nothing above it."""
    return worker_for("/staff/desk")


def worker_for(scope: str) -> Response:
    """Return the service worker, allowed to look after what lies below ``scope``."""
    answer = bp.send_static_file("worker.js")
    answer.headers["Service-Worker-Allowed"] = scope
    answer.headers["Cache-Control"] = "no-cache"
    return answer


@bp.get("/offline/manifest.json")
@door(USE_DESK)
def manifest() -> Response:
    """Say how the desk is installed as a program of its own."""
    icon = url_for("ils.static", filename="lotus.svg")
    answer = jsonify(
        id="/staff/desk",
        name=_("Sen – desk"),
        short_name="Sen",
        lang="vi",
        start_url=url_for("desk.page"),
        scope="/staff/desk",
        display="standalone",
        background_color="#faf7f2",
        theme_color="#1f5c43",
        icons=[{"src": icon, "sizes": "any", "type": "image/svg+xml"}],
    )
    answer.mimetype = "application/manifest+json"
    return answer


@bp.get("/shell")
@door(USE_DESK)
def shell() -> Any:
    """Show the desk with nobody's data on it: the page kept for when the server is away."""
    return show(Answer(State()), rows=[])


@bp.get("/offline/snapshot")
@door(USE_DESK)
def copy() -> Response:
    """Give what the branch needs to go on; nothing where the browser has this version."""
    actor = current_actor()
    with reading() as session:
        made = snapshot(session, actor)
    if request.if_none_match.contains(made.version):
        return Response(status=304)
    with transaction() as session:
        note_copy(session, actor)
    answer = Response(made.body, mimetype="application/json")
    answer.set_etag(made.version)
    return answer


def pass_for_desk() -> str:
    """Return the proof, kept with every line a desk notes, of who worked there and where.

    Empty where nothing can be lent: at the province, or without the right.
    """
    actor = current_actor()
    if actor.unit_id is None or not actor.can(CHECK_OUT):
        return ""
    with reading() as session:
        if place(session, actor.unit_id).kind == "province":
            return ""
    return _passes().dumps([actor.staff_id, actor.unit_id])


def _passes() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.secret_key), salt="offline desk")


def _proved(given: Any) -> tuple[int | None, int | None]:
    try:
        staff_id, unit_id = _passes().loads(str(given), max_age=PASS_DAYS * 86400)
    except (BadData, TypeError, ValueError):
        return None, None
    return staff_id, unit_id


@bp.post("/offline/replay")
@door(USE_DESK)
def replay() -> Response:
    """Take a desk's log, replay all that waits in the library, and tell what became of it."""
    sent = request.get_json(silent=True)
    if not isinstance(sent, dict) or not isinstance(sent.get("lines"), list):
        raise Invalid("offline_log_unreadable")
    actor = current_actor()
    log = Log(
        device=str(sent.get("device", ""))[:60],
        desk_clock=instant(sent.get("clock")) or datetime.now(UTC),
        commands=[_command(n, row) for n, row in enumerate(sent["lines"])],
        copy_of=instant(sent.get("copy_of")),
    )
    stored = perform(receive_log, actor, log)
    replay_waiting(actor.library_id or 0)
    with reading() as session:
        ids = [line.id for line in stored]
        lines = session.scalars(select(OfflineLine).where(OfflineLine.id.in_(ids))).all()
        open_ones = _count(session, actor.library_id or 0, (CONFLICT,))
        return jsonify(lines=[_told(line) for line in lines], conflicts=open_ones)


def _command(n: int, row: Any) -> Command:
    """Read a line, opened where it is sealed; what cannot be opened is kept as it came."""
    if not isinstance(row, dict) or not row.get("key"):
        raise Invalid("offline_log_unreadable", line=n + 1)
    outside = {"key": row["key"], "n": row.get("n")}
    said = opened(str(row["sealed"]), str(row["key"])) if row.get("sealed") else row
    if said is None:
        bare = command_from({**outside, "at": datetime.now(UTC).timestamp() * 1000}, n)
        return replace(bare, options={"sealed": str(row["sealed"])[:4000]})
    return command_from({**said, **outside}, n, *_proved(said.get("pass")))


def _told(line: OfflineLine) -> dict[str, Any]:
    """Return what the desk shows of a line it sent."""
    kind, state = STATE_WORDS[line.state]
    happened = conflict_words(line)[0] if line.conflict else ""
    notes = [_note(line, one) for one in line.notes]
    return {
        "key": line.key,
        "state": line.state,
        "tone": {"ok": "green", "off": "green", "bad": "red"}.get(kind, "amber"),
        "words": " ".join(part for part in (str(state) + ":" * bool(happened), happened) if part),
        "notes": notes,
        "title": (line.result.get("item") or {}).get("title", ""),
        "code": line.item_code,
    }


def _note(line: OfflineLine, note: dict[str, Any]) -> str:
    return note_words(note, result_sentence(line.result) if line.result else "")


# --- what became of it -----------------------------------------------------------------------


@bp.get("/offline/")
@door(USE_DESK)
def lines() -> str:
    """Show the lines that wait for a person, or those of another state."""
    actor = current_actor()
    asked = request.args.get("state", CONFLICT)
    chosen = STATES if asked == "all" else (asked,) if asked in STATES else (CONFLICT,)
    with reading() as session:
        total = _count(session, actor.library_id or 0, chosen)
        page = Page(page_number(request.args.get("page")), SIZE, total)
        rows = _rows(session, actor.library_id or 0, chosen, SIZE, page.offset)
        counts = _counts(session, actor.library_id or 0)
        return render_template(
            "offline/lines.html",
            rows=_shown(session, rows),
            page=page,
            asked=asked if asked in (*STATES, "all") else CONFLICT,
            counts=counts,
            states=STATE_WORDS,
            commands=COMMANDS,
            ways=WAYS,
            typed=TYPED,
            key=f"offline-{secrets.token_hex(8)}",
        )


@bp.get("/offline/lines.xlsx")
@door(USE_DESK)
def taken_away() -> Response:
    """Give the lines as a spreadsheet."""
    actor = current_actor()
    asked = request.args.get("state", CONFLICT)
    chosen = STATES if asked == "all" else (asked,) if asked in STATES else (CONFLICT,)
    with reading() as session:
        rows = _rows(session, actor.library_id or 0, chosen, MOST_ROWS, 0)
        body = xlsx([_sheet(_shown(session, rows))])
    name = "offline.xlsx"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(body, mimetype=XLSX, headers=headers)


@bp.post("/offline/<int:line_id>")
@door(USE_DESK)
def settle(line_id: int) -> Any:
    """Settle a line by the proposal chosen."""
    form = request.form
    try:
        line = perform(
            settle_line,
            current_actor(),
            line_id=line_id,
            how=form.get("how", ""),
            typed=form.get("typed", ""),
            note=form.get("note", ""),
            key=form.get("key") or f"offline-{secrets.token_hex(8)}",
        )
        if line.state == CONFLICT:
            flash(_("It was done, and there is something else to look at."), "warn")
        else:
            flash(_("Settled."), "ok")
    except IlsError as error:
        if isinstance(error, NotFound):
            raise
        flash(sentence_for(error), "bad")
    return redirect(url_for("offline.lines"), 303)


def _of(library_id: int, states: Iterable[str]) -> Any:
    return OfflineLine.library_id == library_id, OfflineLine.state.in_(list(states))


def _count(session: Session, library_id: int, states: Iterable[str]) -> int:
    query = select(func.count()).select_from(OfflineLine).where(*_of(library_id, states))
    return session.scalar(query) or 0


def _counts(session: Session, library_id: int) -> dict[str, int]:
    query = select(OfflineLine.state, func.count()).where(OfflineLine.library_id == library_id)
    return dict(session.execute(query.group_by(OfflineLine.state)).all())


def _rows(
    session: Session, library_id: int, states: Iterable[str], limit: int, offset: int
) -> list[tuple[OfflineLine, OfflineSend]]:
    sort = request.args.get("sort", "when")
    column = SORTS.get(sort.removeprefix("-"), SORTS["when"])
    order = column.desc() if sort.startswith("-") else column
    query = (
        select(OfflineLine, OfflineSend)
        .join(OfflineSend, OfflineSend.id == OfflineLine.send_id)
        .where(*_of(library_id, states))
        .order_by(order, OfflineLine.id)
        .limit(limit)
        .offset(offset)
    )
    return [(line, sent) for line, sent in session.execute(query)]


def _shown(session: Session, rows: list[tuple[OfflineLine, OfflineSend]]) -> list[dict[str, Any]]:
    """Return what a page shows of lines: the copy, the readers, the words."""
    items = {line.item_id for line, _sent in rows if line.item_id}
    titles = dict(
        session.execute(
            select(Item.id, Record.title)
            .join(Record, Record.id == Item.record_id)
            .where(Item.id.in_(items))
        ).all()
    )
    readers = {line.patron_id for line, _sent in rows} | {
        line.facts.get("reader") for line, _sent in rows
    }
    people = {
        p.id: p for p in session.scalars(select(Patron).where(Patron.id.in_(readers - {None})))
    }
    staff_ids = {line.actor_id for line, _s in rows} | {line.settled_by for line, _s in rows}
    staff = dict(
        session.execute(select(Staff.id, Staff.name).where(Staff.id.in_(staff_ids - {None}))).all()
    )
    cards = dict(
        session.execute(
            select(PatronCard.patron_id, PatronCard.number).where(
                PatronCard.patron_id.in_(list(people)), PatronCard.state == "active"
            )
        ).all()
    )
    names = unit_names(session)
    return [
        {
            "line": line,
            "sent": sent,
            "title": titles.get(line.item_id or 0, ""),
            "reader": people.get(line.patron_id or 0),
            "other": people.get(line.facts.get("reader") or 0),
            "cards": cards,
            "by": staff.get(line.actor_id or 0, ""),
            "settled_by": staff.get(line.settled_by or 0, ""),
            "unit": names.get(line.unit_id, ""),
            "words": conflict_words(line) if line.conflict else ("", ""),
            "more": more_words(line),
            "notes": [_note(line, one) for one in line.notes],
            "ways": PROPOSALS.get(line.conflict or "", ("ok",)) if line.state == CONFLICT else (),
        }
        for line, sent in rows
    ]


def _sheet(rows: list[dict[str, Any]]) -> Sheet:
    headers = [_("When"), _("What"), _("Barcode"), _("Title"), _("Card"), _("Patron")]
    headers += [_("Branch"), _("By"), _("State"), _("What happened"), _("Settled")]
    cells = [
        [
            row["line"].effective_at,
            str(COMMANDS.get(row["line"].command, row["line"].command)),
            row["line"].item_code,
            row["title"],
            row["line"].card,
            row["reader"].name if row["reader"] else "",
            row["unit"],
            row["by"],
            str(STATE_WORDS[row["line"].state][1]),
            " ".join([row["words"][0], *row["more"], *row["notes"]]).strip(),
            " ".join(
                part
                for part in (
                    str(WAYS.get(row["line"].settled_how or "", "")),
                    row["settled_by"],
                    row["line"].settled_note,
                )
                if part
            ),
        ]
        for row in rows
    ]
    return Sheet(_("Without the server"), headers, cells, wide=(3, 9), landscape=True)
