"""The loans of the last days, read with what was known when each was made, and played again.

Compared are the rules of today with the same rules changed; what really happened (renewals, the day
of return) is taken as it was. Figures of a reader are counted as of the moment of each loan.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from cataloging.models import Item
from circulation.models import LedgerEntry, Loan, LoanRenewal
from circulation.patrons.models import Patron, PatronCard, PatronCategory
from circulation.patrons.patrons import age_on
from circulation.policies import Branch, branch
from circulation.rules.blocks import Figures, PatronFacts
from circulation.rules.checkout import HOME, READING_ROOM
from circulation.rules.fines import charge, late_days
from circulation.rules.policy import Change, Policy, Row, changed_rows, from_json, resolve
from circulation.rules.replay import Difference, Outcome, PastLoan, outcome
from ils.core import clock
from ils.org.models import OrgUnit
from ils.org.units import place

DAYS = 90
AT_ONCE = 1500  # loans replayed while somebody waits; more is work for a job
READERS = 300  # read together
SHOWN = 60  # loans given as examples
BY_HAND = {"BY_HAND", "ON_PAPER", "MANUAL"}

Tell = Callable[[int, int], None]


def how_many(session: Session, at: OrgUnit) -> int:
    """Count the loans a change at a unit would be tried on."""
    return session.scalar(select(func.count()).select_from(_loans(at).subquery())) or 0


def _loans(at: OrgUnit) -> Any:
    units = select(OrgUnit.id).where(OrgUnit.path.startswith(at.path))
    since = clock.today() - timedelta(days=DAYS)
    return select(Loan.id, Loan.patron_id).where(
        Loan.started_on >= since,
        Loan.branch_id.in_(units),
        Loan.kind.in_((HOME, READING_ROOM)),
        or_(Loan.closed_how.is_(None), Loan.closed_how != "undone"),
    )


def replay(
    session: Session, at: OrgUnit, changes: Sequence[Change], tell: Tell | None = None
) -> dict[str, Any]:
    """Return where the changed rules differ from today's over the loans of the last 90 days."""
    wanted: dict[int | None, set[int]] = defaultdict(set)
    for loan_id, patron_id in session.execute(_loans(at)):
        wanted[patron_id].add(loan_id)
    total = sum(len(ids) for ids in wanted.values())
    rules = _Rules(session, at, changes)
    difference, done = Difference(), 0
    examples: list[dict[str, Any]] = []
    readers = sorted(wanted, key=lambda one: one or 0)
    for start in range(0, len(readers), READERS):
        some = readers[start : start + READERS]
        for past, at_branch, category in _past_loans(session, some, wanted):
            before, after = rules.outcomes(past, at_branch, category)
            if difference.add(before, after) and len(examples) < SHOWN:
                examples.append(_example(past, before, after))
            done += 1
        if tell is not None:
            tell(done, total)
    return _as_json(difference, examples)


class _Rules:
    """The policies of today and those with the changes, for each branch."""

    def __init__(self, session: Session, at: OrgUnit, changes: Sequence[Change]) -> None:
        self.session, self.at, self.changes = session, at, changes
        self.depth = len(place(session, at.id).ids) - 1
        self.today = clock.today()
        self._rows: dict[int, list[Row]] = {}
        self._policies: dict[tuple[int, str, str], tuple[Policy, Policy]] = {}

    def outcomes(self, past: PastLoan, at: Branch, category: str) -> tuple[Outcome, Outcome]:
        """Return what the rules of today and the changed ones make of a loan."""
        before, after = self._pair(at, past.item_type, category)
        told = outcome(past, before, at.calendar, self.today)
        if before == after:
            return told, told
        return told, outcome(past, after, at.calendar, self.today)

    def _pair(self, at: Branch, item_type: str, category: str) -> tuple[Policy, Policy]:
        key = at.id, item_type, category
        if key not in self._policies:
            if at.id not in self._rows:
                rows = changed_rows(at.rows, self.at.id, self.depth, self.changes)
                self._rows[at.id] = rows
            after = resolve(self._rows[at.id], item_type, category).policy
            self._policies[key] = at.policy(item_type, category).policy, after
        return self._policies[key]


