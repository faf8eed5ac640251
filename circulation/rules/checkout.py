"""May this copy be lent to this reader now? All reasons are collected, the worst comes first.

The table of reason codes, with who may override each, is in ``reasons``.
Source: docs/circulation.md, check-out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from circulation.rules.blocks import PatronFacts, figure_reasons, note_reasons
from circulation.rules.due_date import Due
from circulation.rules.holds import card_reasons
from circulation.rules.policy import Policy
from circulation.rules.reasons import Reason, reason, stronger, worst_first

HOME, READING_ROOM = "home", "reading_room"
EXPIRES_SOON = timedelta(days=30)


@dataclass(frozen=True)
class CopyState:
    """A copy at the desk. ``position`` as in the rule book; ids name who has or waits for it."""

    position: str = "on_shelf"
    lifecycle: str = "active"
    use: str = "loan"
    item_type: str = "book"
    loan_patron_id: int | None = None
    loan_due_on: date | None = None
    hold_patron_id: int | None = None  # of the hold that has this copy on the shelf or on its way
    hold_id: int | None = None
    parts: int = 1
    note: str = ""
    price: int | None = None
    box_id: int | None = None  # of the open line of a box
    box_at: int | None = None  # the branch the box was sent to, which may lend it
    box: str = ""  # its number
    point: str = ""  # and where it is


@dataclass(frozen=True)
class QueueFacts:
    """Others who wait for the title and would be served before this reader with this copy."""

    ahead: int = 0
    free_copies: int = 0  # other copies that could serve them
    own_hold_elsewhere: int | None = None  # the reader's own hold, ready or sent with another copy
    length: int = 0


@dataclass(frozen=True)
class CheckoutFacts:
    """Everything the decision needs, read under lock."""

    today: date
    kind: str
    library_id: int
    copy: CopyState
    patron: PatronFacts
    queue: QueueFacts = QueueFacts()
    branch_id: int | None = None  # where it is lent
    had_before_on: date | None = None
    manual: Sequence[Reason] = ()
    foreign_patrons: bool = False


def loan_kind(use: str, asked: str | None) -> str:
    """Return the kind of loan: what was asked for, else what the copy's use allows."""
    return asked or (READING_ROOM if use == READING_ROOM else HOME)


def checkout_reasons(facts: CheckoutFacts, policy: Policy) -> list[Reason]:
    """Return every reason, worst first; those that ``stops`` need an answer or an override.

    The reader's own loan is only asked about: renewing it has rules of its own, returning it none.
    """
    patron = facts.patron
    if facts.copy.position == "on_loan" and facts.copy.loan_patron_id == patron.id:
        return _position(facts)
    found = card_reasons(patron, facts.today)
    if patron.library_id != facts.library_id and not facts.foreign_patrons:
        found.append(reason("patron_of_other_library", library_id=patron.library_id))
    if policy.consent_needed and patron.child and not patron.consent:
        found.append(reason("consent_missing"))
    found += use_of_card(facts.kind, patron)
    found += note_reasons("borrow", patron, facts.today)
    found += figure_reasons("borrow", patron, policy)
    found += _lifecycle(facts.copy)
    found += _use(facts, policy)
    found += _position(facts)
    found += _wanted(facts, policy)
    found += _limits(facts, policy)
    found += facts.manual
    return worst_first([*found, *_good_to_know(facts)])


def use_of_card(kind: str, patron: PatronFacts) -> list[Reason]:
    """Return what the kind of card stops: one for the reading room takes nothing home."""
    if kind == HOME and patron.visitor_on is not None:
        return [reason("visitor_reads_here")]
    at_home = kind == HOME and patron.card_kind == "reading"
    return [reason("card_of_reading_room")] if at_home else []


_LIFECYCLE = {
    "in_process": "item_in_process",
    "damaged": "item_damaged",
    "repair": "item_damaged",
    "missing": "lifecycle_missing_or_lost",
    "lost": "lifecycle_missing_or_lost",
    "lost_settled": "lifecycle_missing_or_lost",
    "withdrawal_proposed": "withdrawal_proposed",
    "withdrawn": "item_withdrawn",
}


def _lifecycle(copy: CopyState) -> list[Reason]:
    code = _LIFECYCLE.get(copy.lifecycle)
    return [reason(code, lifecycle=copy.lifecycle)] if code else []


