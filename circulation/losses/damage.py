"""A copy that came back damaged: photo, note, an amount from the library's list, minutes to sign."""

import io
import warnings
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from circulation.desk import AMBER, DeskResult
from circulation.events import ItemDamaged
from circulation.facts import ItemAtDesk, patron_at_desk
from circulation.ledger import post_charge
from circulation.losses.events import LossCanceled
from circulation.losses.found import FOUND, IN_KIND, take_off, void_newest
from circulation.losses.lost import begin_case, begin_item, let_go
from circulation.losses.models import DamageRate, Loss
from circulation.losses.settling import review_losses, settled_by
from circulation.models import Loan
from circulation.permissions import DECIDE_LOSSES, HANDLE_LOSSES
from circulation.policies import branch
from circulation.queue import reassign
from circulation.returns import announce_moved
from circulation.rules.compensation import Damage, damage_amount
from circulation.rules.reasons import Reason, reason
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.audit import audit
from ils.core.errors import Invalid, NotFound
from ils.core.files import declare_file_kind, keep_file

KIND = declare_file_kind(
    "damage_photo", HANDLE_LOSSES, lambda: select(Loss.photo_id).where(Loss.photo_id.is_not(None))
)
LIFECYCLES = ("damaged", "repair", "active")
MOST_BYTES = 12 * 2**20  # what a phone's camera makes
MOST_PIXELS = 60_000_000
SIDE = 1600  # of the photo kept


def record_damage(
    session: Session,
    actor: Actor,
    *,
    item_id: int,
    key: str | None,
    loan_id: int | None = None,
    rate_ids: Sequence[int] = (),
    amount: int | None = None,
    way: str = "money",
    lifecycle: str = "damaged",
    note: str = "",
    photo: bytes = b"",
    now: datetime | None = None,
) -> DeskResult:
    """Record damage to a copy that is not on loan, and ask its last reader for it.

    ``loan_id`` is the closed loan it is charged to, None where nobody is asked. ``amount`` set by
    hand beats the sum of the list. A copy that stays ``active`` goes back to the shelf.
    """
    act, item = begin_item(session, actor, "damage", item_id, key, now)
    if stored := act.stored():
        return stored
    if against := _against(item, lifecycle):
        return act.refuse(against, item=item.about())
    loan = _last_loan(session, item_id, loan_id)
    patron = None
    if loan is not None and loan.patron_id is not None:
        patron = patron_at_desk(session, act.here, act.today, patron_id=loan.patron_id)
    where = branch(session, loan.branch_id if loan is not None else act.here.id)
    damages = damages_chosen(session, where.library_id, rate_ids)
    category = patron.patron.category if patron is not None else ""
    policy = where.policy(item.item.item_type, category).policy
    asked = damage_amount(damages, item.item.price, policy) if amount is None else amount
    if asked < 0:
        return act.refuse([reason("amount_wrong", amount=asked)], item=item.about())
    if patron is None:
        asked = 0
    picture = made_small(photo) if photo else b""
    if lifecycle != "active":
        let_go(act, item, "damaged")
    entry = None
    if asked and patron is not None:
        entry = post_charge(
            act,
            patron=patron,
            kind="damage",
            amount=asked,
            where=where,
            item=item,
            loan_id=loan.id if loan is not None else None,
            item_id=item_id,
            note=", ".join(d.name for d in damages),
        )
    case = Loss(
        kind="damaged",
        item_id=item_id,
        loan_id=loan.id if loan is not None else None,
        branch_id=where.id,
        happened_on=act.today,
        why="check_in",
        way=way if entry is not None else "none",
        price_entry_id=entry.id if entry is not None else None,
        reckoning={
            "amount": asked,
            "price": item.item.price,
            "by_hand": amount is not None,
            "damages": [vars(d) for d in damages],
            "lifecycle": lifecycle,
            "lifecycle_before": item.item.lifecycle,
        },
        note=note.strip(),
        state="open" if entry is not None else "settled",
        settled_on=None if entry is not None else act.today,
        settled_how=None if entry is not None else "none",
        made_at=act.now,
        made_by=actor.staff_id,
    )
    if picture:
        kept = keep_file(
            session, actor, KIND, picture, mime="image/jpeg", name="hu-hong.jpg", unit_id=where.id
        )
        case.photo_id = kept.id
    if item.item.lifecycle != lifecycle:
        act.journal.change(item.item, lifecycle=lifecycle)
    act.journal.add(session, case)
    act.flush()
    act.event(
        ItemDamaged("return", lifecycle),
        at=where,
        loan_id=case.loan_id,
        amount=asked or None,
        **item.statistics(),
        **(patron.statistics() if patron is not None else {}),
    )
    audit(session, actor, "item_damaged", "item", item_id, amount=asked)
    if entry is not None and patron is not None:
        review_losses(act, patron.patron.id)
    announce_moved(session, item.item.record_id)
    reassign(act, item.item.record_id)
    return act.answer(
        "damaged" if asked else "damaged_free",
        tone=AMBER,
        action="stop" if lifecycle != "active" else "shelve",
        facts={"amount": asked, "loss_id": case.id},
        item=item.about(),
        patron=patron.about() if patron is not None else None,
    )


