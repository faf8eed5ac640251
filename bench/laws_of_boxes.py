"""What must hold of boxes lent to points, whatever was done to them and to their copies."""

from collections import Counter, defaultdict
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.models import Item
from circulation.models import Hold, LedgerEntry, Loan, Receipt, Transit
from circulation.rotation.models import (
    Consignment,
    ConsignmentFigures,
    ConsignmentLine,
    ConsignmentPayment,
    RotationPoint,
)
from ils.core.events import EventRow
from ils.org.units import library_of

IN_HAND = ("targeted", "in_transit", "ready", "expired_shelf")
KINDS = (
    *("consignment_sent", "consignment_received", "consignment_closed", "copies_given"),
    *("point_visits_reported", "point_uses_reported", "item_withdrawn", "item_accessioned"),
)
Told = dict[str, list[Any]]


def check(session: Session) -> None:
    """Check every law of boxes."""
    boxes = {box.id: box for box in session.scalars(select(Consignment))}
    if not boxes:
        return
    lines = list(session.scalars(select(ConsignmentLine)))
    numbers_have_no_gap(list(boxes.values()))
    lines_are_as_their_box(boxes, lines)
    a_copy_in_a_box_is_nowhere_else(session, lines)
    told = _events(session)
    the_log_tells_of_boxes(boxes, lines, told)
    figures_count_once(session, boxes, lines, told)
    given_is_struck_off_and_entered(session, boxes, lines, told)
    points_owe_what_was_agreed(session, boxes)


def numbers_have_no_gap(boxes: list[Consignment]) -> None:
    """The series of a library and year is 1, 2, 3 …; a box given up keeps its number."""
    series: dict[tuple[int, int], list[int]] = defaultdict(list)
    for box in boxes:
        series[box.library_id, box.year].append(box.serial)
    for numbers in series.values():
        assert sorted(numbers) == list(range(1, len(numbers) + 1)), "the boxes have a gap"


def lines_are_as_their_box(boxes: dict[int, Consignment], lines: list[ConsignmentLine]) -> None:
    """What is packed lies in a box being packed, what is out in one that was sent; one that is
    over leaves nothing open, and no copy lies in two."""
    opened = {"packed": "draft", "out": "sent"}
    open_lines = [line for line in lines if line.closed_at is None]
    for line in open_lines:
        state = boxes[line.consignment_id].state
        assert opened[line.state] == state, f"line {line.id} is {line.state} in a box {state}"
    twice = [i for i, n in Counter(line.item_id for line in open_lines).items() if n > 1]
    assert not twice, f"copies {twice} lie in two boxes"


def a_copy_in_a_box_is_nowhere_else(session: Session, lines: list[ConsignmentLine]) -> None:
    """It is not on its way, given to no hold and not on loan, but where the branch that has the
    box lends it and keeps it for a reader who collects there."""
    held: dict[int | None, Hold] = {
        hold.item_id: hold for hold in session.scalars(select(Hold).where(Hold.state.in_(IN_HAND)))
    }
    lent = set(session.scalars(select(Loan.item_id).where(Loan.closed_at.is_(None))))
    moving = set(
        session.scalars(
            select(Transit.item_id).where(
                Transit.received_at.is_(None), Transit.cancelled_at.is_(None)
            )
        )
    )
    life = {row.id: row.lifecycle for row in session.execute(select(Item.id, Item.lifecycle))}
    for line in lines:
        if line.closed_at is not None:
            continue
        here = f"copy {line.item_id} of box {line.consignment_id}"
        assert line.item_id not in moving, f"{here} is on its way"
        assert life[line.item_id] != "withdrawn", f"{here} is withdrawn"
        assert line.at_branch_id or line.item_id not in lent, f"{here} is on loan"
        hold = held.get(line.item_id)
        if hold is not None:
            assert hold.state in ("ready", "expired_shelf"), f"{here} is given to hold {hold.id}"
            assert line.at_branch_id, f"{here} waits on a shelf"


def _events(session: Session) -> Told:
    """Return the events of boxes that count, by kind."""
    voided = set(session.scalars(select(EventRow.voids_id).where(EventRow.voids_id.is_not(None))))
    row = EventRow
    columns = (row.id, row.kind, row.facts, row.quantity, row.item_id, row.library_id)
    found: Told = defaultdict(list)
    for one in session.execute(select(*columns).where(row.kind.in_(KINDS))):
        if one.id not in voided:
            found[one.kind].append(one)
    return found


