"""The public page that checks a card by its QR code, with and without a line.

Once opened, the page itself checks the signature and the last day with the keys it brought, and
knows the cards that were lost or replaced when it was opened. Sent to the server, the text is also
held against what stands at this moment. Neither tells a name.
"""

from typing import Any

from flask import Blueprint, Response, jsonify, render_template, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from circulation.patrons.models import PatronCategory
from circulation.patrons.signed import check_card, ended_marks, public_keys, written_key
from ils.core import clock
from ils.core.db import reading
from ils.web.door import door

bp = Blueprint("card_check", __name__, template_folder="../templates", static_folder="static")


@bp.route("/verify", methods=["GET", "POST"])
@door.public
def page() -> str:
    """Show the page; on POST check the text by what the server knows now."""
    text = request.form.get("text", "")
    with reading() as session:
        return render_template(
            "circulation/card_check.html",
            site=None,
            text=text,
            checked=check_card(session, text) if text.strip() else None,
            kinds=_kinds(session),
            keys={one: written_key(key) for one, key in public_keys().items()},
        )


@bp.get("/verify/keys.json")
@door.public
def keys() -> Response:
    """Give what a page needs to check without a line: keys, ended cards, names of kinds."""
    with reading() as session:
        facts: dict[str, Any] = {
            "made": clock.now().isoformat(),
            "today": clock.today().isoformat(),
            "keys": {one: written_key(key) for one, key in public_keys().items()},
            "ended": ended_marks(session),
            "kinds": _kinds(session),
        }
    answer = jsonify(facts)
    answer.headers["Cache-Control"] = "no-cache"
    return answer


def _kinds(session: Session) -> dict[str, str]:
    rows = session.execute(select(PatronCategory.code, PatronCategory.name))
    return {row[0]: row[1] for row in rows}