# --- what was known when a loan was made -----------------------------------------------------


@dataclass
class _Story:
    """One loan as it went, with the days it was due at each moment."""

    loan: Loan
    item: Item
    ends: datetime | None
    turns: list[tuple[datetime, date]] = field(default_factory=list)  # renewals: when, new due
    first_due: date | None = None

    def due_at(self, moment: datetime) -> date:
        """Return the due date in force at a moment."""
        passed = bisect_right([at for at, _due in self.turns], moment)
        if passed:
            return self.turns[passed - 1][1]
        return self.first_due or self.loan.due_on

    def open_at(self, moment: datetime) -> bool:
        """Tell whether the loan was open at a moment, and older."""
        return self.loan.started_at < moment and (self.ends is None or self.ends > moment)


def _past_loans(
    session: Session, readers: Sequence[int | None], wanted: dict[int | None, set[int]]
) -> Iterator[tuple[PastLoan, Branch, str]]:
    stories = _stories(session, readers, wanted)
    known = {r for r in readers if r is not None}
    people = _people(session, known)
    money = _money(session, known)
    for reader in readers:
        mine = stories[reader]
        for one in mine:
            if one.loan.id not in wanted[reader]:
                continue
            at = branch(session, one.loan.branch_id)
            person = people.get(reader) if reader is not None else None
            lines = money.get(reader or 0, [])
            yield _past(session, one, mine, person, lines, at)


def _stories(
    session: Session, readers: Sequence[int | None], wanted: dict[int | None, set[int]]
) -> dict[int | None, list[_Story]]:
    """Return the loans of readers that were open at some time in the days looked at."""
    since = clock.today() - timedelta(days=DAYS)
    nameless = wanted.get(None, set()) if None in readers else set()
    query = select(Loan, Item).join(Item, Item.id == Loan.item_id)
    query = query.where(
        or_(Loan.patron_id.in_([r for r in readers if r is not None]), Loan.id.in_(nameless))
    ).where(or_(Loan.closed_at.is_(None), Loan.effective_return_on >= since))
    found: dict[int | None, list[_Story]] = defaultdict(list)
    by_id = {}
    for loan, item in session.execute(query.order_by(Loan.started_at, Loan.id)):
        if loan.closed_how == "undone":
            continue
        by_id[loan.id] = story = _Story(loan, item, loan.closed_at)
        found[loan.patron_id].append(story)
    renewals = (
        select(LoanRenewal)
        .where(LoanRenewal.loan_id.in_(list(by_id)), LoanRenewal.voided_at.is_(None))
        .order_by(LoanRenewal.at)
    )
    for row in session.scalars(renewals):
        story = by_id[row.loan_id]
        story.first_due = story.first_due or row.old_due
        story.turns.append((row.at, row.new_due))
    return found


@dataclass(frozen=True)
class _Person:
    patron: Patron
    category: PatronCategory
    expires_on: date | None


def _people(session: Session, ids: set[int]) -> dict[int, _Person]:
    rows = session.execute(
        select(Patron, PatronCategory, PatronCard.expires_on)
        .join(PatronCategory, PatronCategory.code == Patron.category)
        .outerjoin(PatronCard, (PatronCard.patron_id == Patron.id) & (PatronCard.state == "active"))
        .where(Patron.id.in_(ids))
    )
    return {patron.id: _Person(patron, category, until) for patron, category, until in rows}


def _money(session: Session, ids: set[int]) -> dict[int, list[LedgerEntry]]:
    found: dict[int, list[LedgerEntry]] = defaultdict(list)
    rows = session.scalars(
        select(LedgerEntry).where(LedgerEntry.patron_id.in_(ids)).order_by(LedgerEntry.at)
    )
    for row in rows:
        found[row.patron_id or 0].append(row)
    return found


