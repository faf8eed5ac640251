"""Two years at the desks, day by day, through the use cases and with the clock set."""

from collections.abc import Callable
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from circulation.checkin import check_in
from circulation.checkout import check_out
from circulation.desk import DeskResult
from circulation.hold_changes import cancel_hold, suspend_hold
from circulation.holds import place_hold
from circulation.models import Hold, Transit
from circulation.patrons.models import Patron
from circulation.patrons.sign_in import patron_actor
from circulation.reading_room import scan_in_house_use
from circulation.renew import renew
from circulation.sample import cash
from circulation.sample.accession import Held
from circulation.sample.desks import Desk, Desks
from circulation.sample.seasons import busyness, poisson
from circulation.sample.town import Borrower, Out
from circulation.tallies import count_in_house_use, count_visit
from ils.accounts.actor import Actor
from ils.core import clock

# Loans on an ordinary open day, visits, and books read on the premises.
TRAFFIC = {
    "TVT-TS": (2.5, 38, 46),
    "BS-TT": (1.5, 17, 18),
    "BS-CL": (0.75, 8, 8),
    "BS-DL": (0.6, 6, 7),
    "PL-TT": (1.3, 14, 14),
    "PL-BD": (0.6, 7, 7),
    "PL-SM": (0.5, 5, 6),
    "AH-TT": (1.5, 19, 20),
    "AH-TN": (1.3, 16, 24),
}
READING_ROOM = {"TVT-TS": 0.55, "BS-TT": 0.12, "PL-TT": 0.1, "AH-TT": 0.12}
CHILDREN_AMONG_VISITORS = {"AH-TN": 0.85, "TVT-TS": 0.3}


