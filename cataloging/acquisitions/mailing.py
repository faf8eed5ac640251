"""An order sent to its supplier by mail, the paper attached: asked for here, carried by the worker.

The mail goes out of the house as notices to readers do; who carries it registers itself
(``cataloging.hooks.Post``). A letter is handed over once: where nobody can know whether it went, or the
worker was killed in that moment, that is said and a person decides.
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.acquisitions.models import OrderMail, PurchaseOrder, Supplier
from cataloging.acquisitions.orders import lines_of, order_for
from cataloging.acquisitions.papers import order_pdf
from cataloging.hooks import Letter, post
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.audit import audit
from ils.core.db import reading, transaction
from ils.core.errors import Refused
from ils.core.jobs import Progress, enqueue, job_kind
from ils.org.units import version_on
from ils.printing.listing import written

KIND: Final = "order_mail"


def can_mail(session: Session, order: PurchaseOrder) -> str:
    """Return the address an order would be mailed to; '' where there is none, or no mail server."""
    carrier = post()
    if carrier is None or not carrier.able():
        return ""
    return session.get_one(Supplier, order.supplier_id).email


def mail_order(session: Session, actor: Actor, order_id: int) -> OrderMail:
    """Queue an order that is held as sent for its supplier's address.

    Raises ``Refused`` for a draft, where there is no address or mail server, and while a letter is
    on its way.
    """
    order = order_for(session, actor, order_id, lock=True)
    if order.state != "sent":
        raise Refused("order_not_sent")
    to = can_mail(session, order)
    if not to:
        raise Refused("order_not_mailable")
    if any(one.state in ("waiting", "handing") for one in mails_of(session, order_id)):
        raise Refused("order_on_its_way")
    made = OrderMail(order_id=order.id, address=to, asked_by=actor.staff_id)
    session.add(made)
    session.flush()
    enqueue(session, actor, KIND, mail_id=made.id)
    audit(session, actor, "order_mailed", "purchase_order", order.id, number=order.number)
    return made


def mails_of(session: Session, order_id: int) -> Sequence[OrderMail]:
    """Return the letters by which an order was mailed, the last first."""
    own = select(OrderMail).where(OrderMail.order_id == order_id)
    return session.scalars(own.order_by(OrderMail.id.desc())).all()


@job_kind(KIND)
def carry_order(_progress: Progress, args: dict[str, Any]) -> dict[str, Any]:
    """Hand an order over to the mail server, and write down what it said."""
    mail_id = int(args["mail_id"])
    with transaction() as session:
        mail = session.get_one(OrderMail, mail_id)
        if mail.state == "handing":  # the worker was killed while it handed it over
            mail.state = "unsure"
        if mail.state != "waiting":
            return {"state": mail.state}
    try:
        with reading() as session:
            letter = _letter(session, session.get_one(OrderMail, mail_id))
    except Exception:  # nothing went: it can be asked for again
        _note(mail_id, "failed")
        raise
    _note(mail_id, "handing")
    carrier = post()
    state, said = carrier.send(letter) if carrier else ("failed", "")
    _note(mail_id, state, said)
    return {"state": state}


def _note(mail_id: int, state: str, said: str = "") -> None:
    with transaction() as session:
        mail = session.get_one(OrderMail, mail_id)
        mail.state, mail.said = state, said[:280]
        mail.done_at = None if state == "handing" else clock.now()


def _letter(session: Session, mail: OrderMail) -> Letter:
    """Write the letter; it is Vietnamese as every paper of the house is."""
    order = session.get_one(PurchaseOrder, mail.order_id)
    supplier = session.get_one(Supplier, order.supplier_id)
    named = version_on(session, order.library_id, order.dated_on or clock.today())
    lines = [line for line, _record in lines_of(session, order.id)]
    copies = written(sum(line.copies for line in lines), "num")
    text = "\n\n".join(
        [
            f"Kính gửi: {supplier.name}",
            f"{named.name} gửi đơn đặt mua tài liệu số {order.number} ngày"
            f" {written(order.dated_on)}, gồm {written(len(lines), 'num')} tên, {copies} bản, trong"
            " tệp đính kèm. Đề nghị quý đơn vị xác nhận và giao hàng theo đơn.",
            "Trân trọng.",
            "\n".join(part for part in (named.name, named.address, named.phone) if part),
        ]
    )
    return Letter(
        reference=f"<order-{order.id}-{mail.id}@sen>",
        to=mail.address,
        subject=f"Đơn đặt mua tài liệu {order.number} – {named.name}",
        text=text + "\n",
        sender_name=named.name,
        reply_to=named.email,
        file_name=f"don-dat-mua-{order.number.replace('/', '-')}.pdf",
        content=order_pdf(session, order),
    )