def _past(
    session: Session,
    one: _Story,
    mine: Sequence[_Story],
    person: _Person | None,
    lines: Sequence[LedgerEntry],
    at: Branch,
) -> tuple[PastLoan, Branch, str]:
    loan = one.loan
    steps = {step[0] for step in loan.trace_json.get("steps", [])}
    typed = bool(steps & BY_HAND) and not one.turns
    category = loan.patron_snapshot.get("category") or (
        person.patron.category if person is not None else ""
    )
    expires = person.expires_on if person is not None else None
    past = PastLoan(
        id=loan.id,
        started_on=loan.started_on,
        ended_on=loan.effective_return_on if loan.closed_at is not None else loan.lost_on,
        kind=loan.kind,
        renewed_on=tuple(clock.local_day(moment) for moment, _due in one.turns),
        given_due=loan.due_on if typed else None,
        card_expires_on=expires if expires and expires >= loan.started_on else None,
        item_type=one.item.item_type,
        price=one.item.price,
        patron=_facts(session, one, mine, person, lines, at) if person is not None else None,
    )
    return past, at, category


def _facts(
    session: Session,
    one: _Story,
    mine: Sequence[_Story],
    person: _Person,
    lines: Sequence[LedgerEntry],
    at: Branch,
) -> PatronFacts:
    moment, day = one.loan.started_at, one.loan.started_on
    age = age_on(person.patron, day)
    consent = person.patron.consent_at
    return PatronFacts(
        id=person.patron.id,
        library_id=at.library_id,
        category=person.patron.category,
        age=age,
        child=person.category.child if age is None else age < at.settings.child_below,
        consent=consent is not None and consent <= moment,
        figures=_figures(session, moment, day, mine, lines),
    )


def _figures(
    session: Session,
    moment: datetime,
    day: date,
    mine: Sequence[_Story],
    lines: Sequence[LedgerEntry],
) -> Figures:
    """Return a reader's figures as they stood at a moment, by the rules each loan carries."""
    out = [other for other in mine if other.open_at(moment)]
    home = [other for other in out if other.loan.kind == HOME]
    passed = [line for line in lines if line.at < moment]
    late, running = [], 0
    for other in home:
        due = other.due_at(moment)
        if due >= day:
            continue
        policy = from_json(other.loan.policy_json.get("values", {}))
        calendar = branch(session, other.loan.branch_id).calendar
        late.append(late_days(due, day, policy, calendar))
        running += charge(due, day, policy, calendar, other.item.price).amount
        running -= sum(
            line.amount
            for line in passed
            if line.loan_id == other.loan.id
            and line.kind == "overdue"
            and line.charged_to is not None
            and line.charged_to > due
        )
    signs = {"debit": 1, "credit": -1}
    held = {"deposit_in": 1, "deposit_out": -1, "deposit_to_debt": -1}
    return Figures(
        loans=len(home),
        loans_of_kind=Counter(other.item.item_type for other in home),
        reading=len(out) - len(home),
        overdue=sum(days > 0 for days in late),
        overdue_days=max(late, default=0),
        posted=sum(signs.get(line.direction, 0) * line.amount for line in passed),
        running=max(0, running),
        lost=sum(o.loan.lost_on is not None and o.loan.lost_on <= day for o in home),
        deposit=sum(held.get(line.kind, 0) * line.amount for line in passed),
    )


# --- what is told ----------------------------------------------------------------------------


def _example(past: PastLoan, before: Outcome, after: Outcome) -> dict[str, Any]:
    return {
        "loan_id": past.id,
        "started_on": past.started_on.isoformat(),
        "due": [before.due_on.isoformat(), after.due_on.isoformat()],
        "fine": [before.fine, after.fine],
        "appear": sorted(after.refused - before.refused),
        "vanish": sorted(before.refused - after.refused),
    }


def _as_json(difference: Difference, examples: list[dict[str, Any]]) -> dict[str, Any]:
    told = {k: dict(v) if isinstance(v, Counter) else v for k, v in vars(difference).items()}
    today = clock.today()
    since = today - timedelta(days=DAYS)
    period = {"since": since.isoformat(), "until": today.isoformat()}
    return {**told, **period, "examples": examples}
