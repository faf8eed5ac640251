"""What is particular to one workstation: its name, printer, loudness and keys.

It is kept in a cookie of that workstation's browser, so it costs no query and goes with the
machine, whoever signs in there.
"""

import json
import re
from dataclasses import asdict, dataclass, field, replace
from typing import Any
from urllib.parse import quote, unquote

from flask import Blueprint, flash, g, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from circulation.permissions import USE_DESK
from ils.web.door import door
from ils.web.session import WORKSTATION_COOKIE

bp = Blueprint("workstation", __name__, url_prefix="/staff/desk/workstation")

COOKIE = "desk"
KEYS_COOKIE = "keys"  # the same keys once more, for the pages' script
YEARS = 5 * 365 * 86400
PAPERS = {"80": _l("Roll, 80 mm"), "58": _l("Roll, 58 mm"), "a5": _l("A5 sheet")}
WHEN = {"ask": _l("Ask"), "always": _l("Always"), "never": _l("Never")}
SLIPS = {
    "loan": _l("Loan slip"),
    "hold": _l("Hold slip"),
    "transit": _l("Transit slip"),
    "receipt": _l("Receipt"),
}
HOTKEYS: dict[str, Any] = {
    "F2": _l("Return"),
    "F4": _l("Patrons"),
    "F8": _l("Last patron"),
    "F9": _l("Print the last slip again"),
    "Alt+U": _l("Lend"),
    "Alt+R": _l("Return"),
    "Alt+W": _l("Renew all"),
    "Alt+I": _l("In-house use"),
    "Alt+Q": _l("Catalog"),
    "Alt+N": _l("New title"),
    "Alt+J": _l("Last copy"),
    "Alt+K": _l("Next in the list"),
    "Alt+P": _l("Take"),
    "Alt+G": _l("Slip by e-mail"),
    "Alt+Y": _l("Why?"),
    "Ctrl+Z": _l("Undo the last"),
    "Ctrl+Alt+L": _l("Lock the screen"),
}
# What browsers, Windows and Unikey keep for themselves.
TAKEN = {*(f"F{n}" for n in (1, 3, 5, 6, 7, 10, 11, 12))}
TAKEN |= {f"Alt+{c}" for c in "DEFHZ"} | {f"Ctrl+{c}" for c in "TWNCVXARFPL"}
_KEY = re.compile(r"(?:Ctrl\+)?(?:Alt\+)?(?:[A-Z0-9]|F\d{1,2})")


@dataclass(frozen=True)
class Workstation:
    """The settings of the machine that asks. ``keys`` maps a key of ours to the one used here."""

    paper: str = "80"
    prints: dict[str, str] = field(default_factory=lambda: dict.fromkeys(SLIPS, "ask"))
    volume: int = 60
    keys: dict[str, str] = field(default_factory=dict)


def workstation() -> Workstation:
    """Return the settings of the workstation that asks; what is odd in its cookie is left out."""
    if "workstation" not in g:
        g.workstation = _read(request.cookies.get(COOKIE, ""))
    return g.workstation  # type: ignore[no-any-return]


def _read(cookie: str) -> Workstation:
    try:
        kept = json.loads(unquote(cookie)) if cookie else {}
    except ValueError:
        kept = {}
    if not isinstance(kept, dict):
        kept = {}
    found, prints = Workstation(), kept.get("prints")
    if isinstance(prints, dict):
        known = {k: v for k, v in prints.items() if k in SLIPS and v in WHEN}
        found = replace(found, prints=found.prints | known)
    if kept.get("paper") in PAPERS:
        found = replace(found, paper=kept["paper"])
    if isinstance(kept.get("volume"), int) and 0 <= kept["volume"] <= 100:
        found = replace(found, volume=kept["volume"])
    if isinstance(kept.get("keys"), dict) and not wrong_keys(kept["keys"]):
        found = replace(found, keys=kept["keys"])
    return found


def wrong_keys(keys: dict[str, Any]) -> list[str]:
    """Return the keys that cannot be used: not ours to give, taken elsewhere, or given twice."""
    used = [*keys.values(), *(k for k in HOTKEYS if k not in keys)]
    return [
        str(new)
        for old, new in keys.items()
        if old not in HOTKEYS or not _usable(new) or used.count(new) > 1
    ]


def _usable(new: Any) -> bool:
    if not isinstance(new, str) or not _KEY.fullmatch(new) or new in TAKEN:
        return False
    return "+" in new or new.startswith("F")


@bp.route("", methods=["GET", "POST"])
@door(USE_DESK)
def settings() -> Any:
    """Show and keep the settings of the workstation that asks."""
    now = workstation()
    if request.method == "GET":
        return _page(now, [])
    form = request.form
    keys = {k: form.get(f"key:{k}", "").strip() for k in HOTKEYS}
    keys = {k: new for k, new in keys.items() if new not in ("", k)}
    asked = Workstation(
        paper=form.get("paper", now.paper),
        prints={kind: form.get(f"print:{kind}", "ask") for kind in SLIPS},
        volume=min(100, max(0, form.get("volume", now.volume, type=int))),
        keys=keys,
    )
    wrong = wrong_keys(keys)
    if wrong:
        return _page(asked, wrong), 422
    flash(_("Kept for this workstation."), "ok")
    answer = make_response(redirect(url_for("workstation.settings")))
    packed = quote(json.dumps(asdict(asked), ensure_ascii=True, separators=(",", ":")))
    facts: dict[str, Any] = {"max_age": YEARS, "samesite": "Lax", "path": "/staff"}
    answer.set_cookie(COOKIE, packed, httponly=True, **facts)
    answer.set_cookie(KEYS_COOKIE, quote(json.dumps(keys)), **facts)
    name = form.get("name", "").strip()[:40]
    answer.set_cookie(WORKSTATION_COOKIE, quote(name), httponly=True, **facts)
    return answer


def _page(shown: Workstation, wrong: list[str]) -> str:
    return render_template(
        "circulation/desk_workstation.html",
        w=shown,
        wrong=wrong,
        name=unquote(request.cookies.get(WORKSTATION_COOKIE, "")),
        papers=PAPERS,
        when=WHEN,
        slips=SLIPS,
        hotkeys=HOTKEYS,
    )