def cancel_damage(
    session: Session,
    actor: Actor,
    *,
    loss_id: int,
    reason_text: str,
    key: str | None,
    now: datetime | None = None,
) -> DeskResult:
    """Damage was recorded by mistake: what was charged is taken back, the copy is what it was.

    What was paid stands to the reader's credit. A copy that somebody dealt with since stays as it
    is. Raises ``Invalid`` without words.
    """
    act, case, item = begin_case(session, actor, "cancel_damage", loss_id, key, now)
    if stored := act.stored():
        return stored
    if case.kind != "damaged" or case.state == "cancelled" or case.settled_how in IN_KIND:
        return act.refuse([reason("loss_state")], item=item.about())
    if not reason_text.strip():
        raise Invalid("loss_reason_missing", field="why")
    paid = settled_by(session, case).get("payment", 0)
    settled = case.state == "settled" and case.price_entry_id is not None
    act.journal.change(case, state="cancelled", note=f"{case.note} {reason_text}".strip())
    take_off(act, case.entry_ids)
    was, made = (case.reckoning.get(name) for name in ("lifecycle_before", "lifecycle"))
    if was and item.item.lifecycle == made != was:
        act.journal.change(item.item, lifecycle=was)
    act.event(LossCanceled("damage"), at=case.branch_id, **item.statistics())
    for kind in ("item_damaged", *(("loss_settled",) if settled else ())):
        void_newest(act, item.item.id, kind)
    audit(session, actor, "damage_canceled", "item", item.item.id, reason=reason_text)
    announce_moved(session, item.item.record_id)
    reassign(act, item.item.record_id)
    if paid:
        act.line("found_credit", amount=paid)
    return act.answer("damage_canceled", undo=False, item=item.about())


def _against(item: ItemAtDesk, lifecycle: str) -> list[Reason]:
    if item.loan is not None:
        return [reason("still_on_loan")]
    if item.item.lifecycle in FOUND:  # it is here after all: the scan puts all of that in order
        return [reason("needs_return")]
    known = lifecycle in LIFECYCLES and item.item.lifecycle != "withdrawn"
    return [] if known else [reason("loss_state")]


def _last_loan(session: Session, item_id: int, loan_id: int | None) -> Loan | None:
    """Return the closed loan of this copy that was named. Raises ``NotFound`` for any other."""
    if loan_id is None:
        return None
    loan = session.get(Loan, loan_id)
    if loan is None or loan.item_id != item_id or loan.closed_at is None:
        raise NotFound("loan_unknown", loan_id=loan_id)
    return loan


