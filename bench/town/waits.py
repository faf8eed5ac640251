"""Reservations, copies on their way and copies that nobody finds; the nights."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from bench.town.ground import Ground
from circulation import lending_jobs
from circulation.hold_changes import (
    cancel_hold,
    change_pickup,
    extend_shelf,
    move_hold,
    put_back,
    resume_hold,
    suspend_hold,
)
from circulation.holds import place_hold
from circulation.losses.missing import start_search
from circulation.losses.proposals import propose_every_night
from circulation.models import Hold, ItemSearch, Transit
from circulation.pulling import not_on_shelf
from circulation.searches import end_search
from circulation.transits import (
    cancel_transit,
    change_destination,
    missing_in_transit,
    not_arrived,
    receive_here,
    send,
    send_back,
)
from ils.core import clock
from ils.core.db import transaction
from ils.reporting.totals import advance, differences

Choice = tuple[Callable[..., Any], dict[str, Any]]


class Waits(Ground):
    """What readers wait for, and where copies are meanwhile."""

    def hold(self, item: int, patron: int, at: int, *, this_copy: bool, asleep: bool) -> None:
        """Place a hold on a title, on a volume of it or on one copy."""
        item_id, _, record_id = self.item(item)
        self.try_to(
            place_hold,
            at,
            record_id=record_id,
            patron_id=self.patron(patron),
            pickup_branch_id=self.branch(at),
            item_id=item_id if this_copy else None,
            volume_key=f"T.{1 + item % 2}" if not this_copy and at % 5 == 4 else "",
            kind="slip" if at % 6 == 5 else "hold",
            suspended_until=self.today + timedelta(days=3) if asleep else None,
            need_by=self.today + timedelta(days=20) if asleep else None,
        )

    def change_hold(self, pick: int, how: int, at: int) -> None:
        """Do something to one of the holds there are, allowed in its state or not."""
        ids = [row.id for row in self.newest(Hold, 12)]
        if not ids:
            return
        acts: tuple[Choice, ...] = (
            (cancel_hold, {}),
            (change_pickup, {"pickup_branch_id": self.branch(at)}),
            (suspend_hold, {"until": self.today + timedelta(days=2)}),
            (resume_hold, {}),
            (put_back, {"reason_text": "thử"}),
            (not_on_shelf, {"missing": None if at % 3 else bool(at % 2)}),
            (extend_shelf, {}),
            (move_hold, {"before_hold_id": ids[(pick + 1) % len(ids)], "reason_text": "thử"}),
        )
        use_case, words = acts[how % len(acts)]
        self.try_to(use_case, at, hold_id=ids[pick % len(ids)], **words)

    def send_away(self, item: int, at: int) -> None:
        """Send a copy to the other branch."""
        self.do(send, at, barcode=self.item(item)[1], to_branch_id=self.branch(at + 1))

    def change_transit(self, pick: int, how: int, at: int) -> None:
        """Do something to one of the copies that are or were on their way."""
        transit = self.one_of(Transit, pick, most=4)
        if transit is None:
            return
        acts: tuple[Choice, ...] = (
            (receive_here, {}),
            (send_back, {}),
            (change_destination, {"to_branch_id": self.branch(at)}),
            (cancel_transit, {"reason_text": "thử"}),
            (not_arrived, {}),
            (missing_in_transit, {}),
        )
        use_case, words = acts[how % len(acts)]
        self.try_to(use_case, at, transit_id=transit.id, **words)

    def search(self, item: int, how: int, at: int) -> None:
        """Have a copy looked for, or tick a search off."""
        open_one = self.one_of(ItemSearch, item, ItemSearch.closed_at.is_(None))
        if how % 3 == 0 or open_one is None:
            self.try_to(start_search, at, barcode=self.item(item)[1])
            return
        outcome = "missing" if how % 2 else "found"
        self.try_to(end_search, at, search_id=open_one.id, outcome=outcome)

    def days_pass(self, days: int) -> None:
        """Let days and their nights go by; the totals kept of the log are those of the log."""
        self.steps += 1
        self.last = None
        self.now = clock.at_local(self.today + timedelta(days=1 + days % 12), 0, 10)
        with self.clock():
            lending_jobs.holds_of_the_day()
            propose_every_night()
            lending_jobs.assign_all()
            if days % 3 == 0:
                with transaction() as session:
                    advance(session)
                    assert differences(session) == [], "the totals differ from the log"
        self.now += timedelta(hours=8)
