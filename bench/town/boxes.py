"""Boxes of books lent to points: packed, sent, received, lent from, counted, back, given for good."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bench.town.ground import COPIES
from bench.town.lends import Lends
from circulation.rotation import (
    arriving,
    boxes,
    claims,
    figures,
    giving,
    moving,
    returning,
    undoing,
)
from circulation.rotation.models import (
    Consignment,
    ConsignmentExtra,
    ConsignmentFigures,
    ConsignmentLine,
    ConsignmentPayment,
)
from ils.accounts.actor import Actor
from ils.core.db import reading
from ils.org.models import OrgUnit
from ils.org.units import NewUnit, found_unit

Choice = tuple[Callable[..., Any], dict[str, Any]]


class Boxes(Lends):
    """Three points: a commune, the third branch, and a branch of another library; a third copy of
    each title, so that there is something to pack."""

    def _found(self, session: Session) -> None:
        super()._found(session)
        titles = sorted({record_id for _, _, record_id in self.items})
        self.sets = [self._item(session, self.library, one, COPIES) for one in titles]
        self.items += self.sets
        top = session.get_one(OrgUnit, session.get_one(OrgUnit, self.library).parent_id)
        since = self.today
        library = found_unit(session, NewUnit("library", "M", "m", "TV M", valid_from=since), top)
        branch = found_unit(session, NewUnit("branch", "M1", "m1", "M1", valid_from=since), library)
        self.receiver = self._clerk(session, branch, library.id)
        self.other_library = library.id
        points = (
            boxes.PointFacts("Xã", "commune"),
            boxes.PointFacts("B3", "branch", self.branches[2]),
            boxes.PointFacts("M1", "branch", branch.id),
        )
        self.points = [boxes.write_point(session, self.actors[0], one).id for one in points]

    def _box(self, pick: int, *states: str) -> Consignment | None:
        found: Consignment | None = self.one_of(Consignment, pick, Consignment.state.in_(states))
        return found

    def _line(self, pick: int, box: Consignment, *states: str) -> int:
        where = [ConsignmentLine.consignment_id == box.id]
        if states:
            where.append(ConsignmentLine.state.in_(states))
        line = self.one_of(ConsignmentLine, pick, *where)
        return line.id if line is not None else 0

    def _choose(self, at: int, how: int, box: Consignment, acts: tuple[Choice, ...]) -> Any:
        use_case, words = acts[how % len(acts)]
        return self.may(use_case, at, box_id=box.id, **words)

    # --- packing and sending ------------------------------------------------------------------

    def pack(self, item: int, pick: int, at: int, *, several: bool) -> None:
        """Put a copy, or several, into a box that is being packed; begin one where none is."""
        box = self._box(pick, "draft")
        if box is None or pick % 9 == 0:
            box = self.may(boxes.open_box, at, self.points[pick % len(self.points)])
        if box is None:
            return
        item_id, barcode, _ = self.sets[item % 3] if item % 2 else self.item(item)
        if several:
            ids = [one[0] for one in (*self.sets, self.item(item))]
            self.may(boxes.pack_chosen, at, box_id=box.id, item_ids=ids[at % 3 :])
        elif at % 9 == 8:
            self.may(boxes.unpack, at, box_id=box.id, line_id=self._line(pick, box, "packed"))
        elif self.may(boxes.pack, at, box_id=box.id, barcode=barcode) is not None:
            assert item_id not in self.on_loan, "a copy on loan was packed"

    def box_leaves(self, pick: int, how: int, days: int) -> None:
        """Seal a box and hand it over, or give it up."""
        box = self._filled(pick) or self._box(pick, "draft")
        if box is None:
            self.pack(pick, how, days, several=True)
            return
        if how % 9 == 8:
            self.may(boxes.cancel_box, how, box_id=box.id)
            return
        due = self.today + timedelta(days=days % 50 + (how % 5 > 0))
        self.may(boxes.send_box, how, box_id=box.id, due_on=due, seal="NP", again=how % 4 > 0)

    def _filled(self, pick: int) -> Consignment | None:
        packed = select(ConsignmentLine.consignment_id).where(ConsignmentLine.state == "packed")
        where = (Consignment.state == "draft", Consignment.id.in_(packed))
        found: Consignment | None = self.one_of(Consignment, pick, *where)
        return found

    def _bring_about(self, pick: int, at: int) -> None:
        """No box is away: the next one is packed, or sent."""
        box = self._filled(pick)
        if box is None:
            self.pack(pick, at, pick, several=True)
        else:
            due = self.today + timedelta(days=1 + at % 30)
            self.may(boxes.send_box, at, box_id=box.id, due_on=due, again=True)

    # --- at the point -------------------------------------------------------------------------

    def at_the_point(self, pick: int, how: int, days: int) -> None:
        """A box arrives, or is said not to have; it stays longer."""
        box = self._box(pick, "sent")
        if box is None:
            self._bring_about(pick, how)
            return
        acts: tuple[Choice, ...] = (
            (_arrives, {"copies": days % 5}),
            (_arrives, {"copies": None, "phone": True}),
            (_counts_in, {"barcode": self._code(self._line(days, box))}),
            (arriving.not_there, {"line_id": self._line(days, box)}),
            (undoing.unreceive, {}),
            (moving.extend_box, {"due_on": self.today + timedelta(days=days % 60)}),
        )
        self._choose(days, how, box, acts)

    def lend_there(self, pick: int, patron: int, how: int, *, insist: bool) -> None:
        """The branch lends what lies in its box, and takes it back; or it comes back elsewhere."""
        open_there = (
            ConsignmentLine.closed_at.is_(None),
            ConsignmentLine.at_branch_id.is_not(None),
        )
        line = self.one_of(ConsignmentLine, pick, *open_there, most=12)
        if line is None:
            self._bring_about(pick, how)
            return
        n = next(i for i, one in enumerate(self.items) if one[0] == line.item_id)
        if line.item_id not in self.on_loan:
            self.lend(n, patron, 2, insist=insist)
        else:
            self.give_back(n, 2 if how % 3 else how, 0, drop=False, why=how)

    def point_tells(self, pick: int, how: int, number: int, *, phone: bool) -> None:
        """Figures of a month, typed, sent by the point, scanned, or taken back."""
        box = self._box(pick, "sent", "closed", "given")
        if box is None:
            self._bring_about(pick, how)
            return
        with self.clock():
            months = figures.months_of(box)
        month = months[number % len(months)]
        if how % 4 == 1:
            _, barcode, _ = self.item(number)
            self.may(figures.count_scanned, how, box_id=box.id, month=month, barcode=barcode)
        elif how % 4 == 2:
            self.may(figures.forget_figures, how, box_id=box.id, month=month)
        elif phone:
            numbers = (number % 7, number % 5, how % 3)
            self.may(_tells_by_phone, how, box_id=box.id, month=month, numbers=numbers)
        else:
            words = {"visits": number % 6, "reads": how % 5, "loans": number % 3}
            self.may(figures.report_figures, how, box_id=box.id, month=month, **words)

    # --- back ---------------------------------------------------------------------------------

    def box_comes_back(self, pick: int, item: int, how: int, *, damaged: bool) -> None:
        """Scan what comes back in a box: a copy of it, or one that is not on its list."""
        box = self._box(pick, "sent", "sent", "closed")
        if box is None:
            self._bring_about(pick, how)
            return
        code = self.item(item)[1]
        if how % 5 and (line := self._line(item, box)):
            code = self._code(line)
        elif how % 10 == 0:
            code = f"LẠ-{item % 3}"
        if how % 17 == 16:
            extra = self.one_of(ConsignmentExtra, item, ConsignmentExtra.consignment_id == box.id)
            self.may(returning.drop_extra, how, box_id=box.id, extra_id=extra.id if extra else 0)
            return
        worn = damaged and how % 3 == 0
        words: dict[str, Any] = {"box_id": box.id, "barcode": code, "damaged": worn}
        if self.may(returning.take_back, how, **words) is not None:
            before = self.events()
            again = self.may(returning.take_back, how, **words)
            assert again is not None, "a copy scanned twice was refused"
            assert self.events() == before, "a copy scanned twice was counted twice"

    def _code(self, line_id: int) -> str:
        with reading() as session:
            line = session.get_one(ConsignmentLine, line_id)
            known = {item_id: code for item_id, code, _ in self.items}
            return known[line.item_id]

    def box_ends(self, pick: int, how: int, at: int, *, yes: bool) -> None:
        """End the return of a box with what is missing, give it for good, hand it on, settle it."""
        sent, over = self._box(pick, "sent"), self._box(pick, "given")
        if over is not None and how % 2:
            self.may(giving.enter_given, 0, box_id=over.id, register_id=None, by=self.receiver)
            return
        if sent is None:
            self._bring_about(pick, how)
            return
        if how % 6 == 0:
            self.may(giving.give_box, at, box_id=sent.id, decision="QĐ 1")
        elif how % 6 in (1, 2):
            absent = [self._line(at, sent, "out")] if how % 4 == 1 else []
            to, due = self.points[at % len(self.points)], self.today + timedelta(days=at % 40)
            words: dict[str, Any] = {"absent": absent, "again": yes}
            self.may(moving.move_on, at, box_id=sent.id, point_id=to, due_on=due, **words)
        else:
            lost = [self._line(at, sent, "out")] if at % 3 == 0 else []
            self.may(returning.close_box, at, box_id=sent.id, missing=yes, lost=lost)

    def point_pays(self, pick: int, how: int, amount: int, at: int) -> None:
        """What is missing is agreed on, paid, let off; or that is taken back."""
        box = self._box(pick, "closed")
        if box is None:
            return
        some = 1000 * (1 + amount % 9)
        done = self.one_of(ConsignmentPayment, at, ConsignmentPayment.consignment_id == box.id)
        if not box.settlement_amount or how % 9 == 0:
            self.may(claims.settle_box, at, box_id=box.id, paper="BB 1", amount=some)
        elif how % 5 == 1:
            self.may(claims.let_off, at, box_id=box.id, amount=some, paper="QĐ 2")
        elif how % 5 == 2 and done is not None:
            self.may(claims.take_back_let_off, at, box_id=box.id, payment_id=done.id)
        elif how % 5 == 3 and done is not None:
            words = {"box_id": box.id, "receipt_id": done.receipt_id or 0, "reason_text": "thử"}
            self.try_to(claims.take_back_point_payment, at, **words)
        else:
            method = "transfer" if amount % 4 == 0 else "cash"
            self.try_to(claims.take_point_payment, at, box_id=box.id, amount=some, method=method)

    def box_undone(self, pick: int, how: int, at: int) -> None:
        """Take back what was done to a box by mistake, allowed in its state or not."""
        box = self._box(pick, "sent", "closed", "given")
        if box is None:
            self._bring_about(pick, how)
            return
        acts: tuple[Choice, ...] = (
            (undoing.unsend, {}),
            (undoing.untick, {"line_id": self._line(at, box, "returned", "damaged")}),
            (undoing.reopen_box, {}),
            (undoing.take_back_gift, {}),
        )
        self._choose(at, how, box, acts)


def _arrives(
    session: Session, actor: Actor, *, box_id: int, copies: int | None, phone: bool = False
) -> None:
    box, point = boxes.box_for(session, actor, box_id, receiver=True)
    arriving.receive_box(session, None if phone else actor, box=box, point=point, copies=copies)


def _counts_in(session: Session, actor: Actor, *, box_id: int, barcode: str) -> arriving.Here:
    box, point = boxes.box_for(session, actor, box_id, receiver=True)
    return arriving.count_in(session, actor, box=box, point=point, barcode=barcode)


def _tells_by_phone(
    session: Session, actor: Actor, *, box_id: int, month: Any, numbers: tuple[int, int, int]
) -> ConsignmentFigures:
    figures.new_link(session, actor, box_id=box_id)
    token = figures.link_of(session.get_one(Consignment, box_id))
    box, point = figures.box_of_link(session, token)
    return figures.write_figures(session, actor, box, point, month, numbers, "phone")
