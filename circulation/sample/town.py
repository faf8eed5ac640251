"""The made-up readers' side of the sample: who is there, what they hold, when they come back."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from circulation.sample.accession import Held

MOST_AT_HOME = {"child": 3, "pupil": 4, "student": 5, "official": 5, "retired": 5}


@dataclass
class Borrower:
    """A registered reader."""

    patron_id: int
    card: str
    library: str
    branch: str
    category: str
    eagerness: float
    expires_on: date
    at_home: set[int] = field(default_factory=set)  # item ids
    gone: bool = False

    @property
    def young(self) -> bool:
        """Tell whether the reader looks for children's books first."""
        return self.category == "child"

    def room(self) -> int:
        """Return how many more copies the reader would take."""
        return MOST_AT_HOME.get(self.category, 4) - len(self.at_home)


@dataclass
class Out:
    """A copy at a reader's home, and what the reader means to do with it."""

    held: Held
    borrower: Borrower
    unit: str  # where it was lent
    loan_id: int
    due_on: date
    renews: bool


class Town:
    """All readers and copies, and the days on which something is due to happen."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.borrowers: list[Borrower] = []
        self.by_patron: dict[int, Borrower] = {}
        self.copies: dict[int, Held] = {}
        self.shelves: dict[str, set[int]] = defaultdict(set)  # unit → ids of copies to be had
        self.reading: dict[str, list[Held]] = defaultdict(list)  # library → for the reading room
        self.out: dict[int, Out] = {}
        self.comes_back: dict[date, list[int]] = defaultdict(list)
        self.renewals: dict[date, list[int]] = defaultdict(list)

    def add_copies(self, copies: Iterable[Held]) -> None:
        """Put copies on their shelves."""
        for held in copies:
            self.copies[held.item_id] = held
            if held.lendable:
                self.shelves[held.branch].add(held.item_id)
            elif held.reading_room:
                self.reading[held.library].append(held)

    def add_borrower(self, borrower: Borrower) -> None:
        """Let a reader in."""
        self.borrowers.append(borrower)
        self.by_patron[borrower.patron_id] = borrower

    def visitors(self, unit: str, library: str, count: int) -> list[Borrower]:
        """Choose who comes to a desk today."""
        near = [b for b in self.borrowers if b.library == library and not b.gone]
        weights = [b.eagerness * (1.0 if b.branch == unit else 0.12) for b in near]
        return self.rng.choices(near, weights, k=count) if near else []

    def choose(self, unit: str, borrower: Borrower, taken: set[int]) -> Held | None:
        """Choose a copy from the shelves of a unit, popular titles first."""
        here = [self.copies[i] for i in sorted(self.shelves[unit]) if i not in taken]
        weights = [self._appeal(held, borrower) for held in here]
        return self.rng.choices(here, weights)[0] if any(weights) else None

    def _appeal(self, held: Held, borrower: Borrower) -> float:
        fits = (
            1.0 if held.child == borrower.young else 0.25 if borrower.category == "pupil" else 0.1
        )
        return fits / (8 + held.rank)

    def lend(self, out: Out, today: date) -> None:
        """Note a loan, and when the reader means to bring the copy back."""
        held = out.held
        self.take_away(held.item_id)
        self.out[held.item_id] = out
        out.borrower.at_home.add(held.item_id)
        length = max(2, (out.due_on - today).days)
        luck = self.rng.random()
        if luck < 0.7:
            back = today + timedelta(days=self.rng.randint(2, length))
        elif luck < 0.86:
            out.renews = True
            back = out.due_on
            when = out.due_on - timedelta(days=self.rng.randint(0, 2))
            self.renewals[max(when, today + timedelta(days=1))].append(held.item_id)
        elif luck < 0.975:
            back = out.due_on + timedelta(days=self.rng.randint(1, 18))
        elif luck < 0.997:
            back = out.due_on + timedelta(days=self.rng.randint(20, 75))
        else:
            back = out.due_on + timedelta(days=240)
        self.comes_back[back].append(held.item_id)

    def renewed(self, out: Out, new_due: date) -> None:
        """Note a renewal: the copy comes back around the new day."""
        out.due_on = new_due
        back = new_due + timedelta(days=self.rng.choice((-4, -3, -2, -1, 0, 0, 0, 2, 5)))
        for items in self.comes_back.values():
            if out.held.item_id in items:
                items.remove(out.held.item_id)
        self.comes_back[back].append(out.held.item_id)

    def give_back(self, item_id: int) -> Out:
        """Note a return; the copy is nowhere until the desk says where it goes."""
        out = self.out.pop(item_id)
        out.borrower.at_home.discard(item_id)
        return out

    def take_away(self, item_id: int) -> None:
        """Take a copy off all shelves: it is on its way, held, or no longer stock."""
        for shelf in self.shelves.values():
            shelf.discard(item_id)

    def shelve(self, item_id: int, unit: str) -> None:
        """Put a copy back within readers' reach."""
        if self.copies[item_id].lendable:
            self.shelves[unit].add(item_id)
