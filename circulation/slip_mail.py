"""A reader's loan slip by mail: asked for at the desk, written and sent by the worker.

Nothing of it is kept: the job holds ids, the text is written when it is sent, of what is on loan then.
"""

from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from circulation.notices.carriers import Mail, Outgoing
from circulation.notices.sending import message_host
from circulation.patrons.models import Patron
from circulation.patrons.patrons import patron_for
from circulation.permissions import USE_DESK
from circulation.slips import LoanSlip, loan_slip
from ils.accounts.actor import Actor, system_actor
from ils.core.config import config
from ils.core.db import reading
from ils.core.errors import Refused
from ils.core.jobs import Progress, enqueue, job_kind
from ils.core.money import dong
from ils.org.models import OrgUnitVersion
from ils.org.units import library_of, version_on


def can_be_mailed(patron: Patron) -> bool:
    """Tell whether a slip can go to a patron: an address is known, and a mail server."""
    return bool(patron.email and config().smtp_host)


def mail_loan_slip(session: Session, actor: Actor, *, patron_id: int) -> str:
    """Queue the slip of a patron's loans; return the address it goes to.

    Raises ``Refused`` where no address or no mail server is known.
    """
    actor.require(USE_DESK)
    patron = patron_for(session, actor, patron_id)
    if not can_be_mailed(patron):
        raise Refused("slip_not_mailed")
    enqueue(session, actor, "mail_slip", patron_id=patron.id, unit_id=actor.unit_id)
    return patron.email


@job_kind("mail_slip")
def send_slip(progress: Progress, args: dict[str, Any]) -> dict[str, Any]:
    """Write the slip in the patron's language and hand it to the mail server."""
    with reading() as session:
        slip = loan_slip(session, system_actor(session, args["unit_id"]), args["patron_id"])
        library = version_on(session, library_of(session, args["unit_id"]).id)
        message = _message(slip, library, f"<slip-{progress.job_id}@{message_host()}>")
    Mail(config()).send(message)
    return {}


def _message(slip: LoanSlip, library: OrgUnitVersion, reference: str) -> Outgoing:
    with force_locale(slip.patron.language if slip.patron.language in ("vi", "en") else "vi"):
        lines = [_("Reader: %(reader)s", reader=slip.reader), ""]
        for one in (*slip.new, *slip.others):
            due = _("due %(day)s", day=one.loan.due_on.strftime("%d/%m/%Y"))
            lines.append(f"- {one.title} ({one.item.accession_no or one.item.barcode}): {due}")
        if slip.running:
            lines += ["", _("Fines running today: %(sum)s", sum=dong(slip.running))]
        lines += ["", slip.thanks or _("Thank you, and enjoy reading!"), library.name]
        subject = f"{_('Loan slip')} – {library.name}"
        text = "\n".join(lines)
        return Outgoing(reference, slip.patron.email, subject, text, library.name, library.email)