class Lending(Desks):
    """The acts of a day. The session is given for each stretch of days; nothing is committed."""

    last: date  # the last day to be played

    def day(self, session: Session, day: date) -> None:
        """Play one day at all desks that are open."""
        self.session = session
        is_open = {code: self.opens(desk, day) for code, desk in self.desks.items()}
        with_tills = [self.desks[code] for code in is_open if is_open[code]]
        keeps_tills = (self.last - day).days < cash.DAYS
        if keeps_tills:
            cash.morning(session, with_tills)
        for code, desk in self.desks.items():
            if is_open[code]:
                self._shelf_work(desk)
                self._returns(desk, day)
                self._renewals(desk, day)
                self._loans(desk, day)
                self._reading_room(desk, day)
                self._holds(desk, day)
                self._tallies(desk, day)
        if keeps_tills:
            cash.evening(session, with_tills, day)
        self._postpone(day)

    # copies that come back

    def _returns(self, desk: Desk, day: date) -> None:
        for item_id in [i for i in self.town.comes_back[day] if self._comes_here(i, desk)]:
            self.town.comes_back[day].remove(item_id)
            if item_id in self.town.out:
                self._return(desk, item_id)

    def _comes_here(self, item_id: int, desk: Desk) -> bool:
        out = self.town.out.get(item_id)
        if out is None:
            return True
        if out.unit == desk.code:
            return self.rng.random() < 0.93
        return self.desks[out.unit].library == desk.library and self.rng.random() < 0.05

    def _return(self, desk: Desk, item_id: int) -> None:
        out = self.town.give_back(item_id)
        with self.at(desk):
            result = check_in(self.session, desk.actor, barcode=out.held.barcode, key=None)
        self.done["check_in"] += 1
        self._put_away(desk, item_id, result)
        if result.facts.get("charged"):
            self.settles(desk, out.borrower)

    def _put_away(self, desk: Desk, item_id: int, result: DeskResult) -> None:
        """Only what the desk says to shelve can be borrowed again."""
        if result.ok and result.action == "shelve":
            self.town.shelve(item_id, desk.code)

    def _postpone(self, day: date) -> None:
        """Whoever found the desk closed comes the next day."""
        left = self.town.comes_back.pop(day, [])
        self.town.comes_back[day + timedelta(days=1)].extend(left)
        for item_id in self.town.renewals.pop(day, []):
            out = self.town.out.get(item_id)
            if out is not None and day <= out.due_on:
                self.town.renewals[day + timedelta(days=1)].append(item_id)

    # renewals

    def _renewals(self, desk: Desk, day: date) -> None:
        for item_id in list(self.town.renewals[day]):
            out = self.town.out.get(item_id)
            if out is None or out.unit == desk.code:
                self.town.renewals[day].remove(item_id)
                if out is not None:
                    self._renew(desk, out)

    def _renew(self, desk: Desk, out: Out) -> None:
        actor = self._self_or_desk(desk, out.borrower)
        with self.at(desk):
            result = renew(self.session, actor, loan_id=out.loan_id, key=None)
        self.done["renew" if result.ok else "renew_refused"] += 1
        if result.ok and result.loan is not None:
            self.town.renewed(out, date.fromisoformat(str(result.loan["due_on"])))

    def _self_or_desk(self, desk: Desk, borrower: Borrower) -> Actor:
        """Half of what readers can do themselves they do from their phones."""
        if self.rng.random() < 0.5:
            return desk.clerk
        return patron_actor(self.session, self.session.get_one(Patron, borrower.patron_id))

    # loans

    def _loans(self, desk: Desk, day: date) -> None:
        usual = TRAFFIC[desk.code][0] * busyness(day, children=desk.code == "AH-TN")
        # A visit brings about 1.7 loans; the town grows from half its readers to all of them.
        grown = 0.55 + 0.45 * min(1.0, len(self.town.borrowers) / 200)
        visits = poisson(self.rng, usual * grown / 1.7)
        for borrower in self.town.visitors(desk.code, desk.library, visits):
            if self._may_borrow(desk, borrower, day):
                self._fill_basket(desk, borrower, day)

    def _may_borrow(self, desk: Desk, borrower: Borrower, day: date) -> bool:
        if not self.card_in_order(desk, borrower, day):
            return False
        late = [i for i in sorted(borrower.at_home) if self.town.out[i].due_on < day]
        for item_id in late:
            if self.rng.random() < 0.6:
                self._return(desk, item_id)
        return borrower.room() > 0

    def _fill_basket(self, desk: Desk, borrower: Borrower, day: date) -> None:
        refused: set[int] = set()
        for _ in range(min(borrower.room(), self.rng.choice((1, 1, 2, 2, 3)))):
            held = self.town.choose(desk.code, borrower, refused)
            if held is None or len(refused) > 2:
                return
            refused.add(held.item_id)
            if not self._lend(desk, borrower, held.item_id, day):
                return

    def _lend(self, desk: Desk, borrower: Borrower, item_id: int, day: date) -> bool:
        """Lend a copy; return whether the reader can go on."""
        held = self.town.copies[item_id]
        with self.at(desk):
            result = check_out(
                self.session, desk.actor, barcode=held.barcode, card=borrower.card, key=None
            )
        if result.ok and result.loan is not None:
            due = date.fromisoformat(str(result.loan["due_on"]))
            loan_id = int(result.loan["id"])
            self.town.lend(Out(held, borrower, desk.code, loan_id, due, renews=False), day)
            self.done["check_out"] += 1
            return True
        codes = result.reason_codes()
        self.done[f"refused: {codes[0]}"] += 1
        if "block_owed" in codes or "owed" in codes:
            self.settles(desk, borrower)
        return codes[0] == "wanted_by_others"

    # reading on the premises

    def _reading_room(self, desk: Desk, day: date) -> None:
        """Lend what may not leave the house for a few hours, and scan what was read here."""
        for _ in range(poisson(self.rng, READING_ROOM.get(desk.code, 0.0))):
            for borrower in self.town.visitors(desk.code, desk.library, 1):
                if not borrower.young and borrower.expires_on >= day:
                    self._read_here(desk, borrower)
        shelf = sorted(self.town.shelves[desk.code])
        for _ in range(poisson(self.rng, 0.35) if shelf else 0):
            held = self.town.copies[self.rng.choice(shelf)]
            with self.at(desk):
                scan_in_house_use(self.session, desk.actor, barcode=held.barcode, key=None)
            self.done["in_house_scan"] += 1

    def _read_here(self, desk: Desk, borrower: Borrower) -> None:
        choices = self.town.reading[desk.library]
        held = self.rng.choice(choices)
        with self.at(desk):
            lent = check_out(
                self.session, desk.actor, barcode=held.barcode, card=borrower.card, key=None
            )
        self.done["reading_room" if lent.ok else "reading_room refused"] += 1
        if lent.ok:
            desk.moment += timedelta(minutes=self.rng.randint(20, 70))
            with self.at(desk):
                check_in(self.session, desk.actor, barcode=held.barcode, key=None)

    # holds

    def _holds(self, desk: Desk, day: date) -> None:
        # The last week is a busy one, so that every list has something to show.
        chance = 0.16 * busyness(day) * (4 if self._is_last_week(day) else 1)
        if not desk.code.endswith(("-DL", "-SM")) and self.rng.random() < chance:
            for borrower in self.town.visitors(desk.code, desk.library, 1):
                wanted = self._wanted(desk, borrower)
                if wanted is not None and borrower.expires_on >= day:
                    self._place(desk, borrower, wanted)

    def _is_last_week(self, day: date) -> bool:
        return (self.last - day).days < 5

    def _wanted(self, desk: Desk, borrower: Borrower) -> Held | None:
        """Choose a record that is out, or that another branch of the library has on its shelf."""
        out = [
            o.held
            for o in self.town.out.values()
            if self.desks[o.unit].library == desk.library
            and o.held.item_type != "comic"
            and o.held.item_id not in borrower.at_home
        ]
        elsewhere = [
            self.town.copies[i]
            for code, shelf in self.town.shelves.items()
            if code != desk.code and self.desks[code].library == desk.library
            for i in sorted(shelf)
            if self.town.copies[i].item_type != "comic"
        ]
        choices = out if self.rng.random() < 0.7 or not elsewhere else elsewhere
        if not choices:
            return None
        return self.rng.choices(choices, [1 / (5 + held.rank) for held in choices])[0]

    def _place(self, desk: Desk, borrower: Borrower, wanted: Held) -> None:
        actor = self._self_or_desk(desk, borrower)
        with self.at(desk):
            result = place_hold(
                self.session,
                actor,
                record_id=wanted.record_id,
                volume_key=wanted.volume,
                patron_id=borrower.patron_id,
                pickup_branch_id=desk.unit_id,
            )
        self.done["hold" if result.ok else f"hold refused: {result.reason_codes()[:1]}"] += 1
        if result.ok and result.hold is not None:
            self._thinks_again(desk, actor, int(str(result.hold["id"])))

    def _thinks_again(self, desk: Desk, actor: Actor, hold_id: int) -> None:
        """A few give a hold up again, a few are away for some weeks and let it rest."""
        luck = self.rng.random()
        if luck < 0.05:
            with self.at(desk):
                cancel_hold(self.session, actor, hold_id=hold_id)
            self.done["hold canceled"] += 1
        elif luck < 0.1:
            until = clock.local_day(desk.moment) + timedelta(days=self.rng.randint(7, 25))
            with self.at(desk):
                suspend_hold(self.session, actor, hold_id=hold_id, until=until)
            self.done["hold suspended"] += 1

    def _shelf_work(self, desk: Desk) -> None:
        """The morning round: what came, what is to be pulled, cleared, and collected."""
        here, rng = desk.unit_id, self.rng
        coming = select(Transit.item_id).where(
            Transit.to_branch_id == here,
            Transit.received_at.is_(None),
            Transit.cancelled_at.is_(None),
            Transit.sent_at < desk.moment - timedelta(hours=16),
        )
        for item_id in self.session.scalars(coming).all():
            if rng.random() < (0.35 if self.last == clock.local_day(desk.moment) else 0.8):
                self._scan(desk, item_id, "received")
        held = select(Hold).where(
            Hold.item_id.is_not(None),
            Hold.state.in_(("targeted", "ready", "expired_shelf", "cancelled", "not_collected")),
            Hold.cleared_at.is_(None),
        )
        for hold in self.session.scalars(held).all():
            item_id = hold.item_id or 0
            if hold.state == "targeted":
                if item_id in self.town.shelves[desk.code] and rng.random() < 0.7:
                    self._scan(desk, item_id, "pulled")
            elif hold.pickup_branch_id == here and hold.ready_on is not None:
                self._collect_or_clear(desk, hold, item_id)

    def _collect_or_clear(self, desk: Desk, hold: Hold, item_id: int) -> None:
        if hold.state != "ready":
            self._scan(desk, item_id, "cleared")
            return
        borrower = self.town.by_patron.get(hold.patron_id or 0)
        today = clock.local_day(desk.moment)
        if borrower is not None and borrower.expires_on >= today and self.rng.random() < 0.4:
            self._lend(desk, borrower, item_id, today)

    def _scan(self, desk: Desk, item_id: int, why: str) -> None:
        held = self.town.copies[item_id]
        self.town.take_away(item_id)
        with self.at(desk):
            result = check_in(self.session, desk.actor, barcode=held.barcode, key=None)
        self.done[why] += 1
        self._put_away(desk, item_id, result)

    # counts

    def _tallies(self, desk: Desk, day: date) -> None:
        _, visits, uses = TRAFFIC[desk.code]
        share = CHILDREN_AMONG_VISITORS.get(desk.code, 0.48)
        for band, part in (("child", share), ("adult", 1 - share)):
            busy = busyness(day, children=band == "child")
            self._count(count_visit, desk, band, visits * part * busy)
            self._count(count_in_house_use, desk, band, uses * part * busy)

    def _count(self, use_case: Callable[..., object], desk: Desk, band: str, usual: float) -> None:
        quantity = round(usual * self.rng.uniform(0.75, 1.25))
        if quantity:
            with self.at(desk):
                use_case(self.session, desk.actor, key=None, quantity=quantity, age_band=band)
            self.done["tally"] += 1
