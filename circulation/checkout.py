"""Lending: one act, decided by the rules, for every door."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from circulation.blocks import patron_facts
from circulation.desk import AMBER, Act, DeskResult, Overrides
from circulation.events import (
    HoldFilled,
    HoldPutBack,
    LoanCheckedOut,
    OpenLoanEntered,
    ReadingRoomLoanMade,
)
from circulation.facts import (
    Found,
    ItemAtDesk,
    PatronAtDesk,
    find_scanned,
    item_at_desk,
    loan_about,
    lock_for_item,
    patron_at_desk,
    patron_of_card,
    touch,
)
from circulation.losses.found import find_item, payers_of
from circulation.models import Hold, Loan
from circulation.permissions import CHECK_OUT, ENTER_OPEN_LOAN
from circulation.queue import Queue, queue_of, reassign, release, unserved_ahead
from circulation.renew import renew_in
from circulation.returns import announce_moved, close_loan, not_collected, take_off_box
from circulation.rules.checkout import (
    READING_ROOM,
    CheckoutFacts,
    QueueFacts,
    checkout_reasons,
    due_reasons,
    loan_kind,
)
from circulation.rules.due_date import Due, Step, due_date, manual_due_reasons
from circulation.rules.policy import Resolved, loan_snapshot
from circulation.rules.reasons import Reason, reason, worst_first
from circulation.rules.states import WAITING, next_state
from ils.accounts.actor import Actor
from ils.core.errors import Invalid

NOT_MOVABLE = ("ready", "in_transit")


@dataclass
class Scene:
    """Everything about one check-out, read under lock."""

    item: ItemAtDesk
    patron: PatronAtDesk
    queue: Queue
    own_hold: Hold | None
    resolved: Resolved
    kind: str


def check_out(
    session: Session,
    actor: Actor,
    *,
    barcode: str,
    key: str | None,
    card: str | None = None,
    patron_id: int | None = None,
    overrides: Overrides | None = None,
    kind: str | None = None,
    due_on: date | None = None,
    found: Found | None = None,
    now: datetime | None = None,
) -> DeskResult:
    """Lend the item to the patron named by card or id, or say every reason why not.

    ``overrides`` maps reason codes to the reason given; each needs its permission. ``kind`` is
    home or reading_room, by the item's use if not given. A question (on loan to another reader,
    own loan, missing, wanted by others) is answered by its code in ``overrides`` too. ``found`` is
    what the barcode names, where the door has just looked.
    """
    actor.require(CHECK_OUT)
    answered = overrides or {}
    act = Act(session, actor, "check_out", key, now)
    scene = _gather(act, barcode, card, patron_id, kind, found=found)
    if isinstance(scene, list):
        return act.stored() or act.refuse(scene)
    if earlier := act.stored() or _just_lent(act, scene):
        return earlier
    due = _due(act, scene, due_on)
    reasons = _judge(act, scene, due_on)
    if any(r.code == "own_loan" for r in reasons) and "own_loan" in answered:
        return _renew_instead(act, scene, due_on)
    if act.unlifted(reasons, answered):
        return act.refuse(reasons, **_parts(scene))
    lifted = act.log_overrides(reasons, answered)
    _clear_the_way(act, scene, answered)
    loan = _open_loan(act, scene, due, act.today)
    happened = ReadingRoomLoanMade(lifted) if scene.kind == READING_ROOM else None
    act.event(happened or LoanCheckedOut(due.on, lifted), loan_id=loan.id, **_statistics(scene))
    _fill_hold(act, scene, loan)
    _after(act, scene)
    told = worst_first([*reasons, *due_reasons(due)])
    return _answer(act, scene, loan, told)


@dataclass(frozen=True)
class Weighed:
    """A check-out decided and not done."""

    scene: Scene
    due: Due
    reasons: list[Reason]


def weigh_check_out(
    session: Session,
    actor: Actor,
    *,
    barcode: str,
    card: str | None = None,
    patron_id: int | None = None,
    kind: str | None = None,
    now: datetime | None = None,
) -> Weighed | list[Reason]:
    """Decide what lending would say now, and until when. Reads only: nothing is locked or kept."""
    actor.require(CHECK_OUT)
    act = Act(session, actor, "weigh", None, now)
    scene = _gather(act, barcode, card, patron_id, kind, locked=False)
    if isinstance(scene, list):
        return scene
    due = _due(act, scene, None)
    return Weighed(scene, due, worst_first([*_judge(act, scene, None), *due_reasons(due)]))


def enter_open_loan(
    session: Session,
    actor: Actor,
    *,
    barcode: str,
    key: str | None,
    started_on: date,
    due_on: date,
    card: str | None = None,
    patron_id: int | None = None,
    now: datetime | None = None,
) -> DeskResult:
    """Enter a loan that is open on paper, with its own dates.

    It is not judged by limits, and not counted as lending: it was counted when it was made.
    Raises ``Invalid`` when the dates cannot be right.
    """
    actor.require(ENTER_OPEN_LOAN)
    act = Act(session, actor, "enter_open_loan", key, now)
    if started_on > act.today or due_on < started_on:
        raise Invalid("loan_dates_wrong", field="started_on" if due_on >= started_on else "due_on")
    scene = _gather(act, barcode, card, patron_id, None)
    if isinstance(scene, list):
        return act.stored() or act.refuse(scene)
    if stored := act.stored():
        return stored
    reasons = _paper_reasons(scene)
    if reasons:
        return act.refuse(reasons, **_parts(scene))
    _clear_the_way(act, scene, {})
    loan = _open_loan(act, scene, Due(due_on, (Step("ON_PAPER", due_on),)), started_on)
    act.event(OpenLoanEntered(due_on), on=started_on, loan_id=loan.id, **_statistics(scene))
    _fill_hold(act, scene, loan)
    _after(act, scene)
    return act.answer(
        "open_loan_entered",
        facts={"due_on": loan.due_on},
        loan=loan_about(loan),
        **_parts(scene),
    )


# --- gather ----------------------------------------------------------------------------------


def _gather(
    act: Act,
    barcode: str,
    card: str | None,
    patron_id: int | None,
    kind: str | None,
    *,
    locked: bool = True,
    found: Found | None = None,
) -> Scene | list[Reason]:
    """Find and lock what the act is about; a list of reasons where something is not known."""
    session = act.session
    found = found or find_scanned(session, barcode, act.here.library_id)
    whose = patron_of_card(session, card) if card is not None else patron_id
    unknown = []
    if found.item_id is None or found.record_id is None:
        unknown.append(
            reason("card_not_item" if found.card_id else "item_unknown", scanned=barcode)
        )
    if whose is None:
        is_item = card is not None and find_scanned(session, card, act.here.library_id).item_id
        unknown.append(reason("item_not_card" if is_item else "card_unknown", scanned=card))
    if unknown or found.item_id is None or found.record_id is None or whose is None:
        return unknown
    act.item_id, act.patron_id = found.item_id, whose
    awaited = True
    if locked:
        payers = payers_of(session, found.item_id) if found.lifecycle == "lost_settled" else []
        awaited = lock_for_item(session, found.record_id, found.item_id, [whose, *payers])
    patron = patron_at_desk(session, act.here, act.today, card=card, patron_id=patron_id)
    if patron is None:
        return [reason("card_unknown", scanned=card)]
    item = item_at_desk(session, found.item_id, found.record_id)
    queue = queue_of(session, found.record_id, act.now, awaited=awaited)
    own = queue.of_patron(whose, item.item.volume_key) if queue.rows else None
    if (own is not None and own.kind == "slip") or patron.patron.visitor_on is not None:
        kind = kind or READING_ROOM  # asked for from the stack to be read here, or without a card
    return Scene(
        item=item,
        patron=patron,
        queue=queue,
        own_hold=own,
        resolved=act.here.policy(item.item.item_type, patron.patron.category),
        kind=loan_kind(item.item.use, kind),
    )


_HAD_BEFORE = select(func.max(Loan.started_on)).where(
    Loan.patron_id == bindparam("patron_id"),
    Loan.record_id == bindparam("record_id"),
    Loan.closed_how == "returned",
)


def _just_lent(act: Act, scene: Scene) -> DeskResult | None:
    """A scanner that fires twice lends once: the second scan is told so and changes nothing."""
    last = act.last_on_item()
    loan = scene.item.loan
    if last is None or last.command != "check_out" or loan is None:
        return None
    if last.patron_id != scene.patron.patron.id or loan.patron_id != last.patron_id:
        return None
    return act.answer("lent_already", loan=loan_about(loan), **_parts(scene))


# --- decide ----------------------------------------------------------------------------------


def _judge(act: Act, scene: Scene, manual_due: date | None) -> list[Reason]:
    policy = scene.resolved.policy
    patron = patron_facts(act.session, scene.patron, act.now, policy)
    manual = (
        manual_due_reasons(act.today, manual_due, policy, act.here.calendar) if manual_due else []
    )
    facts = CheckoutFacts(
        today=act.today,
        kind=scene.kind,
        library_id=act.here.library_id,
        branch_id=act.here.id,
        copy=scene.item.state(),
        patron=patron,
        queue=_queue_facts(scene),
        had_before_on=act.session.scalar(
            _HAD_BEFORE, {"patron_id": patron.id, "record_id": scene.item.item.record_id}
        ),
        manual=manual,
        foreign_patrons=act.here.settings.foreign_patrons,
    )
    return checkout_reasons(facts, policy)


def _queue_facts(scene: Scene) -> QueueFacts:
    if not scene.queue.rows:
        return QueueFacts()
    own, item = scene.own_hold, scene.item.item
    length = sum(h.state in WAITING and h is not own for h, _ in scene.queue.rows)
    if own is not None and own.item_id == item.id and own.state in NOT_MOVABLE:
        return QueueFacts(length=length)  # it waits for this reader
    ahead, served = unserved_ahead(scene.queue, item, scene.patron.patron.id)
    elsewhere = own is not None and own.state in NOT_MOVABLE and own.item_id != item.id
    return QueueFacts(
        ahead=ahead,
        free_copies=served,
        own_hold_elsewhere=own.id if own is not None and elsewhere else None,
        length=length,
    )


def _due(act: Act, scene: Scene, manual: date | None) -> Due:
    if scene.kind == READING_ROOM:
        return Due(act.today, (Step("SAME_DAY", act.today),))
    if manual is not None:
        return Due(max(manual, act.today), (Step("BY_HAND", manual),))
    card = scene.patron.card
    expiry = card.expires_on if card else None
    return due_date(act.today, scene.resolved.policy, act.here.calendar, expiry)


def _paper_reasons(scene: Scene) -> list[Reason]:
    item, found = scene.item, []
    if item.item.lifecycle == "withdrawn":
        found.append(reason("item_withdrawn"))
    if item.loan is not None:
        found.append(reason("open_here_already", loan_id=item.loan.id, due_on=item.loan.due_on))
    if item.hold is not None and item.hold.state in NOT_MOVABLE:
        found.append(reason("on_shelf_for_other", hold_id=item.hold.id))
    if scene.patron.patron.deleted_at is not None:
        found.append(reason("patron_deleted"))
    return [
        Reason(r.code, r.facts, r.level, None) if r.code == "on_shelf_for_other" else r
        for r in found
    ]


# --- apply -----------------------------------------------------------------------------------


def _clear_the_way(act: Act, scene: Scene, answered: Mapping[str, str]) -> None:
    """Settle what the item was doing: another's loan, a transit, a shelf, a lost copy found."""
    item, journal = scene.item, act.journal
    before = item.loan
    if before is not None:
        close_loan(act, item, act.today)
        item.loan = None
    if item.transit is not None:
        journal.change(item.transit, cancelled_at=act.now, cancel_reason="intercepted")
    if item.line is not None and item.line.at_branch_id != act.here.id:
        take_off_box(act, item)
    in_hand = item.hold
    if in_hand is not None and in_hand is not scene.own_hold:
        if in_hand.state in ("targeted", *NOT_MOVABLE):
            if in_hand.state in NOT_MOVABLE:
                act.event(
                    HoldPutBack(answered.get("on_shelf_for_other", "lent_to_other")),
                    hold_id=in_hand.id,
                    **item.statistics(),
                )
                act.line("other_hold_put_back", hold_id=in_hand.id)
            release(journal, in_hand)
        elif in_hand.patron_id == scene.patron.patron.id and in_hand.state == "expired_shelf":
            journal.change(
                in_hand,
                state="fulfilled",
                ended_at=act.now,
                end_reason="collected",
                cleared_at=act.now,
            )
        elif in_hand.state == "expired_shelf":
            not_collected(act, item, in_hand)
        else:
            journal.change(in_hand, cleared_at=act.now)
    find_item(act, item, before, gift=True)
    act.flush()


