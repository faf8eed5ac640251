"""Lending, taking back, renewing, reading here; the book drop; what never took place."""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from bench.town.ground import YES, Ground
from cataloging.models import Item
from cataloging.quick import QuickTitle
from circulation.bookdrop import close_drop, open_drop, return_from_drop
from circulation.checkin import check_in
from circulation.checkout import check_out, enter_open_loan
from circulation.desk import perform
from circulation.fast_add import add_and_lend
from circulation.models import BookDrop, Loan
from circulation.reading_room import scan_in_house_use
from circulation.renew import renew, renew_all
from circulation.reversal import reverse_loan, reverse_return
from circulation.tallies import count_in_house_use, count_visit
from circulation.why import why_due, why_fine
from ils.accounts.actor import Actor
from ils.core.db import reading


class Lends(Ground):
    """What happens between a copy and a reader."""

    def lend(self, item: int, patron: int, at: int, *, insist: bool, room: bool = False) -> None:
        """Lend; with ``insist`` every question is answered and every override used."""
        item_id, barcode, _ = self.item(item)
        who = self.patron(patron)
        words: dict[str, Any] = {"kind": "reading_room"} if room else {}
        words["overrides"] = YES if insist else {}
        answer = self.do(check_out, at, barcode=barcode, patron_id=who, **words)
        if answer.ok and answer.code in ("lent", "lent_reading_room"):
            assert insist or item_id not in self.on_loan, "an item on loan was lent again"
            self.on_loan[item_id] = who
        elif not answer.ok:
            assert answer.reasons, "a refusal without a reason"

    def enter_paper(self, item: int, patron: int, days: int) -> None:
        """Enter a loan open on paper."""
        item_id, barcode, _ = self.item(item)
        started = self.today - timedelta(days=days % 60)
        answer = self.do(
            enter_open_loan,
            barcode=barcode,
            patron_id=self.patron(patron),
            started_on=started,
            due_on=started + timedelta(days=14),
        )
        if answer.ok:
            assert item_id not in self.on_loan
            self.on_loan[item_id] = self.patron(patron)

    def fast_add(self, patron: int, at: int) -> None:
        """Enter a copy nobody knew and lend it."""
        code = f"F{next(self.keys)}"
        facts = QuickTitle(self.branch(at), "Sách mới", code, price=20_000)
        who = self.patron(patron)
        answer = self.do(add_and_lend, at, facts=facts, patron_id=who)
        with reading() as session:
            made = session.scalars(select(Item).where(Item.barcode == code)).one()
        self.items.append((made.id, code, made.record_id))
        if answer.ok:
            self.on_loan[made.id] = who

    def give_back(self, item: int, at: int, back_days: int, *, drop: bool, why: int = 0) -> None:
        """Take back, perhaps dated back or by an amnesty; what ran is what is charged."""
        item_id, barcode, _ = self.item(item)
        loan = self._open_loan(item_id)
        running = self._running(loan) if loan is not None else 0
        words: dict[str, Any] = {"book_drop": drop}
        if back_days:
            words["effective_on"] = self.today - timedelta(days=back_days)
        if why % 9 == 8:
            words["amnesty"] = "QĐ 1"
        elif why % 3 == 0:
            words["overrides"] = YES
        answer = self.do(check_in, at, barcode=barcode, **words)
        if answer.repeated:
            return
        if item_id in self.on_loan:
            assert answer.loan, "an item on loan was not taken back"
            if not back_days and not drop:
                stood = loan is not None and (loan.lost_on or loan.claimed_on)  # goes on by this
                charged = answer.facts["charged"]
                assert charged >= running if stood else charged == running, "it is not what ran"
            del self.on_loan[item_id]
        assert item_id not in self.on_loan

    def empty_the_drop(self, item: int, at: int, *, end: bool) -> None:
        """Take a copy out of the book drop, or end the session: its figures stand then."""
        drop = self.run(open_drop, at)
        if end:
            first = self.run(close_drop, at, drop.id).totals()
            stored = self.one_of(BookDrop, 0, BookDrop.id == drop.id)
            assert stored.totals == first
            assert self.run(close_drop, at, drop.id).totals() == first
            return
        item_id, barcode, _ = self.item(item)
        answer = self.do(return_from_drop, at, drop_id=drop.id, barcode=barcode)
        if answer.ok and not answer.repeated:
            assert bool(answer.loan) == (item_id in self.on_loan)
            self.on_loan.pop(item_id, None)

    def _open_loan(self, item_id: int) -> Loan | None:
        with reading() as session:
            return session.scalar(
                select(Loan).where(Loan.item_id == item_id, Loan.closed_at.is_(None))
            )

    def _running(self, loan: Loan) -> int:
        with self.clock(), reading() as session:
            assert why_due(session, loan.id)["due_on"] == loan.due_on.isoformat()
            return int(why_fine(session, loan.id)["running"])

    def renew_one(self, item: int, at: int, *, insist: bool) -> None:
        """Renew by the barcode; a renewal never shortens."""
        item_id, barcode, _ = self.item(item)
        before = self._open_loan(item_id)
        answer = self.do(renew, at, barcode=barcode, overrides=YES if insist else {})
        if answer.ok and not answer.repeated:
            assert before is not None
            assert date.fromisoformat(answer.loan["due_on"]) > before.due_on

    def renew_everything(self, patron: int) -> None:
        """Renew all from the reader's phone."""
        who = self.patron(patron)
        phone = Actor(name="x", patron_id=who, channel="opac")
        self.steps += 1
        self.last = None
        with self.clock():
            answers = perform(renew_all, phone, patron_id=who, key=f"k{next(self.keys)}")
        assert len(answers) == sum(p == who for p in self.on_loan.values())

    def read_here(self, item: int, at: int) -> None:
        """Scan a copy that was read on the premises; it counts once in half an hour."""
        _, barcode, _ = self.item(item)
        before = self.events()
        answer = self.do(scan_in_house_use, at, barcode=barcode)
        assert self.events() - before == (answer.code == "in_house_use")

    def count(self, people: int, at: int, *, books: bool) -> None:
        """Count people coming in, or books read, by a tap."""
        self.do(count_in_house_use if books else count_visit, at, quantity=1 + people % 9)

    def never_was(self, pick: int, at: int, *, back: bool) -> None:
        """Say that a loan, or a return, never took place."""
        if back:
            ended = (Loan.closed_how == "returned",)
            loan = self.one_of(Loan, pick, *ended)
            if loan is None:
                return
            answer = self.try_to(reverse_return, at, loan_id=loan.id, why="thử")
            if answer is not None and answer.ok:
                assert loan.item_id not in self.on_loan
                self.on_loan[loan.item_id] = loan.patron_id or 0
            return
        loan = self.one_of(Loan, pick)
        if loan is None:
            return
        answer = self.try_to(reverse_loan, at, loan_id=loan.id, why="thử")
        if answer is not None and answer.ok:
            assert self.on_loan.pop(loan.item_id) == loan.patron_id
