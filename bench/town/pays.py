"""Money over the desk: charges, payments, deposits, tills, small sales, and taking them back."""

from typing import Any

from sqlalchemy import select

from bench.town.ground import Ground
from cataloging.models import Item
from circulation.blocks import patron_figures
from circulation.deposits import deposit_in, deposit_out, deposit_to_debt, paid_too_much, pay_back
from circulation.fees import charge, reverse, reverse_sale, take_payment, waive
from circulation.ledger import Account, account
from circulation.models import Loan, Receipt
from circulation.money.batch_waivers import KINDS as KINDS_FORGIVEN
from circulation.money.batch_waivers import (
    Asked,
    discard_batch,
    give_batch,
    plan_batch,
    take_batch_back,
)
from circulation.money.models import BatchWaiver, Till
from circulation.money.rates import offers
from circulation.money.sales import sell, settle_in_kind
from circulation.money.tills import close_till, move_cash, open_till, till_report
from circulation.rules.till import NOTES
from ils.core.db import reading
from ils.core.jobs import run_next_job

KINDS = ("service", "processing", "damage", "card_fee", "deposit_due")


class Pays(Ground):
    """What is owed, paid, kept and counted."""

    def _known(self, patron_id: int) -> Account:
        with self.clock(), reading() as session:
            known = account(session, patron_id)
            figures = patron_figures(session, [patron_id])[patron_id]
        assert known.owed == figures.owed, "two ways to the same debt differ"
        return known

    def charge(self, patron: int, kind: int, amount: int, at: int) -> None:
        """Charge something by hand."""
        some = 1000 * (1 + amount % 20)
        kind_name = KINDS[kind % len(KINDS)]
        self.try_to(charge, at, patron_id=self.patron(patron), kind=kind_name, amount=some)

    def pay(self, patron: int, amount: int, at: int, *, all_of_it: bool) -> None:
        """Take a payment, in cash or by transfer, for chosen charges or the oldest."""
        who = self.patron(patron)
        known = self._known(who)
        payable = sum(d.open_amount for d in known.open_debits) + known.running
        pay = payable if all_of_it else min(1000 * (1 + amount % 20), payable)
        chosen = [d.entry.id for d in known.open_debits][-1:] if amount % 2 else []
        method = "transfer" if amount % 5 == 4 else "cash"
        answer = self.do(take_payment, at, patron_id=who, amount=pay, chosen=chosen, method=method)
        assert answer.ok == (pay > 0), answer
        self._settled()

    def forgive(self, patron: int, pick: int, how: int, at: int) -> None:
        """Waive a charge, whole or in part, or settle it in kind."""
        who = self.patron(patron)
        debits = self._known(who).open_debits
        if not debits:
            return
        debit = debits[pick % len(debits)]
        part = max(1, debit.open_amount // 2) if how % 2 else None
        words: dict[str, Any] = {"patron_id": who, "entry_id": debit.entry.id, "amount": part}
        if how % 4 >= 2:
            way = "work" if how % 3 else "replacement_copy"
            self.try_to(settle_in_kind, at, how=way, reason_text="thử", **words)
        else:
            self.try_to(waive, at, reason_text="thử", **words)
        self._settled()

    def forgive_many(self, how: int, kind: int, days: int, at: int) -> None:
        """Look at what many owe and forgive it by a decision, or take such a batch back whole."""
        batch = self.one_of(BatchWaiver, kind, BatchWaiver.state != "discarded", most=3)
        if batch is None or how % 4 == 0:
            asked = Asked(kinds=(*KINDS_FORGIVEN[kind % 6 :], "overdue"), days=days % 5)
            words = {"decision": "1/QĐ", "decided_on": self.today, "reason": "thử"}
            self.may(plan_batch, at, self.library, asked, **words)
        else:
            acts = (give_batch, take_batch_back, discard_batch)
            self.may(acts[how % 4 - 1], at, batch.id)
            with self.clock():
                while run_next_job():
                    pass
        self._settled(reopened=True)

    def take_back_line(self, patron: int, pick: int, at: int) -> None:
        """Reverse a line of an account, whatever it is."""
        known = self._known(self.patron(patron))
        if known.entries:
            entry = known.entries[pick % len(known.entries)]
            self.try_to(reverse, at, entry_id=entry.id, reason_text="thử")
            self._settled(reopened=True)

    def deposit(self, patron: int, how: int, amount: int, at: int) -> None:
        """Take a deposit, give it back, use it against a debt, or pay back what was overpaid."""
        who = self.patron(patron)
        known = self._known(who)
        some = 1000 * (1 + amount % 20)
        payable = sum(d.open_amount for d in known.open_debits)
        if how % 5 in (0, 1):
            self.do(deposit_in, at, patron_id=who, amount=some)
        elif how % 5 == 2:
            answer = self.do(deposit_out, at, patron_id=who, amount=some)
            assert answer.ok == (some <= known.deposit)
        elif how % 5 == 3:
            use = min(some, known.deposit, payable) or some
            answer = self.do(deposit_to_debt, at, patron_id=who, amount=use, reason_text="thử")
            assert answer.ok == (use <= min(known.deposit, payable))
        else:
            with reading() as session:
                free = paid_too_much(session, who)
            answer = self.do(pay_back, at, patron_id=who, amount=free or some, reason_text="thử")
            assert answer.ok == (free > 0)
        self._settled()

    def sell(self, patron: int, count: int, how: int, at: int) -> None:
        """Sell from the price list, to a patron or to anybody; or take such a sale back."""
        if how % 4 == 3:
            sale = self.one_of(Receipt, patron, Receipt.patron_id.is_(None))
            if sale is not None:
                self.try_to(reverse_sale, at, receipt_id=sale.id, reason_text="thử")
            return
        with self.clock(), reading() as session:
            (offer,) = offers(session, self.branch(at), self.today)
        words: dict[str, Any] = {"quantities": {offer.id: 1 + count % 30}}
        if how % 4:
            words |= {"patron_id": self.patron(patron), "pay_now": how % 4 == 1}
        self.do(sell, at, **words)
        self._settled()

    def till(self, how: int, amount: int, at: int) -> None:
        """Open a drawer, move cash, or close it by counting."""
        held = self.one_of(
            Till,
            0,
            Till.closed_at.is_(None),
            Till.clerk_id == self.actor(at).staff_id,
        )
        some = 1000 * (1 + amount % 50)
        if held is None:
            answer = self.do(open_till, at, name="Ngăn 1", float_amount=some)
            assert answer.ok
        elif how % 3 < 2:
            kind = "handed_over" if how % 3 else "added"
            self.try_to(move_cash, at, till_id=held.id, kind=kind, amount=some, reason_text="thử")
        else:
            self._close(held, amount, at)

    def _close(self, held: Till, amount: int, at: int) -> None:
        with reading() as session:
            holds = till_report(session, session.get_one(Till, held.id)).expected
        counted, left = {}, max(0, holds - (1000 if amount % 4 == 3 else 0))
        for note in NOTES:
            counted[note], left = divmod(left, note)
        words = {"till_id": held.id, "counted": counted}
        answer = self.do(close_till, at, **words)
        if sum(note * n for note, n in counted.items()) != holds:
            assert answer.reason_codes() == ["difference_unexplained"]
            answer = self.do(close_till, at, reason_text="thử", **words)
        assert answer.ok

    def _settled(self, *, reopened: bool = False) -> None:
        """Money ends loans of lost copies and opens them again, and touches no others."""
        rows = self.rows_on_loan()
        ended = set(self.on_loan) - set(rows)
        opened = set(rows) - set(self.on_loan)
        with reading() as session:
            life = dict(
                session.execute(
                    select(Item.id, Item.lifecycle).where(Item.id.in_(ended | opened))
                ).all()
            )
            lost = set(session.scalars(select(Loan.item_id).where(Loan.lost_on.is_not(None))))
        assert all(life[i] == "lost_settled" for i in ended), "money ended a loan"
        assert reopened or not opened, "money opened a loan"
        assert opened <= lost, "money lent a copy"
        assert all(life[i] == "lost" for i in opened), "money lent a copy that is not lost"
        self.on_loan = rows