def _open_loan(act: Act, scene: Scene, due: Due, started_on: date) -> Loan:
    item, patron = scene.item, scene.patron
    started_at = act.now if started_on == act.today else act.now - (act.today - started_on)
    loan = Loan(
        item_id=item.item.id,
        record_id=item.item.record_id,
        patron_id=patron.patron.id,
        branch_id=act.here.id,
        kind=scene.kind,
        started_at=started_at,
        started_on=started_on,
        due_on=due.on,
        policy_json=loan_snapshot(scene.resolved),
        trace_json={"steps": [[step.code, step.day.isoformat()] for step in due.steps]},
        patron_snapshot={
            "category": patron.patron.category,
            "age_band": "child" if patron.child else "adult",
        },
        item_snapshot={"barcode": item.barcode, "title": item.title, "price": item.item.price},
        staff_id=act.actor.staff_id,
    )
    act.journal.add(act.session, loan)
    act.flush()
    return loan


def _fill_hold(act: Act, scene: Scene, loan: Loan) -> None:
    """Close the reader's own hold on the title; one ready elsewhere gives its copy up."""
    own, late = scene.own_hold, scene.item.hold
    if late is not None and late is not own and late.end_reason == "collected":
        days = (act.today - late.requested_at.date()).days  # it had expired, and was still there
        act.event(HoldFilled(days), hold_id=late.id, loan_id=loan.id, **_statistics(scene))
    if own is None:
        return
    waited = (act.today - own.requested_at.date()).days
    if own.state in NOT_MOVABLE and own.item_id != loan.item_id:
        on_shelf = own.state == "ready"
        act.journal.change(
            own,
            state="cancelled",
            ended_at=act.now,
            end_reason="fulfilled_by_other_copy",
            cleared_at=None if on_shelf else act.now,
        )
        act.line("other_copy_to_clear", hold_id=own.id)
    else:
        act.journal.change(
            own,
            state=next_state(own.state, "fulfill"),
            item_id=loan.item_id,
            ended_at=act.now,
            end_reason="collected",
        )
        act.line("hold_filled", hold_id=own.id)
    act.event(HoldFilled(waited), hold_id=own.id, loan_id=loan.id, **_statistics(scene))


