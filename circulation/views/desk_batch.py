"""Many barcodes at once: a pasted list, or the file of a data collector, done line by line."""

from typing import Any

from flask import render_template, request
from flask_babel import gettext as _

from circulation.sentences import reason_sentence, result_sentence
from circulation.views.desk import bp
from circulation.views.desk_scan import scanned
from circulation.views.desk_state import USE, Answer, State, new_key
from circulation.views.desk_workstation import workstation
from ils.core.errors import IlsError
from ils.web.door import door
from ils.web.errors import sentence_for

MOST_LINES = 300


@bp.route("/batch", methods=["GET", "POST"])
@door(USE)
def batch() -> Any:
    """Scan each line as if by hand. Lines that were not done stay in the box to be tried again."""
    state = State.from_request()
    if request.method == "GET":
        return _page(state, "", [], new_key())
    text, key = request.form.get("lines", ""), request.form.get("key") or new_key()
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > MOST_LINES:
        problem = _("At most %(most)s lines at once.", most=MOST_LINES)
        return _page(state, text, [], key, problem), 422
    done = []
    for number, line in enumerate(lines):
        answer = _one(state, line, f"{key[:60]}-{number}")
        done.append((line, answer, said(answer)))
        if answer.tone != "red" and not answer.choice:
            state = answer.state  # a card among the lines opens its patron, as at the desk
    left = "\n".join(line for line, answer, _text in done if not _is_done(answer))
    return _page(state, left, done, new_key())


def _one(state: State, line: str, key: str) -> Answer:
    try:
        return scanned(state, line, key)
    except IlsError as error:
        return Answer(state, message=sentence_for(error), tone="red")


def _is_done(answer: Answer) -> bool:
    if answer.result is not None:
        return bool(answer.result["ok"])
    return answer.tone == "green" and answer.choice is None


def said(answer: Answer) -> str:
    """Return in words what became of a line."""
    if answer.result is None:
        return answer.message or _("Opened.")
    words = [result_sentence(answer.result)]
    if not answer.result["ok"]:
        reasons = answer.result.get("reasons") or []
        words += [reason_sentence(r["code"], r["facts"]) for r in reasons if r["level"] != "info"]
    return " ".join(words)


def _page(state: State, text: str, done: list[Any], key: str, problem: str = "") -> str:
    good = sum(1 for _line, answer, _text in done if _is_done(answer))
    return render_template(
        "circulation/desk_batch.html",
        state=state,
        desk_state=state,
        text=text,
        done=done,
        good=good,
        key=key,
        problem=problem,
        workstation=workstation(),
    )
