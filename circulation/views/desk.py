"""The desk: one box for cards and items, the patron's panel, the list of what was done.

Each scan is one POST with its own key, so that a key sent twice happens once. Without JavaScript
the answer is the page again; with it, the row and the panel that changed.
"""

from typing import Any

from flask import Blueprint, abort, request

from circulation.scan import Scanned, recognize
from circulation.views.desk_acts import ACTS
from circulation.views.desk_scan import finished, scanned
from circulation.views.desk_show import panel_of, respond, show
from circulation.views.desk_state import USE, Answer, State, new_key
from ils.core.db import reading
from ils.core.errors import Forbidden, IlsError
from ils.web.door import current_actor, door, end_approval
from ils.web.errors import sentence_for

bp = Blueprint(
    "desk",
    __name__,
    url_prefix="/staff/desk",
    template_folder="../templates",
    static_folder="../static",
    static_url_path="/static",
)


@bp.get("")
@door(USE)
def page() -> Any:
    """Show the desk; ``?card=`` opens a patron."""
    state = State.from_request()
    if request.args.get("card"):
        with reading() as session:
            found = recognize(session, current_actor(), request.args["card"])
            if found.card is not None:
                state.patron_id = found.card.patron_id
    return show(Answer(state))


@bp.get("/panel")
@door(USE)
def panel() -> str:
    """Show the patron's panel alone, for a page whose scans are all answered."""
    return panel_of(Answer(State.from_request()))


@bp.post("/scan")
@door(USE)
def scan() -> Any:
    """Do what the scanned thing means here and now."""
    state = State.from_request()
    text = request.form.get("scan", "").strip()
    key = request.form.get("key") or new_key()
    try:
        return respond(scanned(state, text, key) if text else finished(state))
    except IlsError as error:
        return respond(Answer(state, message=sentence_for(error), tone="red"))


@bp.post("/act")
@door(USE)
def act() -> Any:
    """Do what a button at the desk says."""
    state, form = State.from_request(), request.form
    # What a button says comes after what its form would do, and counts.
    key, word = form.get("key") or new_key(), (form.getlist("act") or [""])[-1]
    known = ACTS.get(word)
    if known is None:
        abort(400)
    try:
        answer = known(state, key)
        end_approval()
        return respond(answer)
    except Forbidden:
        raise  # a supervisor may approve it
    except IlsError as error:
        # What was typed of an unknown book stays, to be put right.
        typed = Scanned("nothing", form.get("barcode", "")) if word == "fast_add" else None
        return respond(Answer(state, choice=typed, message=sentence_for(error), tone="red"))
