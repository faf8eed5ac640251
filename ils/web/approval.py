"""A supervisor approves one act that somebody else may not do, at that person's screen.

An act refused for want of a right shows what it was and asks for a staff card and a PIN. Sent once
more with both, the very same request runs with the rights of whoever approves lent to it; nobody
signs out, the audit log names both, and the next request has the old rights again. Packages name the
rights that may be lent so (``may_be_approved``); what was not refused needs no card.
"""

from typing import Any

from flask import render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from ils.accounts.actor import Actor, actor_for_staff
from ils.accounts.permissions import PERMISSIONS
from ils.accounts.pins import staff_by_card
from ils.core.audit import audit, name_acts, name_facts
from ils.core.db import transaction
from ils.core.errors import IlsError, Refused

CARD, PIN, WANTED = "approver_card", "approver_pin", "approver_for"
_OWN_FIELDS = {CARD, PIN, WANTED, "csrf_token"}
_FAILED = ("approval_failed", "approval_own", "sign_in_wait")
_KEY, _AGAIN, _LONGEST = "key", "-ok", 75  # a refusal may be kept under the key it came with

APPROVABLE: set[str] = set()

# What whoever approves is shown of the form, by the names boxes have everywhere.
SAID: dict[str, Any] = {
    "reason": _l("Reason"),
    "why": _l("Reason"),
    "amount": _l("Amount"),
    "title": _l("Title"),
    "barcode": _l("Barcode"),
    "note": _l("Note"),
}


def may_be_approved(*permissions: str) -> None:
    """Say which rights somebody who stands by may lend to one act."""
    APPROVABLE.update(permissions)


def approver_of(actor: Actor) -> Actor | None:
    """Return who approves this request, None where no card was given.

    A failed try is noted. Raises ``Refused`` where card and PIN do not fit, or are one's own.
    """
    if request.method != "POST" or CARD not in request.form:
        return None
    with transaction() as session:
        staff = staff_by_card(
            session, request.form[CARD], request.form.get(PIN, ""), request.remote_addr or ""
        )
        if staff is None:
            audit(session, actor, "approval_failed", "staff", None)
        elif staff.id != actor.staff_id:
            wanted = [one for one in request.form.getlist(WANTED) if one in PERMISSIONS]
            codes = request.form.getlist("code")
            audit(session, actor, "act_approved", "staff", staff.id, codes=codes, rights=wanted)
            return actor_for_staff(session, staff, actor.unit_id, actor.workstation)
    raise Refused("approval_failed" if staff is None else "approval_own")


def wanted_right(error: IlsError) -> str:
    """Return the right for want of which this request was refused and which may be lent to it."""
    if request.method != "POST" or not current_user.is_authenticated or request.files:
        return ""
    failed = error.code in _FAILED and CARD in request.form
    wanted = request.form.get(WANTED, "") if failed else error.facts.get("permission", "")
    return wanted if wanted in APPROVABLE else ""


def approval_page(permission: str, problem: str, *, again: bool) -> str:
    """Ask for card and PIN, with all that was typed carried along.

    ``again``: whoever approved does not hold the right either, or card and PIN did not fit.
    """
    return render_template(
        "ils/approve.html",
        right=PERMISSIONS[permission],
        permission=permission,
        problem=problem if again else "",
        said=[(label, request.form[n]) for n, label in SAID.items() if request.form.get(n)],
        carried=[(n, _carried(n, v)) for n, v in request.form.items(multi=True) if _goes(n)],
        here=request.full_path.rstrip("?"),
        back=_back(),
        fields=(CARD, PIN, WANTED),
    )


def _goes(name: str) -> bool:
    return name not in _OWN_FIELDS


def _carried(name: str, value: str) -> str:
    fresh = name == _KEY and value and not value.endswith(_AGAIN)
    return f"{value[: _LONGEST - len(_AGAIN)]}{_AGAIN}" if fresh else value


def _back() -> str:
    """Return the page the act was asked for on."""
    before = request.referrer or ""
    return before if before.startswith(request.host_url) else "/staff/"


def say() -> None:
    """Give names to what is audited here."""
    name_acts(
        act_approved=_l("Act approved at a colleague's desk"),
        approval_failed=_l("Approval failed: card and PIN did not fit"),
    )
    name_facts(approved_by=_l("approved by"), codes=_l("reasons"), rights=_l("rights lent"))


def still_missing(actor: Actor, sentence: str) -> tuple[str, bool]:
    """Return what to say where a right is missing, and whether somebody tried to approve."""
    if actor.approver is None:
        return sentence, CARD in request.form
    return _("%(name)s does not hold this right here either.", name=actor.approver.name), True
