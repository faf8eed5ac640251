"""Taking a copy back, whatever it was doing: twelve steps, one transaction, one headline."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from circulation.desk import AMBER, GREEN, RED, Act, DeskResult, Overrides
from circulation.events import (
    HoldReady,
    InHouseUseCounted,
    TransitReceived,
    TransitRerouted,
    TransitSent,
)
from circulation.facts import (
    Found,
    ItemAtDesk,
    find_scanned,
    item_at_desk,
    loan_about,
    lock_for_item,
    touch,
)
from circulation.losses.found import day_from_shelf, find_item, payers_of, take_off_fines
from circulation.models import Hold, Transit
from circulation.patrons.models import Patron, PatronCard
from circulation.permissions import BACKDATE_FAR, CHECK_IN, GIVE_AMNESTY
from circulation.queue import (
    READ_HERE,
    Queue,
    queue_of,
    reassign,
    release,
    shelf_days,
    wanted_by,
)
from circulation.returns import (
    Closed,
    announce_moved,
    close_loan,
    closed_about,
    not_collected,
    take_off_box,
)
from circulation.rules.checkin import Route, Scanned, clamp_return, route
from circulation.rules.fines import book_drop_date
from circulation.rules.holds import shelf_expiry
from circulation.rules.reasons import Reason, reason
from circulation.rules.states import next_state
from ils.accounts.actor import Actor

FAR_BACK = timedelta(days=30)
BETWEEN_USES = timedelta(minutes=30)


@dataclass
class Scene:
    """An item on the desk, its queue, and what the act found out on the way."""

    item: ItemAtDesk
    queue: Queue
    closed: Closed | None = None
    captured: Hold | None = None
    found_from: str = ""
    left_box: bool = False


def check_in(
    session: Session,
    actor: Actor,
    *,
    barcode: str,
    key: str | None,
    effective_on: date | None = None,
    book_drop: bool = False,
    amnesty: str = "",
    from_shelf: bool = False,
    overrides: Overrides | None = None,
    found: Found | None = None,
    now: datetime | None = None,
) -> DeskResult:
    """Take back a scanned item: close its loan, receive it, catch it for a hold, send it home.

    ``effective_on`` dates the return back (never before the loan, never after today; more than
    30 days need a permission); ``book_drop`` dates it to the last open day before. ``amnesty``
    is the number of the decision by which fines are waived. ``from_shelf``: the copy was found on
    the library's own shelf, so whoever has it on loan owes nothing for it. A copy that is in a box
    at a reading point is asked about; ``overrides`` with ``at_point`` takes it off the box's list.
    ``found`` is what the barcode names, where the door has just looked.
    """
    actor.require(CHECK_IN)
    if amnesty:
        actor.require(GIVE_AMNESTY)
    act = Act(session, actor, "check_in", key, now)
    scene = _gather(act, barcode, found)  # 1, 3
    if isinstance(scene, list):
        return act.stored() or act.refuse(scene, code="unknown")
    if earlier := act.stored() or _just_scanned(act):  # 2
        return earlier
    on, refused = _return_day(act, scene, effective_on, book_drop=book_drop)  # 4
    if refused:
        return act.refuse(refused, item=scene.item.about())
    if asked := _of_a_box(act, scene, overrides or {}):
        return act.refuse(asked, item=scene.item.about())
    if scene.item.loan is not None:  # 5
        on = day_from_shelf(scene.item.loan) if from_shelf else on
        scene.closed = close_loan(act, scene.item, on, amnesty=amnesty, book_drop=book_drop)
    _find_lost(act, scene, from_shelf=from_shelf)  # 6
    wanted = _wanted(act, scene)
    way = route(_scanned(act, scene, wanted))  # 7 to 11
    _go(act, scene, way, wanted)
    return _answer(act, scene, way)  # 12


# --- gather ----------------------------------------------------------------------------------


def _gather(act: Act, barcode: str, found: Found | None) -> Scene | list[Reason]:
    session = act.session
    found = found or find_scanned(session, barcode, act.here.library_id)
    if found.item_id is None or found.record_id is None:
        return [reason("card_not_item" if found.card_id else "item_unknown", scanned=barcode)]
    act.item_id = found.item_id
    payers = payers_of(session, found.item_id) if found.lifecycle == "lost_settled" else []
    awaited = lock_for_item(session, found.record_id, found.item_id, payers)
    item = item_at_desk(session, found.item_id, found.record_id)
    act.patron_id = item.loan.patron_id if item.loan is not None else None
    queue = queue_of(session, found.record_id, act.now, awaited=awaited)
    return Scene(item=item, queue=queue)


def _just_scanned(act: Act) -> DeskResult | None:
    """A second scan within seconds repeats the first answer, and nothing else."""
    last = act.last_on_item()
    if last is None or last.command != "check_in" or last.unit_id != act.here.id:
        return None
    return act.again(last)


def _return_day(
    act: Act, scene: Scene, asked: date | None, *, book_drop: bool
) -> tuple[date, list[Reason]]:
    if asked is None and book_drop:
        asked = book_drop_date(act.today, act.here.calendar)
    loan = scene.item.loan
    if loan is None:
        return act.today, []
    on = clamp_return(asked, loan.started_on, act.today)
    if act.today - on > FAR_BACK and not act.actor.can(BACKDATE_FAR):
        return on, [reason("backdate_far", on=on, days=(act.today - on).days)]
    return on, []


def _of_a_box(act: Act, scene: Scene, answered: Overrides) -> list[Reason]:
    """A copy of a box stays with the branch the box was lent to; elsewhere it leaves the box."""
    item = scene.item
    if item.line is None or item.line.at_branch_id == act.here.id:
        return []
    if item.position == "at_point" and "at_point" not in answered:
        return [reason("at_point", **(item.box.words() if item.box else {}))]
    take_off_box(act, item)
    scene.left_box = True
    return []


# --- decide ----------------------------------------------------------------------------------


def _find_lost(act: Act, scene: Scene, *, from_shelf: bool) -> None:
    """A copy recorded as missing or lost is in hand: it is in stock again."""
    loan = scene.closed.loan if scene.closed is not None else None
    if loan is not None and from_shelf:
        take_off_fines(act, loan)
    scene.found_from = find_item(act, scene.item, loan, from_shelf=from_shelf)


def _wanted(act: Act, scene: Scene) -> Hold | None:
    item = scene.item.item
    if not scene.queue.rows or item.lifecycle != "active" or item.use not in READ_HERE:
        return None
    local_first = act.here.policy(item.item_type, "").policy.local_first_days
    found = wanted_by(scene.queue, item, act.here.id, local_first)
    stays = scene.item.line is not None
    return None if found is not None and stays and found.pickup_branch_id != act.here.id else found


def _scanned(act: Act, scene: Scene, wanted: Hold | None) -> Scanned:
    desk, item = scene.item, scene.item.item
    in_hand = desk.hold if desk.hold is not None and desk.hold.state != "targeted" else None
    on_its_way = in_hand if in_hand is not None and in_hand.state == "in_transit" else None
    if on_its_way is not None:
        in_hand, wanted = None, on_its_way
    transit_to = desk.transit.to_branch_id if desk.transit else None
    if on_its_way is not None and transit_to not in (
        on_its_way.pickup_branch_id,
        act.here.id,
    ):
        transit_to = None  # the reader changed the place: the way is decided anew here
    waiting = scene.queue.facts(("queued", "targeted", "in_transit"))
    facts = next((h for h in waiting if wanted is not None and h.id == wanted.id), None)
    return Scanned(
        here=act.here.id,
        home=item.branch_id,
        own_library=item.owner_id == act.here.library_id,
        was_on_loan=scene.closed is not None or bool(scene.found_from) or scene.left_box,
        lifecycle=item.lifecycle,
        use=item.use,
        transit_to=transit_to,
        transit_from=desk.transit.from_branch_id if desk.transit else None,
        in_hand_state=in_hand.state if in_hand else None,
        in_hand_pickup=in_hand.pickup_branch_id if in_hand else None,
        wanted=facts,
        transport=act.here.settings.transport == "province",
        in_house_counts=_counts_in_house(act, scene),
        by_box=desk.line is not None,
    )


def _counts_in_house(act: Act, scene: Scene) -> bool:
    item = scene.item.item
    if not act.here.settings.in_house_on_return:
        return False
    return item.last_seen_at is None or act.now - item.last_seen_at >= BETWEEN_USES


# --- apply -----------------------------------------------------------------------------------


def _go(act: Act, scene: Scene, way: Route, wanted: Hold | None) -> None:
    """Do what the route says."""
    item, in_hand = scene.item.item, scene.item.hold
    if way.kind in ("withdrawn_stop", "keep_on_shelf"):
        return
    act_name = "in_house" if way.kind == "in_house_use" else "check_in"
    touch(act.session, item, act.here.id, act.now, act_name)
    if way.kind in ("send_on", "already_sent"):
        _pass_through(act, scene, way)
        return
    if way.clears_shelf and in_hand is not None:
        _clear(act, scene, in_hand)
    if scene.item.transit is not None:
        _end_transit(act, scene, scene.item.transit, received=way.receives)
    if way.kind == "hold_ready" and (hold := _hold_for(scene, wanted)) is not None:
        capture_here(act, scene, hold)
    elif way.kind == "hold_send" and (hold := _hold_for(scene, wanted)) is not None:
        _take(act, scene, hold)
        act.journal.change(
            hold, state=next_state(hold.state, "send"), item_id=item.id, ready_on=None
        )
        send_item(act, scene.item, hold.pickup_branch_id, "hold", hold)
        scene.captured = hold
    elif way.kind == "to_pickup" and in_hand is not None:
        act.journal.change(
            in_hand,
            state=next_state("ready", "send"),
            ready_on=None,
            shelf_until=None,
            shelf_was=None,
        )
        send_item(act, scene.item, in_hand.pickup_branch_id, "hold", in_hand)
        scene.captured = in_hand
    elif way.kind == "send_home" and way.to is not None:
        send_item(act, scene.item, way.to, "home", None)
    elif way.kind == "in_house_use":
        act.event(InHouseUseCounted("return"), **scene.item.statistics())
    if scene.closed is not None or way.kind not in ("nothing_to_do", "in_house_use"):
        announce_moved(act.session, item.record_id)
    if scene.queue.rows:
        reassign(act, item.record_id)


def _pass_through(act: Act, scene: Scene, way: Route) -> None:
    """Note that a copy was seen where its way does not end; its transit stays as it is."""
    transit = scene.item.transit
    if way.kind == "send_on" and transit is not None:
        act.line("passed_through", to=way.to)
        act.event(
            TransitRerouted("passed", way.to),
            transit_id=transit.id,
            **scene.item.statistics(),
        )


def _hold_for(scene: Scene, wanted: Hold | None) -> Hold | None:
    in_hand = scene.item.hold
    if in_hand is not None and in_hand.state == "in_transit":
        return in_hand
    return wanted


def _clear(act: Act, scene: Scene, hold: Hold) -> None:
    """The scan that takes a book off the hold shelf after its hold ended there."""
    if hold.state == "expired_shelf":
        not_collected(act, scene.item, hold)
    else:
        act.journal.change(hold, cleared_at=act.now)
    act.line("shelf_cleared", hold_id=hold.id)
    act.flush()  # first it lets the copy go, then another hold may have it


def _end_transit(act: Act, scene: Scene, transit: Transit, *, received: bool) -> None:
    if received:
        act.journal.change(transit, received_at=act.now)
        days = (act.now - transit.sent_at).days
        act.event(
            TransitReceived(transit.reason, days), transit_id=transit.id, **scene.item.statistics()
        )
        act.line("received", from_branch_id=transit.from_branch_id)
    else:
        act.journal.change(transit, cancelled_at=act.now, cancel_reason="rerouted")
    act.flush()


def _take(act: Act, scene: Scene, hold: Hold) -> None:
    """Free the scanned copy from another hold it was assigned to."""
    in_hand = scene.item.hold
    if in_hand is not None and in_hand.id != hold.id and in_hand.state == "targeted":
        release(act.journal, in_hand)
        act.flush()


def capture_here(act: Act, scene: Scene, hold: Hold) -> None:
    """Put the scanned copy on the hold shelf here for a hold."""
    item = scene.item.item
    _take(act, scene, hold)
    category = scene.queue.by_id[hold.id][1].category
    days = shelf_days(act.here, hold, item.item_type, category)
    until = shelf_expiry(act.today, days, act.here.calendar, hold.need_by)
    act.journal.change(
        hold,
        state=next_state(hold.state, "capture"),
        item_id=item.id,
        ready_on=act.today,
        shelf_until=until.on,
    )
    act.event(
        HoldReady(until.on), hold_id=hold.id, patron_ref=hold.patron_id, **scene.item.statistics()
    )
    scene.captured = hold


def send_item(
    act: Act, item: ItemAtDesk, to_branch_id: int, why: str, hold: Hold | None
) -> Transit:
    """Put an item on its way from here; it leaves the box it lay in."""
    take_off_box(act, item)
    made = Transit(
        item_id=item.item.id,
        from_branch_id=act.here.id,
        to_branch_id=to_branch_id,
        reason=why,
        hold_id=hold.id if hold is not None else None,
        sent_at=act.now,
    )
    act.journal.add(act.session, made)
    act.flush()
    act.event(TransitSent(to_branch_id, why), transit_id=made.id, **item.statistics())
    return made


# --- answer ----------------------------------------------------------------------------------

# route → (tone, action)
_SIGNALS = {
    "withdrawn_stop": (RED, "call_head"),
    "keep_on_shelf": (AMBER, "hold_shelf"),
    "to_pickup": (AMBER, "send"),
    "send_on": (AMBER, "send"),
    "already_sent": (AMBER, "send"),
    "hold_ready": (AMBER, "hold_shelf"),
    "hold_send": (AMBER, "send"),
    "send_home": (AMBER, "send"),
    "foreign_book": (AMBER, "call_head"),
    "not_lendable": (AMBER, "stop"),
    "to_shelve": (GREEN, "shelve"),
    "in_house_use": (GREEN, "shelve"),
    "nothing_to_do": (GREEN, "none"),
}


def _answer(act: Act, scene: Scene, way: Route) -> DeskResult:
    tone, action = _SIGNALS[way.kind]
    code = way.kind
    if code == "to_shelve":
        code = _shelve_headline(scene, way)
    if code == "not_lendable" and scene.item.item.lifecycle == "lost_settled":
        code = "found_replaced"
    if scene.closed is not None and scene.closed.charged and tone == GREEN:
        tone = AMBER
    closed = scene.closed
    facts = {**closed_about(closed), "to": way.to}
    if way.kind == "send_on" and scene.item.transit is not None:
        facts["transit_id"] = scene.item.transit.id  # for "receive here" and "send back"
    hold = scene.captured or (scene.item.hold if way.kind == "keep_on_shelf" else None)
    return act.answer(
        code,
        tone=tone,
        action=action,
        facts=facts,
        item=scene.item.about(),
        patron=closed.patron.about() if closed and closed.patron else None,
        loan=loan_about(closed.loan) if closed else None,
        hold=hold_about(act.session, hold) if hold is not None else None,
        slip=_slip(act, scene, way, hold),
    )


def _shelve_headline(scene: Scene, way: Route) -> str:
    if scene.closed is not None:
        return "returned_late" if scene.closed.cost.days_late else "returned"
    if way.receives:
        return "received"
    return "cleared" if way.clears_shelf else "found"


def _slip(act: Act, scene: Scene, way: Route, hold: Hold | None) -> dict[str, Any] | None:
    base = {
        "title": scene.item.title,
        "accession_no": scene.item.item.accession_no,
        "barcode": scene.item.barcode,
        "on": act.today,
    }
    if way.kind in ("hold_ready", "keep_on_shelf") and hold is not None:
        return {**base, **hold_about(act.session, hold), "kind": "hold"}
    if way.kind in ("hold_send", "to_pickup", "send_home", "send_on"):
        code = hold_about(act.session, hold)["patron_code"] if hold is not None else None
        why = "hold" if hold is not None else "home"
        if way.kind == "send_on" and scene.item.transit is not None:
            why = scene.item.transit.reason
        return {
            **{"kind": "transit", **base, "from": act.here.id, "to": way.to},
            **{"why": why, "patron_code": code},
        }
    return None


_VISITOR = case((Patron.visitor_on.is_not(None), Patron.name))  # the number of the day


def hold_about(session: Session, hold: Hold) -> dict[str, Any]:
    """Return a hold as an answer shows it. The reader appears by the end of the card number."""
    row = session.execute(
        select(func.coalesce(PatronCard.number, _VISITOR), Patron.id)
        .select_from(Patron)
        .outerjoin(PatronCard, (PatronCard.patron_id == Patron.id) & (PatronCard.state == "active"))
        .where(Patron.id == hold.patron_id)
        .limit(1)
    ).first()
    number = row[0] if row else None
    return {
        "id": hold.id,
        "kind": hold.kind,
        "state": hold.state,
        "patron_id": hold.patron_id,
        "patron_code": number[-4:] if number else None,
        "record_id": hold.record_id,
        "pickup_branch_id": hold.pickup_branch_id,
        "ready_on": hold.ready_on,
        "shelf_until": hold.shelf_until,
        "need_by": hold.need_by,
        "suspended_until": hold.suspended_until,
    }