def _use(facts: CheckoutFacts, policy: Policy) -> list[Reason]:
    use = facts.copy.use
    if use == "restricted":
        return [reason("item_restricted")]
    if use == "not_for_loan":
        return [reason("not_for_loan")]
    if use == READING_ROOM and facts.kind != READING_ROOM:
        return [reason("take_home_of_reading_room")]
    if not policy.reading_room and facts.kind == READING_ROOM:
        return [reason("not_read_here", item_type=facts.copy.item_type)]
    if not policy.loanable and facts.kind != READING_ROOM:
        return [reason("not_lent_to_category", item_type=facts.copy.item_type)]
    return []


_FOR_OTHER = {"hold_shelf": "on_shelf_for_other", "in_transit": "in_transit_for_other"}


def _position(facts: CheckoutFacts) -> list[Reason]:
    copy, own = facts.copy, facts.patron.id
    if copy.position == "on_loan":
        code = "own_loan" if copy.loan_patron_id == own else "on_loan_other"
        return [reason(code, patron_id=copy.loan_patron_id, due_on=copy.loan_due_on)]
    if copy.hold_id is not None and copy.hold_patron_id != own and copy.position in _FOR_OTHER:
        return [reason(_FOR_OTHER[copy.position], hold_id=copy.hold_id)]
    if copy.position == "at_point" and (copy.box_at is None or copy.box_at != facts.branch_id):
        return [reason("at_point", box_id=copy.box_id, box=copy.box, point=copy.point)]
    return []


def _wanted(facts: CheckoutFacts, policy: Policy) -> list[Reason]:
    found, queue = [], facts.queue
    if queue.own_hold_elsewhere is not None:
        found.append(reason("own_hold_other_copy", hold_id=queue.own_hold_elsewhere))
    if queue.ahead > queue.free_copies and policy.when_wanted != "allow":
        wanted = reason("wanted_by_others", waiting=queue.ahead, free=queue.free_copies)
        if policy.when_wanted == "refuse":
            wanted = stronger(wanted, level="refuse", override="circulation:override:desk")
        found.append(wanted)
    elif queue.length:
        found.append(reason("queue_length", waiting=queue.length))
    return found


def _limits(facts: CheckoutFacts, policy: Policy) -> list[Reason]:
    figures, found = facts.patron.figures, []
    item_type = facts.copy.item_type
    if facts.kind == HOME:
        of_kind = figures.loans_of_kind.get(item_type, 0) + 1
        for code, after, limit in (
            ("limit_total", figures.loans + 1, policy.limit_total),
            ("limit_kind", of_kind, policy.limit_kind),
        ):
            if limit is not None and after > limit:
                found.append(reason(code, value=after, limit=limit, item_type=item_type))
    elif policy.limit_reading_room is not None and figures.reading >= policy.limit_reading_room:
        after, limit = figures.reading + 1, policy.limit_reading_room
        found.append(reason("limit_reading_room", value=after, limit=limit))
    age = facts.patron.age
    if policy.min_age is not None and age is not None and age < policy.min_age:
        found.append(reason("age_limit", age=age, limit=policy.min_age))
    if policy.deposit and facts.kind == HOME and figures.deposit < policy.deposit:
        found.append(reason("deposit_missing", held=figures.deposit, needed=policy.deposit))
    return found


def _good_to_know(facts: CheckoutFacts) -> list[Reason]:
    found, expires = [], facts.patron.card_expires_on
    if facts.copy.parts > 1:
        found.append(reason("parts", parts=facts.copy.parts))
    if facts.copy.note:
        found.append(reason("note", text=facts.copy.note))
    for note in facts.patron.notes:
        if not note.acts and note.is_current(facts.today):
            found.append(reason("note", text=note.text, of_patron=True))
    if facts.had_before_on is not None:
        found.append(reason("had_before", on=facts.had_before_on))
    if expires and facts.today <= expires < facts.today + EXPIRES_SOON:
        found.append(reason("card_expires_soon", expires_on=expires))
    return found


def due_reasons(due: Due) -> list[Reason]:
    """Return what the desk should be told of the due date itself."""
    found = []
    if "NO_OPEN_DAY" in due.trace:
        found.append(reason("calendar_without_open_day", due_on=due.on))
    if "CARD_EXPIRY" in due.trace:
        found.append(reason("due_cut_by_card", due_on=due.on))
    return found