def last_loan_of(session: Session, item_id: int) -> Loan | None:
    """Return the loan that was closed last for a copy, whose reader may be asked."""
    return session.scalar(
        select(Loan)
        .where(Loan.item_id == item_id, Loan.closed_at.is_not(None), Loan.closed_how != "undone")
        .order_by(Loan.closed_at.desc())
        .limit(1)
    )


# --- the photo -------------------------------------------------------------------------------


def made_small(content: bytes) -> bytes:
    """Return a photo as a JPEG of at most 1600 pixels a side, turned upright, nothing hidden in it.

    Raises ``Invalid`` for what is no picture or too large.
    """
    from PIL import Image, ImageOps  # takes 60 ms to load, and few processes need it

    too_large = Invalid("photo_too_large", field="photo", most_mb=MOST_BYTES // 2**20)
    if len(content) > MOST_BYTES:
        raise too_large
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            opened = Image.open(io.BytesIO(content), formats=("JPEG", "PNG", "WEBP"))
            if opened.width * opened.height > MOST_PIXELS:
                raise too_large
            opened.draft("RGB", (SIDE, SIDE))
            upright: Any = ImageOps.exif_transpose(opened)
    except Invalid:
        raise
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Warning) as error:
        raise Invalid("photo_unreadable", field="photo") from error
    small = upright.convert("RGB")
    small.thumbnail((SIDE, SIDE))
    out = io.BytesIO()
    small.save(out, "JPEG", quality=82, optimize=True)
    return out.getvalue()


# --- the list of damages ---------------------------------------------------------------------


def damage_rates(session: Session, library_id: int) -> Sequence[DamageRate]:
    """Return a library's list of damages in its order."""
    return session.scalars(
        select(DamageRate)
        .where(DamageRate.library_id == library_id, DamageRate.ended_at.is_(None))
        .order_by(DamageRate.order, DamageRate.id)
    ).all()


def damages_chosen(session: Session, library_id: int, rate_ids: Sequence[int]) -> list[Damage]:
    """Return the chosen lines of a library's list. Raises ``NotFound`` for one that is not on it."""
    known = {row.id: row for row in damage_rates(session, library_id)}
    if any(one not in known for one in rate_ids):
        raise NotFound("damage_rate_unknown")
    return [
        Damage(row.name, row.amount, row.percent)
        for row in known.values()
        if row.id in set(rate_ids)
    ]


def add_rate(
    session: Session,
    actor: Actor,
    *,
    library_id: int,
    name: str,
    amount: int | None,
    percent: int | None,
) -> DamageRate:
    """Add a line to the list of damages: an amount or a percentage of the price, not both."""
    _require_decides(session, actor, library_id)
    if not name.strip():
        raise Invalid("damage_name_missing", field="name")
    if (amount is None) == (percent is None):
        raise Invalid("amount_or_percent", field="amount")
    if (amount is not None and amount <= 0) or (percent is not None and not 1 <= percent <= 500):
        raise Invalid("amount_or_percent", field="amount")
    last = session.scalar(
        select(func.max(DamageRate.order)).where(DamageRate.library_id == library_id)
    )
    row = DamageRate(
        library_id=library_id,
        name=name.strip()[:120],
        amount=amount,
        percent=percent,
        order=(last or 0) + 1,
    )
    session.add(row)
    session.flush()
    audit(session, actor, "damage_rate_added", "org_unit", library_id, name=row.name)
    return row


def end_rate(session: Session, actor: Actor, rate_id: int) -> DamageRate:
    """Take a line off the list; cases that used it keep its words and amount."""
    row = session.get(DamageRate, rate_id)
    if row is None or row.ended_at is not None:
        raise NotFound("damage_rate_unknown", rate_id=rate_id)
    _require_decides(session, actor, row.library_id)
    row.ended_at = clock.now()
    audit(session, actor, "damage_rate_ended", "org_unit", row.library_id, name=row.name)
    return row


def _require_decides(session: Session, actor: Actor, library_id: int) -> None:
    actor.require(DECIDE_LOSSES)
    if branch(session, library_id).library_id != actor.library_id:
        raise NotFound("damage_rate_unknown")
