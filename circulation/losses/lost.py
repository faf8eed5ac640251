"""A copy is lost: the loan stays open until what is asked is settled, the holds look elsewhere."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.models import Item
from circulation.deposits import paid_too_much, pay_back
from circulation.desk import AMBER, Act, DeskResult, Overrides
from circulation.events import HoldPutBack, SettledInKind
from circulation.facts import (
    ItemAtDesk,
    PatronAtDesk,
    find_scanned,
    item_at_desk,
    loan_about,
    lock_for_item,
    patron_at_desk,
)
from circulation.ledger import open_amounts, post_charge, post_entry, post_overdue, spread_credit
from circulation.losses.events import ItemLost, LossCanceled
from circulation.losses.found import (
    IN_KIND,
    close_case,
    end_claim,
    end_proposal,
    payers_of,
    reopen_claim,
    standing_case,
    take_off,
    void_newest,
)
from circulation.losses.models import Loss
from circulation.losses.settling import review_losses, settle_case, settled_by
from circulation.models import LedgerEntry, Loan
from circulation.permissions import DECIDE_LOSSES, HANDLE_LOSSES
from circulation.policies import Branch, branch, require_within
from circulation.queue import reassign, release
from circulation.returns import announce_moved, not_collected
from circulation.rules import ledger
from circulation.rules.compensation import CREDIT, KEEPS_PAID, PAYOUT, Compensation, compensation
from circulation.rules.reasons import Reason, reason
from ils.accounts.actor import Actor
from ils.core.audit import audit
from ils.core.errors import Invalid, NotFound


def declare_lost(
    session: Session,
    actor: Actor,
    *,
    item_id: int,
    key: str | None,
    way: str = "money",
    on: date | None = None,
    note: str = "",
    overrides: Overrides | None = None,
    now: datetime | None = None,
) -> DeskResult:
    """Record a copy as lost. From a loan it is charged; from the shelf nobody is.

    ``way`` is what the reader chose: money, the same book, or none, which takes the right to
    decide. ``on`` is the day of the loss, never before the loan or after today.
    """
    act, item = begin_item(session, actor, "lost", item_id, key, now)
    if stored := act.stored():
        return stored
    if way == "none" and item.loan is not None:
        actor.require(DECIDE_LOSSES)
    against = _against(item)
    if act.unlifted(against, overrides or {}):
        return act.refuse(against, item=item.about())
    act.log_overrides(against, overrides or {})
    case = record_loss(act, item, way=way, on=on, why="declared", note=note)
    return lost_answer(act, item, case)


def _against(item: ItemAtDesk) -> list[Reason]:
    """Return what speaks against recording a copy as lost, by what it is doing."""
    found = []
    if item.item.lifecycle == "withdrawn":
        found.append(reason("item_withdrawn"))
    if item.item.lifecycle in ("lost", "lost_settled"):
        found.append(reason("lost_already"))
    if item.loan is None and item.transit is not None:
        found.append(reason("lost_in_transit"))
    if item.loan is None and item.hold is not None and item.hold.state == "ready":
        found.append(reason("lost_on_shelf_for", hold_id=item.hold.id))
    return found


def record_loss(
    act: Act, item: ItemAtDesk, *, way: str, why: str, on: date | None = None, note: str = ""
) -> Loss:
    """Write everything a loss means; the caller holds the locks and has asked the reasons."""
    if (earlier := standing_case(act.session, item.item.id)) is not None:
        close_case(act, earlier, KEEPS_PAID)  # found without a scan, and lost again
    let_go(act, item, "lost")
    loan, patron = item.loan, None
    day = min(on or act.today, act.today)
    if loan is not None:
        day = max(day, loan.started_on)
        patron = _patron(act, loan)
        post_overdue(act, loan, patron, loan.fine_until(day), item)
        act.journal.change(loan, lost_on=day)
        end_claim(act, loan, "given_up")
        end_proposal(act, loan, "approved")
    case = Loss(
        kind="lost",
        item_id=item.item.id,
        loan_id=loan.id if loan is not None else None,
        branch_id=loan.branch_id if loan is not None else act.here.id,
        happened_on=day,
        why=why,
        way=way if patron is not None else "none",
        note=note.strip(),
        made_at=act.now,
        made_by=act.actor.staff_id,
    )
    asked = 0
    if patron is not None and way != "none":
        asked = _charge(act, item, case, patron)
    act.journal.change(item.item, lifecycle="lost")
    act.journal.add(act.session, case)
    act.flush()
    act.event(
        ItemLost(why, case.way),
        at=case.branch_id,
        on=day,
        loan_id=case.loan_id,
        amount=asked or None,
        **item.statistics(),
        **(patron.statistics() if patron is not None else {}),
    )
    audit(act.session, act.actor, "item_lost", "item", item.item.id, why=why, amount=asked)
    if patron is not None and not asked:
        settle_case(act, case, "none")
    elif patron is not None:
        review_losses(act, patron.patron.id)  # what was overpaid before may settle it at once
    announce_moved(act.session, item.item.record_id)
    reassign(act, item.item.record_id)
    return case


def _patron(act: Act, loan: Loan) -> PatronAtDesk | None:
    if loan.patron_id is None:
        return None
    return patron_at_desk(act.session, act.here, act.today, patron_id=loan.patron_id)


def _charge(act: Act, item: ItemAtDesk, case: Loss, patron: PatronAtDesk) -> int:
    """Post price and processing fee as the rules of today say; returns what is asked in all."""
    where = branch(act.session, case.branch_id)
    reckoned = reckon(where, item.item, patron.patron.category)
    case.reckoning = reckoning_json(reckoned)
    for kind, amount, column in (
        ("lost_price", reckoned.amount, "price_entry_id"),
        ("processing", reckoned.processing, "processing_entry_id"),
    ):
        if amount:
            entry = post_charge(
                act,
                patron=patron,
                kind=kind,
                amount=amount,
                where=where,
                item=item,
                loan_id=case.loan_id,
                item_id=case.item_id,
                trace=case.reckoning if kind == "lost_price" else {},
            )
            setattr(case, column, entry.id)
            act.line(f"charged_{kind}", amount=amount)
    return reckoned.total


def reckon(where: Branch, item: Item, category: str) -> Compensation:
    """Reckon what a copy costs if it is lost, by the rules in force at a branch."""
    return compensation(item.price, where.policy(item.item_type, category).policy)


def reckoning_json(found: Compensation) -> dict[str, Any]:
    """Return how an amount came about, as kept with the case."""
    return {**vars(found), "ways": list(found.ways)}


def let_go(act: Act, item: ItemAtDesk, why: str) -> None:
    """Free a copy from its transit and from the hold that has it; the hold keeps its place."""
    if item.transit is not None:
        act.journal.change(item.transit, cancelled_at=act.now, cancel_reason=why)
    hold = item.hold
    if hold is None:
        return
    if hold.state in ("targeted", "in_transit", "ready"):
        if hold.state != "targeted":
            act.event(HoldPutBack(why), hold_id=hold.id, **item.statistics())
            act.line("other_hold_put_back", hold_id=hold.id)
        release(act.journal, hold)
    elif hold.state == "expired_shelf":
        not_collected(act, item, hold)
    else:
        act.journal.change(hold, cleared_at=act.now)
    act.flush()


def lost_answer(act: Act, item: ItemAtDesk, case: Loss) -> DeskResult:
    """Answer that a copy counts as lost."""
    loan, asked = item.loan, case.reckoning
    total = asked.get("amount", 0) + asked.get("processing", 0)
    patron = _patron(act, loan) if loan is not None else None
    return act.answer(
        "lost" if total else "lost_free",
        tone=AMBER,
        facts={"amount": total, "loss_id": case.id, "way": case.way},
        item=item.about(),
        patron=patron.about() if patron is not None else None,
        loan=loan_about(loan) if loan is not None else None,
    )


# --- how it ends -----------------------------------------------------------------------------


def bring_copy(
    session: Session,
    actor: Actor,
    *,
    loss_id: int,
    key: str | None,
    note: str = "",
    barcode: str = "",
    now: datetime | None = None,
) -> DeskResult:
    """The reader brings the same book instead of the price; what was asked for work stays owed.

    ``barcode`` is that of the copy brought, where it is in the accession register already.
    """
    act, case, item = begin_case(session, actor, "bring_copy", loss_id, key, now)
    if stored := act.stored():
        return stored
    price = session.get(LedgerEntry, case.price_entry_id) if case.price_entry_id else None
    if case.state != "open" or price is None or price.patron_id is None:
        return act.refuse([reason("loss_state")], item=item.about())
    brought = _brought(act, barcode)
    _, left = open_amounts(session, price.patron_id)
    open_amount = left.get(price.id, 0)
    if open_amount <= 0:
        return act.refuse([reason("entry_settled", entry_id=price.id)], item=item.about())
    credit = post_entry(
        act,
        price.patron_id,
        "replacement_copy",
        ledger.CREDIT,
        open_amount,
        loan_id=case.loan_id,
        item_id=brought,
        note=note.strip(),
    )
    rows, left = open_amounts(session, price.patron_id)
    spread_credit(session, {row.id: row for row in rows}, left, credit.id, [price.id])
    act.event(
        SettledInKind("lost_price", "replacement_copy"),
        amount=open_amount,
        ledger_id=credit.id,
        loan_id=case.loan_id,
        **item.statistics(),
    )
    act.journal.change(case, replacement_item_id=brought)
    audit(session, actor, "replacement_copy", "item", item.item.id, amount=open_amount)
    review_losses(act, price.patron_id)
    return act.answer("copy_brought", facts={"amount": open_amount}, item=item.about())


def _brought(act: Act, barcode: str) -> int | None:
    if not barcode.strip():
        return None
    found = find_scanned(act.session, barcode.strip(), act.here.library_id)
    if found.item_id is None:
        raise Invalid("item_unknown", field="barcode")
    return found.item_id


def cancel_loss(
    session: Session,
    actor: Actor,
    *,
    loss_id: int,
    reason_text: str,
    key: str | None,
    now: datetime | None = None,
) -> DeskResult:
    """It was recorded as lost by mistake: the charges are taken back and the loan goes on.

    Also where the case is settled already, as long as no other copy or work has paid for it: the
    loan is opened again, and what was paid stands to the reader's credit.
    """
    act, case, item = begin_case(session, actor, "cancel_loss", loss_id, key, now)
    if stored := act.stored():
        return stored
    loan = session.get(Loan, case.loan_id) if case.loan_id is not None else None
    if not _may_be_canceled(case, item, loan):
        return act.refuse([reason("loss_state")], item=item.about())
    if not reason_text.strip():
        raise Invalid("loss_reason_missing", field="why")
    paid = settled_by(session, case).get("payment", 0)
    settled = case.state == "settled"
    act.journal.change(case, state="cancelled", note=f"{case.note} {reason_text}".strip())
    take_off(act, case.entry_ids)
    if loan is not None:
        if settled:
            act.journal.change(loan, closed_at=None, closed_how=None, closed_branch_id=None)
            void_newest(act, item.item.id, "loss_settled")
        act.journal.change(loan, lost_on=None)
        reopen_claim(act, loan, case)
    act.journal.change(item.item, lifecycle="active")
    act.event(LossCanceled(case.why), at=case.branch_id, **item.statistics())
    void_newest(act, item.item.id, "item_lost")
    audit(session, actor, "loss_canceled", "item", item.item.id, reason=reason_text)
    announce_moved(session, item.item.record_id)
    reassign(act, item.item.record_id)
    if paid:
        act.line("found_credit", amount=paid)
    return act.answer("loss_canceled", undo=False, item=item.about())


def _may_be_canceled(case: Loss, item: ItemAtDesk, loan: Loan | None) -> bool:
    """Tell whether a loss can be said never to have been: nobody went on with copy or money."""
    if case.kind != "lost" or case.state not in ("open", "settled"):
        return False
    if item.item.lifecycle not in ("lost", "lost_settled"):
        return False
    if loan is not None and loan.closed_at is not None:
        known = loan.closed_how == "lost_settled" and loan.patron_id is not None
        return known and item.position == "on_shelf" and case.settled_how not in IN_KIND
    return case.settled_how not in IN_KIND


def decide_money(
    session: Session,
    actor: Actor,
    *,
    loss_id: int,
    money: str,
    key: str | None,
    now: datetime | None = None,
) -> DeskResult:
    """Decide otherwise than the rule on the money of a copy that was paid and found again.

    Kept money is given to the reader's credit after all (``credit``), a credit is to be paid out
    (``payout``). A copy whose reader had replaced it is a ``gift``, or the reader keeps it
    (``reader_keeps``).
    """
    actor.require(DECIDE_LOSSES)
    act, case, item = begin_case(session, actor, "decide_money", loss_id, key, now)
    if stored := act.stored():
        return stored
    if money in ("gift", "reader_keeps"):
        if case.state != "settled" or item.item.lifecycle != "lost_settled":
            return act.refuse([reason("loss_state")], item=item.about())
        act.journal.change(case, state="found", found_on=act.today, found_money=money)
        if money == "gift":
            act.journal.change(item.item, lifecycle="active")
            announce_moved(session, item.item.record_id)
            reassign(act, item.item.record_id)
    else:
        if case.state != "found" or case.found_money not in (KEEPS_PAID, CREDIT, PAYOUT):
            return act.refuse([reason("loss_state")], item=item.about())
        if case.found_money == KEEPS_PAID and money in (CREDIT, PAYOUT):
            take_off(act, case.entry_ids)
        elif money == KEEPS_PAID:
            return act.refuse([reason("loss_state")], item=item.about())
        act.journal.change(case, found_money=money)
    audit(session, actor, "loss_money", "item", item.item.id, money=money)
    return act.answer("loss_decided", facts={"money": money}, item=item.about())


def pay_back_found(
    session: Session,
    actor: Actor,
    *,
    loss_id: int,
    key: str | None,
    now: datetime | None = None,
) -> DeskResult:
    """Pay back, with a receipt out of the till, what was paid for a copy found again.

    Never more than the reader has too much: what settled other charges meanwhile is not there.
    """
    actor.require(DECIDE_LOSSES)
    act, case, item = begin_case(session, actor, "pay_back", loss_id, key, now)
    if stored := act.stored():
        return stored
    payer = act.patron_id
    if payer is None or case.state != "found" or case.found_money not in (CREDIT, PAYOUT):
        return act.refuse([reason("loss_state")], item=item.about())
    amount = min(paid_too_much(session, payer), int(case.reckoning.get("paid", 0)))
    done = pay_back(
        session,
        actor,
        patron_id=payer,
        amount=amount,
        reason_text=f"{item.title} {item.item.accession_no or ''}".strip(),
        key=key,
        now=now,
    )
    if done.ok:
        act.journal.change(case, found_money="paid_back")
    return done


# --- what the acts share ---------------------------------------------------------------------


def begin_item(
    session: Session,
    actor: Actor,
    command: str,
    item_id: int,
    key: str | None,
    now: datetime | None,
) -> tuple[Act, ItemAtDesk]:
    """Find and lock a copy the actor may deal with: lent at, or belonging to, a unit within reach.

    Raises ``NotFound`` for any other.
    """
    unknown = NotFound("item_unknown", item_id=item_id)
    found = session.get(Item, item_id)
    if found is None:
        raise unknown
    loan = session.scalar(select(Loan).where(Loan.item_id == item_id, Loan.closed_at.is_(None)))
    at = loan.branch_id if loan is not None else found.branch_id
    require_within(session, actor, HANDLE_LOSSES, at, unknown)
    act = Act(session, actor, command, key, now)
    act.item_id = item_id
    lock_for_item(session, found.record_id, item_id, payers_of(session, item_id))
    item = item_at_desk(session, item_id)
    act.patron_id = item.loan.patron_id if item.loan is not None else None
    return act, item


def begin_case(
    session: Session,
    actor: Actor,
    command: str,
    loss_id: int,
    key: str | None,
    now: datetime | None,
) -> tuple[Act, Loss, ItemAtDesk]:
    """Find and lock a case within reach with its copy and whoever pays for it."""
    case = case_for(session, actor, loss_id)
    item = session.get_one(Item, case.item_id)
    act = Act(session, actor, command, key, now)
    act.item_id = item.id
    payer = payer_of(session, case)
    lock_for_item(session, item.record_id, item.id, [payer] if payer is not None else [])
    session.refresh(case)
    act.patron_id = payer
    return act, case, item_at_desk(session, item.id)


def case_for(session: Session, actor: Actor, loss_id: int) -> Loss:
    """Return a case within the actor's reach. Raises ``NotFound`` for any other."""
    case = session.get(Loss, loss_id)
    unknown = NotFound("loss_unknown", loss_id=loss_id)
    if case is None:
        raise unknown
    require_within(session, actor, HANDLE_LOSSES, case.branch_id, unknown)
    return case


def payer_of(session: Session, case: Loss) -> int | None:
    """Return whose case it is: by the account, else by the loan."""
    if case.entry_ids:
        return session.get_one(LedgerEntry, case.entry_ids[0]).patron_id
    loan = session.get(Loan, case.loan_id) if case.loan_id is not None else None
    return loan.patron_id if loan is not None else None


def owed_on(session: Session, case: Loss) -> Sequence[tuple[LedgerEntry, int]]:
    """Return the charges of a case, each with what is still open of it."""
    payer = payer_of(session, case)
    if payer is None or not case.entry_ids:
        return []
    rows, left = open_amounts(session, payer)
    return [(row, max(0, left.get(row.id, 0))) for row in rows if row.id in case.entry_ids]


def number_of(session: Session, loss_id: int) -> str:
    """Return the number by which the copy of a case is scanned."""
    case = session.get_one(Loss, loss_id)
    item = session.get_one(Item, case.item_id)
    return item.barcode or item.accession_no or ""
