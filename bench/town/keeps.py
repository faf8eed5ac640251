"""What is kept in order: closures, cards, records of one person, stock-taking."""

from datetime import timedelta

from bench.town.ground import Ground
from circulation.closures.giving_back import give_back_penalties
from circulation.closures.models import ClosurePlan
from circulation.closures.plans import (
    apply_closure,
    discard_closure,
    lift_closure,
    plan_closure,
    undo_closure,
)
from circulation.patrons.cards import renew_card, replace_card
from circulation.patrons.merge import merge_patrons, undo_merge
from circulation.patrons.models import PatronMerge
from circulation.stocktaking.changes import apply_groups, undo_groups
from circulation.stocktaking.models import StockTake
from circulation.stocktaking.scanning import Scan, record_scans, take_back_scan
from circulation.stocktaking.takes import (
    Plan,
    Scope,
    cancel_stock_take,
    close_stock_take,
    freeze,
    plan_stock_take,
    reopen,
)
from ils.core.jobs import run_next_job

GROUPS = ["missing", "damaged", "found_again", "lent_but_here", "misplaced"]


class Keeps(Ground):
    """What changes the frame in which is lent."""

    # --- closures -----------------------------------------------------------------------------

    def close_days(self, pick: int, how: int, days: int, at: int) -> None:
        """Plan a closure, or go on with one: apply it, take it back, open earlier."""
        plan = self.one_of(ClosurePlan, pick, most=3)
        if plan is None or how % 6 == 0:
            first = self.today + timedelta(days=days % 10 - 2)
            closed = {first + timedelta(days=n): "Sửa điện" for n in range(1 + days % 4)}
            unit = (self.library, *self.branches)[pick % 4]
            made = self.may(plan_closure, at, unit, closed, "Sửa điện")
            if days % 2:
                self.may(apply_closure, at, made.id)
        elif how % 6 == 1:
            self.may(apply_closure, at, plan.id)
        elif how % 6 == 2:
            self.may(undo_closure, at, plan.id)
        elif how % 6 == 3:
            self.may(lift_closure, at, plan.id, self.today + timedelta(days=days % 3))
        elif how % 6 == 4:
            self.may(give_back_penalties, at, plan.id)
        else:
            self.may(discard_closure, at, plan.id)

    # --- people -------------------------------------------------------------------------------

    def new_card(self, patron: int, how: int, at: int) -> None:
        """Renew a card, or replace one that was lost or is worn."""
        who = self.patron(patron)
        if how % 3 == 0:
            self.may(renew_card, at, who)
        else:
            self.may(replace_card, at, who, reason="lost" if how % 3 == 1 else "worn")

    def make_one(self, patron: int, other: int, at: int) -> None:
        """Two records turn out to be one person."""
        kept, gone = self.patron(patron), self.patron(other)
        if len(self.patrons) - len(self.merged) < 3:
            return
        if self.may(merge_patrons, at, kept, gone) is not None:
            self.merged[gone] = kept
            self.on_loan = {i: kept if who == gone else who for i, who in self.on_loan.items()}

    def make_two(self, pick: int, at: int) -> None:
        """They were two after all, within thirty days."""
        merge = self.one_of(PatronMerge, pick, PatronMerge.ended_at.is_(None))
        if merge is not None and self.may(undo_merge, at, merge.id) is not None:
            del self.merged[merge.gone_id]
            both = {i for i, who in self.on_loan.items() if who == merge.kept_id}
            self.follow(both)

    # --- stock-taking -------------------------------------------------------------------------

    def take_stock(self, item: int, how: int, at: int, *, yes: bool) -> None:
        """Plan and freeze, scan, close, change by groups, take that back."""
        take = self.one_of(StockTake, 0)
        if take is None or take.state == "canceled" or (take.state == "closed" and how % 7 == 0):
            scope = Scope(tuple(self.branches) if yes else (self.branch(at),))
            made = self.run(plan_stock_take, at, Plan("Kiểm kê", scope))
            self.may(freeze, at, made.id)
        elif take.state == "counting":
            self._count(take, item, how, at, yes=yes)
        elif how % 3 == 0:
            self.may(reopen, at, take.id)
        elif how % 3 == 1:
            if self.may(apply_groups, at, take.id, GROUPS) is not None:
                self._work()
        elif self.may(undo_groups, at, take.id) is not None:
            self._work()

    def _count(self, take: StockTake, item: int, how: int, at: int, *, yes: bool) -> None:
        if how % 6 == 5:
            self.may(close_stock_take, at, take.id)
        elif how % 12 == 4:
            self.may(cancel_stock_take, at, take.id)
        else:
            key = f"s{next(self.keys)}"
            scan = Scan(key, self.item(item)[1], damaged=yes and how % 3 == 0)
            (heard,) = self.run(record_scans, at, take.id, [scan])
            assert self.run(record_scans, at, take.id, [scan]) == [heard]
            if how % 5 == 0:
                assert self.may(take_back_scan, at, take.id, key)

    def _work(self) -> None:
        """Let the worker do the job; it lends nothing to anybody."""
        with self.clock():
            while run_next_job():
                pass
        rows = self.rows_on_loan()
        assert rows.items() <= self.on_loan.items(), "a stock-taking lent a copy"
        self.on_loan = rows
