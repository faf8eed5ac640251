"""Pages of notices: the list, a message, what a patron is told and how they want it, a test."""

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import force_locale
from flask_babel import gettext as _

from circulation.notices import lists, words
from circulation.notices.calls import calls_of, how_many_calls
from circulation.notices.carriers import Later, Outgoing, RefusedForGood, Unsure, carriers
from circulation.notices.letters import waiting_letters
from circulation.notices.reach import (
    choose_at_desk,
    contact_of,
    receipts_offered,
    ways_offered,
    wish_of,
)
from circulation.notices.sending import held_back
from circulation.patrons import looks
from circulation.patrons.patrons import patron_for
from circulation.permissions import EDIT_NOTICES, HANDLE_NOTICES
from circulation.rules.notices import KINDS
from ils.core import clock
from ils.core.audit import audit
from ils.core.config import config
from ils.core.db import reading, transaction
from ils.core.errors import IlsError
from ils.org.office import office_of
from ils.org.units import unit_name
from ils.printing.listing import Listing, listing_pdf, listing_xlsx
from ils.web.door import current_actor, door
from ils.web.downloads import PDF, XLSX, as_file
from ils.web.errors import sentence_for
from ils.web.pages import Page, page_number

bp = Blueprint(
    "notices",
    __name__,
    url_prefix="/staff/notices",
    static_folder="static",
    static_url_path="/static",
    template_folder="templates",
)

SIZE = 50
MOST = 20_000


def taken(content: bytes, form: str, name: str) -> Response:
    """Return a spreadsheet to keep or a paper to look at."""
    return as_file(content, f"{name}.{form}", PDF if form == "pdf" else XLSX)


def _asked() -> lists.Asked:
    given = request.args
    return lists.Asked(
        library_id=current_actor().library_id or 0,
        state=given.get("state", "") if given.get("state") in words.STATES else "",
        what=given.get("what", "") if given.get("what") in words.KINDS else "",
        channel=given.get("channel", "") if given.get("channel") in words.CHANNELS else "",
        words=given.get("q", "").strip(),
        sort=given.get("sort", ""),
    )


@bp.get("/")
@door(HANDLE_NOTICES)
def home() -> str:
    """Show what is planned, sent, not needed any more or cannot be told."""
    asked, now = _asked(), clock.now()
    number = page_number(request.args.get("page"))
    with reading() as session:
        rows = lists.rows_of(session, asked, limit=SIZE, offset=(number - 1) * SIZE)
        return render_template(
            "notices/home.html",
            asked=asked,
            page=Page(number, SIZE, lists.how_many(session, asked), rows),
            counts=lists.counts(session, asked.library_id),
            calls=how_many_calls(session, asked.library_id, clock.local_day(now)),
            letters=sum(len(g.messages) for g in waiting_letters(session, asked.library_id)),
            held=held_back(session, asked.library_id, now),
            server=sorted(carriers(config())),
            kinds=[(code, words.KINDS[code]) for code in KINDS],
            words=words,
            may_edit=current_actor().can_somewhere(EDIT_NOTICES),
        )


@bp.get("/list.<any(xlsx, pdf):form>")
@door(HANDLE_NOTICES)
def taken_away(form: str) -> Response:
    """Return the whole list as a spreadsheet or a paper; that it was taken away is audited."""
    actor, asked = current_actor(), _asked()
    with force_locale("vi"), transaction() as session:
        rows = lists.rows_of(session, asked, limit=MOST)
        audit(session, actor, "list_taken", "list", None, list="notices", rows=len(rows))
        for row in rows:
            row["kind"] = words.KINDS_VI[row["what"]]
            row["way"] = words.CHANNELS_VI.get(row["channel"] or "", "")
            row["said"] = words.STATES_VI[row["state"]]
        listing = Listing(
            title="Danh sách thông báo gửi bạn đọc",
            columns=lists.COLUMNS,
            rows=rows,
            office=office_of(session, asked.library_id),
            about=[f"(tính đến ngày {clock.today():%d/%m/%Y})"],
        )
        content = listing_pdf(listing) if form == "pdf" else listing_xlsx(listing)
    return taken(content, form, "thong-bao")


