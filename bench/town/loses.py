"""Copies lost, claimed to be back, damaged, found again, long overdue."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from bench.town.ground import YES, Ground
from circulation.losses.claims import (
    found_on_shelf,
    give_up,
    make_claim,
    on_shelf_after_all,
    take_up_again,
    tick_search,
    untick_search,
    withdraw_claim,
)
from circulation.losses.damage import cancel_damage, record_damage
from circulation.losses.lost import (
    bring_copy,
    cancel_loss,
    decide_money,
    declare_lost,
    pay_back_found,
)
from circulation.losses.models import Claim, Loss, LossProposal
from circulation.losses.proposals import approve, postpone, propose_again
from circulation.models import Loan
from ils.core.db import reading

Choice = tuple[Callable[..., Any], dict[str, Any]]


class Loses(Ground):
    """What befalls copies, and how it is settled."""

    def declare(self, item: int, way: int, days: int, at: int) -> None:
        """Record a copy as lost, today or some days ago, whatever it is doing."""
        self.try_to(
            declare_lost,
            at,
            item_id=self.item(item)[0],
            way=("money", "same_book", "none")[way % 3],
            on=self.today - timedelta(days=days % 9) if days % 2 else None,
            overrides=YES if way % 2 else {},
        )
        self._only_ended()

    def settle_loss(self, pick: int, how: int, at: int) -> None:
        """Do something to one of the cases there are, allowed in its state or not."""
        case = self.one_of(Loss, pick)
        if case is None:
            return
        decided = ("credit", "payout", "keeps_paid", "gift", "reader_keeps")
        acts: tuple[Choice, ...] = (
            (bring_copy, {}),
            (cancel_loss, {"reason_text": "thử"}),
            (cancel_damage, {"reason_text": "thử"}),
            (decide_money, {"money": decided[pick % len(decided)]}),
            (pay_back_found, {}),
        )
        use_case, words = acts[how % len(acts)]
        self.try_to(use_case, at, loss_id=case.id, **words)
        self._only_ended(but=case.item_id if use_case is cancel_loss else None)

    def claim(self, pick: int, days: int, at: int) -> None:
        """A reader says that the copy is back, or was never borrowed."""
        loan = self.one_of(Loan, pick, Loan.closed_at.is_(None))
        if loan is not None:
            self.try_to(
                make_claim,
                at,
                loan_id=loan.id,
                kind="never_had" if days % 3 == 0 else "returned",
                on=self.today - timedelta(days=days % 7),
            )

    def settle_claim(self, pick: int, how: int, at: int, *, yes: bool) -> None:
        """Do something to one of the claims there are, allowed in its state or not."""
        claim = self.one_of(Claim, pick, most=4)
        if claim is None:
            return
        acts: tuple[Choice, ...] = (
            (tick_search, {}),
            (give_up, {"charge": yes, "overrides": YES if at % 2 else {}}),
            (withdraw_claim, {}),
            (found_on_shelf, {}),
            (on_shelf_after_all, {}),
            (untick_search, {}),
            (take_up_again, {"reason_text": "thử"}),
        )
        use_case, words = acts[how % len(acts)]
        self.try_to(use_case, at, claim_id=claim.id, **words)
        again = use_case is take_up_again
        self._only_ended(but=self.item_of(claim.loan_id) if again else None)

    def damage(self, item: int, how: int, amount: int, at: int) -> None:
        """Record damage to a copy that is not on loan; its last reader may be asked."""
        item_id = self.item(item)[0]
        loan = self.one_of(Loan, 0, Loan.item_id == item_id, Loan.closed_at.is_not(None))
        self.try_to(
            record_damage,
            at,
            item_id=item_id,
            loan_id=loan.id if loan is not None and how % 2 else None,
            amount=1000 * (amount % 12),
            lifecycle=("damaged", "repair", "active")[how % 3],
        )

    def judge_proposal(self, pick: int, at: int, *, yes: bool) -> None:
        """Approve or postpone what a night proposed as lost."""
        row = self.one_of(LossProposal, pick, most=4)
        if row is None:
            return
        use_case: Callable[..., Any] = approve if yes else propose_again if pick % 3 else postpone
        words: dict[str, Any] = {"days": 1 + pick % 9} if use_case is postpone else {}
        self.try_to(use_case, at, proposal_id=row.id, **words)

    def item_of(self, loan_id: int) -> int:
        """Return the copy of a loan."""
        with reading() as session:
            return session.get_one(Loan, loan_id).item_id

    def _only_ended(self, but: int | None = None) -> None:
        """A settled case ends its loan; nothing here gives a copy to anybody, but a mistake taken
        back gives it to who had it."""
        rows = self.rows_on_loan()
        others = {item: who for item, who in rows.items() if item != but}
        assert others.items() <= self.on_loan.items(), "a loss lent a copy"
        self.on_loan = rows