def the_log_tells_of_boxes(
    boxes: dict[int, Consignment],
    lines: list[ConsignmentLine],
    told: Told,
) -> None:
    """Each box sent, closed and received is told of once, with the copies that are on its list."""
    listed = Counter(line.consignment_id for line in lines)
    sent = {row.facts["consignment"]: row.quantity for row in told["consignment_sent"]}
    left = {box.id: listed[box.id] for box in boxes.values() if box.sent_on is not None}
    assert len(told["consignment_sent"]) == len(sent), "a box was told of twice"
    assert sent == left, f"boxes told of {sent} are not those that left {left}"
    closed = [row.facts["consignment"] for row in told["consignment_closed"]]
    over = [box.id for box in boxes.values() if box.state == "closed"]
    assert sorted(closed) == sorted(over), "boxes closed and their events differ"
    received = {row.facts["consignment"]: row.quantity for row in told["consignment_received"]}
    for box_id, copies in received.items():
        assert boxes[box_id].received_copies == copies, f"box {box_id} was received otherwise"


def figures_count_once(
    session: Session,
    boxes: dict[int, Consignment],
    lines: list[ConsignmentLine],
    told: Told,
) -> None:
    """What a point told of a month is in the log once, however often it was told anew."""
    want: dict[tuple[int, str], int] = defaultdict(int)
    for row in session.scalars(select(ConsignmentFigures)):
        read = "scanned" if row.channel == "scan" else "read"
        for how, number in (("visits", row.visits), (read, row.reads), ("lent", row.loans)):
            want[row.consignment_id, how] += number
    have: dict[tuple[int, str], int] = defaultdict(int)
    for event in (*told["point_visits_reported"], *told["point_uses_reported"]):
        have[event.facts["consignment"], event.facts.get("how") or "visits"] += event.quantity
        assert event.library_id == boxes[event.facts["consignment"]].library_id
    assert {k: v for k, v in want.items() if v} == dict(have), "figures and events differ"
    uses: dict[int, int] = defaultdict(int)
    for line in lines:
        uses[line.consignment_id] += line.uses
    scanned = {box: n for (box, how), n in have.items() if how == "scanned"}
    assert {box: n for box, n in uses.items() if n} == scanned, "uses of copies and events differ"


def given_is_struck_off_and_entered(
    session: Session, boxes: dict[int, Consignment], lines: list[ConsignmentLine], told: Told
) -> None:
    """A copy given for good is withdrawn here once, and entered once where it went."""
    points = {point.id: point for point in session.scalars(select(RotationPoint))}
    struck = Counter(
        row.item_id for row in told["item_withdrawn"] if row.facts["reason"] == "transferred"
    )
    entered = {row.item_id for row in told["item_accessioned"] if row.facts.get("voucher")}
    given: set[int] = set()
    new: set[int] = set()
    copies: dict[int, int] = defaultdict(int)
    for line in lines:
        box = boxes[line.consignment_id]
        branch_id = points[box.point_id].branch_id
        within = branch_id is not None and library_of(session, branch_id).id == box.library_id
        if line.state != "given" or within:
            assert line.new_item_id is None, f"line {line.id} was entered and not given"
            continue
        given.add(line.item_id)
        copies[box.id] += 1
        if line.new_item_id is not None:
            new.add(line.new_item_id)
            item = session.get_one(Item, line.new_item_id)
            assert item.owner_id != box.library_id, f"copy {item.id} was entered by its giver"
            assert item.source == "transfer", f"copy {item.id} has another source"
    assert set(struck) == given, f"copies given {given} are not those struck off {set(struck)}"
    assert all(n == 1 for n in struck.values()), "a copy was struck off twice"
    life = {row.id: row.lifecycle for row in session.execute(select(Item.id, Item.lifecycle))}
    assert {i for i, how in life.items() if how == "withdrawn"} == given, "withdrawn, not given"
    assert new == entered, "copies entered and their events differ"
    quantities = {row.facts["consignment"]: row.quantity for row in told["copies_given"]}
    assert quantities == dict(copies), "copies given and their events differ"


def points_owe_what_was_agreed(session: Session, boxes: dict[int, Consignment]) -> None:
    """What a point paid and was let off never exceeds what was agreed; every payment of a point is a
    receipt with its charge, and every such charge is a payment of a point."""
    receipts = {one.id: one for one in session.scalars(select(Receipt))}
    charges = session.scalars(select(LedgerEntry).where(LedgerEntry.kind == "point_loss"))
    charged = {line.receipt_id: line.amount for line in charges}
    paid: dict[int | None, int] = {}
    settled: dict[int, int] = defaultdict(int)
    for row in session.scalars(select(ConsignmentPayment)):
        stands = row.ended_at is None
        if row.receipt_id is not None:
            receipt = receipts[row.receipt_id]
            paid[row.receipt_id] = row.amount
            assert receipt.amount == row.amount, f"receipt {receipt.number} has another amount"
            assert receipt.patron_id is None, f"receipt {receipt.number} names a reader"
            stands = stands and receipt.voided_at is None
        settled[row.consignment_id] += row.amount if stands else 0
    assert paid == charged, "payments of points and their charges differ"
    for box_id, amount in settled.items():
        agreed = boxes[box_id].settlement_amount or 0
        assert amount <= agreed, f"box {box_id}: {amount} settled of {agreed}"