@bp.route("/message/<int:message_id>", methods=["GET", "POST"])
@door(HANDLE_NOTICES)
def message(message_id: int) -> Any:
    """Show a message as it was or will be sent; decide on one that may have gone."""
    actor = current_actor()
    if request.method == "POST":
        try:
            with transaction() as session:
                went = request.form.get("act") == "went"
                lists.decide_unsure(session, actor, message_id, went=went)
        except IlsError as error:
            if error.status == 404:
                raise
            flash(sentence_for(error), "bad")
        else:
            flash(_("Recorded."), "ok")
        return redirect(url_for("notices.message", message_id=message_id))
    with reading() as session:
        found = lists.message_for(session, actor, message_id)
        patron_id = found.patron_id
        patron = patron_for(session, actor, patron_id, HANDLE_NOTICES) if patron_id else None
        return render_template(
            "notices/message.html",
            message=found,
            patron=patron,
            notices=lists.notices_in(session, message_id),
            calls=calls_of(session, [message_id]).get(message_id, []),
            words=words,
        )


@bp.post("/drop/<int:notice_id>")
@door(HANDLE_NOTICES)
def drop(notice_id: int) -> Any:
    """Take a planned notice out."""
    try:
        with transaction() as session:
            lists.drop_notice(session, current_actor(), notice_id)
    except IlsError as error:
        if error.status == 404:
            raise
        flash(sentence_for(error), "bad")
    else:
        flash(_("It will not be sent."), "ok")
    patron_id = request.form.get("patron", type=int)
    if patron_id:
        return redirect(url_for("notices.patron", patron_id=patron_id))
    return redirect(url_for("notices.home", state="planned"))


@bp.route("/patron/<int:patron_id>", methods=["GET", "POST"])
@door(HANDLE_NOTICES)
def patron(patron_id: int) -> Any:
    """Show what a patron was told and is to be told, and how they want it."""
    actor, problem, status = current_actor(), "", 200
    if request.method == "POST":
        try:
            with transaction() as session:
                choose_at_desk(
                    session,
                    actor,
                    patron_id,
                    channel=request.form.get("channel", ""),
                    courtesies="courtesies" in request.form,
                    language=request.form.get("language", "vi"),
                    receipt=request.form.get("receipt", ""),
                )
        except IlsError as error:
            if error.status == 404:
                raise
            problem, status = sentence_for(error), error.status
        else:
            flash(_("The changes were saved."), "ok")
            return redirect(url_for("notices.patron", patron_id=patron_id))
    with reading() as session:
        found = patron_for(session, actor, patron_id, HANDLE_NOTICES)
        looks.note_look(session, actor, patron_id, looks.RECORD)
        page = render_template(
            "notices/patron.html",
            patron=found,
            contact=contact_of(session, found),
            wish=wish_of(session, patron_id),
            ways=ways_offered(session, found),
            receipts=receipts_offered(session, found),
            rows=lists.told_of(session, patron_id),
            words=words,
            problem=problem,
        )
    return page, status


@bp.route("/test", methods=["GET", "POST"])
@door(EDIT_NOTICES)
def test() -> Any:
    """Send a message to oneself, to see that the server takes it; its answer is shown."""
    offered, problem, sent, status = carriers(config()), "", "", 200
    form = request.form
    if request.method == "POST":
        way, to = form.get("channel", ""), form.get("to", "").strip()
        if way not in offered or not to:
            problem, status = _("Choose a way and type where to send it."), 422
        else:
            with reading() as session:
                name = unit_name(session, current_actor().library_id or 0)
            problem, sent = _tried(offered[way], way, to, name)
            status = 502 if problem else 200
            with transaction() as session:
                audit(session, current_actor(), "notice_tried", "org_unit", None, way=way)
    page = render_template(
        "notices/test.html",
        server=sorted(offered),
        words=words,
        problem=problem,
        sent=sent,
        typed=form,
    )
    return page, status


def _tried(carrier: Any, way: str, to: str, name: str) -> tuple[str, str]:
    """Send the test message; return (what is wrong, what went well)."""
    text = _("This is a test message of %(library)s.", library=name)
    stamp = f"{clock.now():%Y%m%d%H%M%S%f}"
    outgoing = Outgoing(f"<sen.test.{stamp}@sen.invalid>", to, text, text + "\n", sender_name=name)
    try:
        carrier.send(outgoing)
    except Later as error:
        return _("Not taken for now: %(why)s", why=str(error)), ""
    except RefusedForGood as error:
        return _("Refused: %(why)s", why=str(error)), ""
    except Unsure as error:
        return _("Handed over, but no answer came: %(why)s", why=str(error)), ""
    return "", _("The server took the message (%(way)s).", way=words.CHANNELS[way])
