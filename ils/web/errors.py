"""Refusals as pages or JSON: what happened, what was kept, what to do."""

import logging
from typing import Any

from flask import Flask, Response, jsonify, render_template, request
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, OperationalError
from werkzeug.exceptions import HTTPException, NotFound

from ils.accounts.permissions import PERMISSIONS
from ils.core.errors import IlsError
from ils.web import approval
from ils.web.door import current_actor, end_approval

log = logging.getLogger("sen.web")

# Sentences for codes, added by the packages that raise them: code → function(facts) → sentence.
MESSAGES: dict[str, Any] = {}


def message(code: str, sentence: Any) -> None:
    """Give a refusal's code its sentence: a lazy translation, ``%(fact)s`` filled from the facts.

    Raises ``ValueError`` where another package gave the code another sentence: one of the two would
    be said in the place of the other.
    """
    known = MESSAGES.setdefault(code, sentence)
    if _msgid(known) != _msgid(sentence):
        raise ValueError(f"two sentences for the code {code}")
    MESSAGES[code] = sentence


def _msgid(sentence: Any) -> Any:
    return getattr(sentence, "_args", sentence)


def sentence_for(error: IlsError) -> str:
    """Say a refusal in the page's language."""
    known = MESSAGES.get(error.code)
    if known is None:
        return str(_("The program refused this (%(code)s).", code=error.code))
    facts = dict(error.facts)
    if facts.get("permission") in PERMISSIONS:
        facts["permission"] = PERMISSIONS[facts["permission"]]  # the right's name, not its code
    try:
        return str(known) % facts
    except (KeyError, ValueError, TypeError):
        return str(known)


def install(app: Flask) -> None:
    """Answer every refusal and failure in the form the caller understands."""
    app.register_error_handler(IlsError, refused)
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(OperationalError, _database_away)
    app.register_error_handler(OverflowError, _number_out_of_range)
    app.register_error_handler(DataError, _number_out_of_range)
    app.register_error_handler(Exception, _failed)


def _wants_json() -> bool:
    return request.path.startswith("/api/") or request.headers.get("X-Requested-With") == "fetch"


def _answer(status: int, code: str, title: str, detail: str, advice: str, **more: Any) -> Any:
    if _wants_json():
        body = jsonify(
            type=f"about:{code}", title=title, status=status, detail=detail, code=code, **more
        )
        body.mimetype = "application/problem+json"
        return body, status
    page = render_template(
        "ils/error.html", status=status, code=code, title=title, detail=detail, advice=advice
    )
    return page, status


def refused(error: IlsError) -> Any:
    """Answer a refusal of the program's own."""
    wanted = approval.wanted_right(error)
    if wanted and not _wants_json():
        problem, again = approval.still_missing(current_actor(), sentence_for(error))
        end_approval()
        return approval.approval_page(wanted, problem, again=again), error.status
    titles = {
        403: _("You may not do this"),
        404: _("Not found"),
        409: _("This was refused"),
        422: _("Something typed is not right"),
    }
    return _answer(
        error.status,
        error.code,
        titles.get(error.status, _("This was refused")),
        sentence_for(error),
        _("Nothing was changed. Go back and try again, or ask the head of the library."),
        **({"approvable": wanted} if wanted else {}),
    )


def _csrf(error: CSRFError) -> Any:
    return _answer(
        400,
        "csrf",
        _("The page was open for too long"),
        _("For safety the form could not be accepted. Nothing was changed."),
        _("Go back, reload the page and send it again; what you typed is still in the boxes."),
    )


def _http(error: HTTPException) -> Any:
    if isinstance(error.response, Response):
        return error.response
    status = error.code or 500
    titles = {
        401: _("Please sign in"),
        404: _("Page not found"),
        410: _("No longer there"),
        405: _("This address cannot be used that way"),
        413: _("The file is too large"),
        429: _("Too many requests"),
    }
    details = {
        404: _("There is nothing at this address. It may have moved, or been mistyped."),
        410: _("What stood at this address was deleted."),
        413: _("The file is larger than this library accepts. Nothing was stored."),
        429: _("Many requests came from here in a short time. Please wait a minute."),
    }
    return _answer(
        status,
        str(status),
        titles.get(status, _("This request could not be answered")),
        details.get(status, _("The address or the data sent with it is not right.")),
        _("Go back, or start from the home page."),
    )


def _number_out_of_range(error: Exception) -> Any:
    """A number that no column can hold was asked for: there is no such thing, on either database."""
    asked = (
        "SQLite INTEGER" in str(error)
        or getattr(getattr(error, "orig", None), "sqlstate", "") == "22003"
    )
    return _http(NotFound()) if asked else _failed(error)


def _database_away(error: OperationalError) -> Any:
    if "no such " in str(error.orig):  # a table or column is missing: waiting does not help
        return _failed(error)
    log.exception("database error")
    return _answer(
        503,
        "busy",
        _("The database is busy"),
        _("Many things were being written at once and this one had to wait too long."),
        _("Nothing was changed. Wait a moment and try again."),
    )


def _failed(error: Exception) -> Any:
    log.exception("unexpected error at %s %s", request.method, request.path)
    return _answer(
        500,
        "500",
        _("Something went wrong in the program"),
        _("The fault is ours and has been written to the log. Nothing was half changed."),
        _("Try again. If it happens again, tell the provincial library the time and the page."),
    )