def _after(act: Act, scene: Scene) -> None:
    item = scene.item.item
    touch(act.session, item, act.here.id, act.now, "check_out")
    announce_moved(act.session, item.record_id)
    if len(scene.queue.rows) > (scene.own_hold is not None):
        reassign(act, item.record_id)


def _renew_instead(act: Act, scene: Scene, due_on: date | None) -> DeskResult:
    if scene.item.loan is None:
        raise Invalid("no_loan")
    return renew_in(act, scene.item, scene.patron, overrides={}, due_on=due_on)


# --- answer ----------------------------------------------------------------------------------


def _answer(act: Act, scene: Scene, loan: Loan, told: list[Reason]) -> DeskResult:
    code = "lent_reading_room" if scene.kind == READING_ROOM else "lent"
    watch = {"calendar_without_open_day", "parts", "note", "due_cut_by_card", "other_copy_to_clear"}
    needs_look = any(r.code in watch for r in told)
    return act.answer(
        code,
        tone=AMBER if needs_look else "green",
        action="hand_over",
        facts={"due_on": loan.due_on},
        reasons=told,
        loan=loan_about(loan),
        slip={
            "kind": "loan",
            "loan_id": loan.id,
            "title": scene.item.title,
            "accession_no": scene.item.item.accession_no,
            "due_on": loan.due_on,
        },
        **_parts(scene),
    )


def _statistics(scene: Scene) -> dict[str, Any]:
    return {**scene.item.statistics(), **scene.patron.statistics()}


def _parts(scene: Scene) -> dict[str, Any]:
    return {"item": scene.item.about(), "patron": scene.patron.about()}
