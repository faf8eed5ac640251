"""What the law on personal data asks for: copies, erasure, who looked, requests, how long."""

from typing import Any

import orjson
from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from circulation.patrons import looks, sentences
from circulation.patrons.erasure import ERASE, erase_patron, stands_against
from circulation.patrons.forms import REQUEST_WORDS, RequestForm
from circulation.patrons.models import PersonRequest
from circulation.patrons.patrons import EDIT, patron_for
from circulation.patrons.person_data import person_data, person_pdf
from circulation.patrons.person_sentences import paper_words
from circulation.patrons.requests import answer_request, ask_at_desk, find_requests
from circulation.patrons.settings import RETENTION
from circulation.patrons.views import bp
from ils.core import clock
from ils.core.audit import audit
from ils.core.db import reading, transaction
from ils.core.errors import IlsError, Invalid
from ils.org.settings import setting_with_origin
from ils.org.units import unit_names, version_on
from ils.web.door import current_actor, door
from ils.web.downloads import name_file
from ils.web.errors import sentence_for
from ils.web.forms import parse_day
from ils.web.pages import Page, page_number

PAGE = 50


def json_response(data: dict[str, Any], name: str) -> Response:
    """Return a person's data as a file to keep."""
    body = orjson.dumps(data, option=orjson.OPT_INDENT_2)
    return _file(body, "application/json", f"{name}.json")


def pdf_response(data: dict[str, Any], above: str, name: str) -> Response:
    """Return a person's data as a paper."""
    return _file(person_pdf(data, paper_words(data, above=above)), "application/pdf", f"{name}.pdf")


def _file(body: bytes, mime: str, name: str) -> Response:
    answer = Response(body, mimetype=mime)
    name_file(answer, name)
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _data(patron_id: int) -> tuple[dict[str, Any], str]:
    with transaction() as session:
        patron = patron_for(session, current_actor(), patron_id, EDIT)
        looks.write_look(session, current_actor(), patron_id, looks.EXPORT)
        audit(session, current_actor(), "data_copied", "patron", patron_id)
        session.flush()
        above = version_on(session, patron.library_id).managing_body
        return person_data(session, patron_id), above


@bp.get("/<int:patron_id>/data.json")
@door(EDIT)
def data_json(patron_id: int) -> Response:
    """Give a copy of all data held on a patron, for machines."""
    return json_response(_data(patron_id)[0], f"patron-{patron_id}")


@bp.get("/<int:patron_id>/data.pdf")
@door(EDIT)
def data_pdf(patron_id: int) -> Response:
    """Give a copy of all data held on a patron, as a paper."""
    data, above = _data(patron_id)
    return pdf_response(data, above, f"patron-{patron_id}")


@bp.route("/<int:patron_id>/erase", methods=["GET", "POST"])
@door(ERASE)
def erase(patron_id: int) -> Any:
    """Show what stands against erasing a person and what would be left; on POST erase."""
    problem, status = None, 200
    if request.method == "POST":
        try:
            _erase(patron_id)
        except IlsError as error:
            if error.status == 404:
                raise
            problem, status = sentence_for(error), error.status
        else:
            flash(_("The person is erased. What was lent and paid still counts."), "ok")
            return redirect(url_for("patrons.find"))
    with reading() as session:
        patron = patron_for(session, current_actor(), patron_id, ERASE)
        looks.note_look(session, current_actor(), patron_id, looks.ERASE)
        page = render_template(
            "circulation/patrons_erase.html",
            patron=patron,
            against=stands_against(session, patron_id),
            words=sentences.AGAINST,
            problem=problem,
        )
    return page, status


def _erase(patron_id: int) -> None:
    with transaction() as session:
        patron = patron_for(session, current_actor(), patron_id, ERASE)
        typed = request.form.get("name", "").strip()
        if typed.casefold() != patron.name.casefold():
            raise Invalid("erase_name_differs", field="name")
        erase_patron(session, current_actor(), patron_id)


@bp.get("/looks")
@door(looks.VIEW_LOOKS)
def looks_page() -> str:
    """List who looked at patrons' records."""
    number, staff = page_number(request.args.get("page")), request.args.get("staff", "").strip()
    days = {name: _asked_day(name) for name in ("first", "last")}
    with reading() as session:
        total, rows = looks.find_looks(
            session,
            current_actor(),
            staff=staff,
            first=days["first"],
            last=days["last"],
            limit=PAGE,
            offset=(number - 1) * PAGE,
        )
        return render_template(
            "circulation/patrons_looks.html",
            page=Page(number, PAGE, total, rows),
            why=sentences.WHY,
            names=unit_names(session),
            typed=request.args,
        )


def _asked_day(name: str) -> Any:
    try:
        return parse_day(request.args[name]) if request.args.get(name) else None
    except ValueError:
        return None


@bp.get("/requests")
@door(EDIT)
def requests() -> str:
    """List what persons ask about their data, the most urgent first."""
    state = request.args.get("state", "open")
    state = state if state in sentences.REQUEST_STATES else "open"
    number = page_number(request.args.get("page"))
    with reading() as session:
        total, rows = find_requests(
            session, current_actor(), state=state, limit=PAGE, offset=(number - 1) * PAGE
        )
        return render_template(
            "circulation/patrons_requests.html",
            page=Page(number, PAGE, total, rows),
            state=state,
            states=sentences.REQUEST_STATES,
            kinds=REQUEST_WORDS,
            today=clock.today(),
        )


@bp.post("/requests/<int:request_id>")
@door(EDIT)
def answer(request_id: int) -> Any:
    """Close a request with an answer."""
    try:
        with transaction() as session:
            answer_request(
                session,
                current_actor(),
                request_id,
                done=request.form.get("act") == "done",
                answer=request.form.get("answer", ""),
            )
    except IlsError as error:
        if error.status == 404:
            raise
        flash(sentence_for(error), "bad")
    else:
        flash(_("The request is answered."), "ok")
    return redirect(url_for("patrons.requests"))


@bp.route("/<int:patron_id>/request", methods=["GET", "POST"])
@door(EDIT)
def new_request(patron_id: int) -> Any:
    """Write down a request told at the desk."""
    with reading() as session:
        patron = patron_for(session, current_actor(), patron_id, EDIT)
    form, status = RequestForm(), 200
    if form.validate_on_submit():
        try:
            with transaction() as session:
                row: PersonRequest = ask_at_desk(
                    session, current_actor(), patron_id, form.kind.data, form.text.data or ""
                )
        except IlsError as error:
            form.text.errors, status = [*form.text.errors, sentence_for(error)], error.status
        else:
            last = row.due_on.strftime("%d/%m/%Y")
            flash(_("The request is written down; to be answered by %(day)s.", day=last), "ok")
            return redirect(url_for("patrons.show", patron_id=patron_id))
    elif request.method == "POST":
        status = 422
    return render_template("circulation/patrons_request.html", patron=patron, form=form), status


@bp.get("/retention")
@door(looks.VIEW_LOOKS)
def retention() -> str:
    """Show how long what is kept, and where each period comes from."""
    unit_id = current_actor().library_id or current_actor().unit_id
    with reading() as session:
        rows = [(one, setting_with_origin(session, unit_id, one.key)) for one in RETENTION]
        return render_template(
            "circulation/patrons_retention.html", rows=rows, names=unit_names(session)
        )
