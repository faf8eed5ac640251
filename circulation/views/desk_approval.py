"""A supervisor approves one act at a clerk's desk: card and PIN in the question bar.

Nobody signs out. The approver's rights hold for this act alone; the audit log names both persons.
"""

from collections.abc import Callable
from dataclasses import replace

from flask import request
from flask_babel import gettext as _

from circulation.views.desk_acts import asked_again, override
from circulation.views.desk_state import Answer, State
from ils.accounts.actor import Actor, actor_for_staff
from ils.accounts.pins import staff_by_card
from ils.core.audit import audit
from ils.core.db import transaction
from ils.core.errors import IlsError
from ils.web.door import current_actor
from ils.web.errors import sentence_for


def _approve(state: State, key: str) -> Answer:
    clerk = current_actor()
    try:
        approver = _approver(clerk)
    except IlsError as error:
        return asked_again(state, sentence_for(error))
    if approver is None:
        return asked_again(state, _("Card and PIN do not fit."))
    if approver.staff_id == clerk.staff_id:
        return asked_again(state, _("Somebody else must approve this."))
    answer = override(state, key, replace(clerk, approver=approver))
    answer.state = replace(answer.state, remembered={})  # approved once, not until the turn ends
    return answer


def _approver(clerk: Actor) -> Actor | None:
    """Return the approver as actor at this desk; a failed try is noted in the same transaction."""
    form = request.form
    with transaction() as session:
        card, pin = form.get("approver_card", ""), form.get("approver_pin", "")
        staff = staff_by_card(session, card, pin, request.remote_addr or "")
        if staff is None:
            audit(session, clerk, "approval_failed", "staff", None)
            return None
        approver = actor_for_staff(session, staff, clerk.unit_id, clerk.workstation)
        if staff.id != clerk.staff_id:
            codes = form.getlist("code")
            audit(session, clerk, "act_approved", "staff", staff.id, codes=codes)
        return approver


APPROVED_ACTS: dict[str, Callable[[State, str], Answer]] = {"approve": _approve}
