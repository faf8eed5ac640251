"""Pages where notices are worked off: the call list and the letters."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import force_locale
from flask_babel import gettext as _

from circulation.notices import calls, letters, words
from circulation.notices.views import bp, taken
from circulation.permissions import HANDLE_NOTICES
from ils.core import clock
from ils.core.audit import audit
from ils.core.db import reading, transaction
from ils.core.errors import IlsError, Invalid
from ils.org.office import office_of
from ils.printing.listing import Listing, listing_pdf, listing_xlsx
from ils.web.door import current_actor, door
from ils.web.errors import sentence_for
from ils.web.forms import parse_day
from ils.web.pages import Page, page_number

SIZE = 30


@bp.get("/calls")
@door(HANDLE_NOTICES)
def call_list() -> Any:
    """Show whom to call today, the next call on top with a key for each result."""
    library_id, today = current_actor().library_id or 0, clock.today()
    number = page_number(request.args.get("page"))
    with transaction() as session:
        calls.recheck_calls(session, library_id, today)
    with reading() as session:
        total = calls.how_many_calls(session, library_id, today)
        rows = calls.waiting_calls(
            session, library_id, today, limit=SIZE, offset=(number - 1) * SIZE
        )
        wanted = request.args.get("call", type=int)
        chosen = next((row for row in rows if row.id == wanted), rows[0] if rows else None)
        return render_template(
            "notices/calls.html",
            page=Page(number, SIZE, total, rows),
            call=chosen,
            words=words,
        )


@bp.post("/calls/<int:message_id>")
@door(HANDLE_NOTICES)
def called(message_id: int) -> Any:
    """Record what came of a call and go to the next."""
    form = request.form
    result = form.get("result", "")
    try:
        promised = _day(form.get("promised_on", "")) if result == "promised" else None
        with transaction() as session:
            calls.record_call(
                session,
                current_actor(),
                message_id=message_id,
                result=result,
                tries=form.get("tries", 0, type=int),
                promised_on=promised,
            )
    except IlsError as error:
        if error.status in (403, 404):
            raise
        flash(sentence_for(error), "bad")
        return redirect(url_for("notices.call_list", call=message_id))
    flash(_("Recorded: %(result)s.", result=words.RESULTS[result]), "ok")
    return redirect(url_for("notices.call_list"))


def _day(typed: str) -> Any:
    try:
        return parse_day(typed)
    except ValueError as error:
        raise Invalid("call_promise_day", field="promised_on") from error


@bp.get("/calls.<any(xlsx, pdf):form>")
@door(HANDLE_NOTICES)
def calls_taken(form: str) -> Any:
    """Return the call list as a spreadsheet or a paper, with a column for the result."""
    actor, today = current_actor(), clock.today()
    library_id = actor.library_id or 0
    with force_locale("vi"), transaction() as session:
        calls.recheck_calls(session, library_id, today)
        rows = [one.row() for one in calls.waiting_calls(session, library_id, today)]
        audit(session, actor, "list_taken", "list", None, list="calls", rows=len(rows))
        listing = Listing(
            title="Danh sách gọi điện cho bạn đọc",
            columns=calls.COLUMNS_VI,
            rows=rows,
            office=office_of(session, library_id),
            about=[f"(ngày {today:%d/%m/%Y})"],
            signers=("Người gọi", "Phụ trách thư viện"),
        )
        content = listing_pdf(listing) if form == "pdf" else listing_xlsx(listing)
    return taken(content, form, "danh-sach-goi")


# --- letters ---------------------------------------------------------------------------------


@bp.route("/letters", methods=["GET", "POST"])
@door(HANDLE_NOTICES)
def letter_list() -> Any:
    """Show the letters to be printed by class and commune; print those chosen."""
    actor = current_actor()
    if request.method == "POST":
        try:
            with transaction() as session:
                batch = letters.print_letters(session, actor, groups=request.form.getlist("group"))
                batch_id, count = batch.id, batch.count
        except IlsError as error:
            flash(sentence_for(error), "bad")
            return redirect(url_for("notices.letter_list"))
        flash(_("%(n)s letters are printed and count as told.", n=count), "ok")
        return redirect(url_for("notices.letter_list", printed=batch_id))
    with reading() as session:
        library_id = actor.library_id or 0
        return render_template(
            "notices/letters.html",
            groups=letters.waiting_letters(session, library_id),
            batches=letters.printed(session, library_id),
            just=request.args.get("printed", type=int),
        )


@bp.get("/letters/<int:batch_id>.pdf")
@door(HANDLE_NOTICES)
def letters_paper(batch_id: int) -> Any:
    """Return printed letters as a paper; printed again they are the same."""
    with reading() as session:
        batch = letters.letters_for(session, current_actor(), batch_id)
        content = letters.letters_pdf(session, batch)
    return taken(content, "pdf", f"thu-{batch_id}")
