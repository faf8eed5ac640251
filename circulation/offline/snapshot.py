"""What a branch needs to go on without the server: copies, cards, rules, the calendar. No more.

Of a reader only the name, the kind, the end of the telephone number, and what stands against
borrowing; of a copy the title, where it stands and what it is doing. Only the branch the actor works
at; readers are those registered there and those who have something on loan from there.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from cataloging.models import Barcode, Item, ItemType, Record
from circulation.blocks import patron_figures
from circulation.desk import may_override
from circulation.facts import HAS_ITEM
from circulation.journal import plain
from circulation.models import Hold, Loan, Transit
from circulation.patrons.models import (
    BlockNote,
    Patron,
    PatronCard,
    PatronCategory,
    Suspension,
    consent_taken_back,
)
from circulation.patrons.patrons import age_of
from circulation.permissions import CHECK_OUT, USE_DESK
from circulation.policies import Branch, require_branch
from circulation.rotation.models import ConsignmentLine
from circulation.rules.blocks import Figures, Note, PatronFacts, figure_reasons, note_reasons
from circulation.rules.checkout import (
    HOME,
    CheckoutFacts,
    CopyState,
    checkout_reasons,
    use_of_card,
)
from circulation.rules.holds import card_reasons
from circulation.rules.policy import Policy
from circulation.rules.reasons import Reason, reason, worst_first
from circulation.sentences import reason_sentence
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.audit import AuditEntry, audit
from ils.org.calendar import Calendar
from ils.org.settings import setting

DAYS = 400  # of the calendar
TITLE = 80  # letters of a title
PHONE = 6  # last digits of a telephone number: enough to find somebody, too few to call
PART = 500  # patrons read at once
RULES = (
    *("loanable", "loan_days", "loan_count", "fixed_due", "ceiling", "within_card"),
    *("limit_total", "limit_kind", "reading_room", "limit_reading_room"),
)


@dataclass(frozen=True)
class Snapshot:
    """The copy of a branch as bytes of JSON, and the version that changes when its content does."""

    version: str
    body: bytes


def snapshot(session: Session, actor: Actor, now: datetime | None = None) -> Snapshot:
    """Gather the local copy of the branch worked at, as this actor may use it."""
    actor.require(USE_DESK)
    actor.require(CHECK_OUT)
    moment = now or clock.now()
    today = clock.local_day(moment)
    here = require_branch(session, actor.unit_id)
    content = {
        "unit": here.id,
        "first": today.isoformat(),
        "days": calendar_days(here.calendar, today),
        "prefix": str(setting(session, here.library_id, "patrons.card_prefix")).upper(),
        "lifts": may_override(actor, reason("limit_total")),
        "rules": _rules(session, here),
        "items": _items(session, actor, here, today),
        **_patrons(session, actor, here, moment),
    }
    packed = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
    version = sha256(packed).hexdigest()[:20]
    at = orjson.dumps({"version": version, "at": round(moment.timestamp() * 1000)})
    return Snapshot(version, at[:-1] + b"," + packed[1:])


def note_copy(session: Session, actor: Actor) -> None:
    """Leave a line in the audit log that readers' names were taken along: one a day and person."""
    midnight = clock.at_local(clock.today(), 0)
    known = select(AuditEntry.id).where(
        AuditEntry.action == "offline_copy",
        AuditEntry.actor_id == actor.staff_id,
        AuditEntry.subject_id == actor.unit_id,
        AuditEntry.at >= midnight,
    )
    if session.scalar(known.limit(1)) is None:
        audit(session, actor, "offline_copy", "org_unit", actor.unit_id)


def calendar_days(calendar: Calendar, first: date, count: int = DAYS) -> str:
    """Return a 1 for each open and a 0 for each closed day from ``first`` on."""
    days = (first + timedelta(days=n) for n in range(count))
    return "".join("1" if calendar.is_open(day) else "0" for day in days)


def _rules(session: Session, here: Branch) -> dict[str, list[Any]]:
    """Return for each item type and kind of patron the values in ``RULES``, in that order."""
    types = session.scalars(select(ItemType.code)).all()
    kinds = session.scalars(select(PatronCategory.code)).all()
    found = {}
    for item_type in types:
        for kind in kinds:
            policy = here.policy(item_type, kind).policy
            found[f"{item_type}|{kind}"] = [plain(getattr(policy, name)) for name in RULES]
    return found


def _against(actor: Actor, reasons: Iterable[Reason]) -> list[list[Any]]:
    """Return what stops an act: code, sentence, whether this desk may lift it."""
    return [
        [one.code, reason_sentence(one.code, plain(one.facts)), may_override(actor, one)]
        for one in worst_first(reasons)
        if one.stops
    ]


# --- copies ----------------------------------------------------------------------------------


_ON_ITS_WAY = and_(Transit.received_at.is_(None), Transit.cancelled_at.is_(None))


def _items(session: Session, actor: Actor, here: Branch, today: date) -> dict[str, list[Any]]:
    """Return the copies that belong or lie here, were lent here, or are with a reader of here, by
    barcode: id, title, type, use, patron who has it, what stands against lending it, patron it
    waits for, due day, last day on the hold shelf, call number, accession number, where else it is
    (``transit``, ``box``, ``elsewhere`` or empty)."""
    readers = select(Patron.id).where(Patron.branch_id == here.id)
    in_box = select(ConsignmentLine.item_id).where(ConsignmentLine.closed_at.is_(None))
    query = (
        select(
            *(Barcode.value, Item.id, Record.title, Item.item_type, Item.use, Item.lifecycle),
            *(Item.call_number, Record.call_number.label("of_title")),
            *(Item.accession_no, Item.located_id),
            *(Loan.patron_id, Loan.due_on, Transit.id.label("transit")),
            Item.id.in_(in_box).label("boxed"),
            Hold.id.label("hold_id"),
            Hold.patron_id.label("waits"),
            *(Hold.state, Hold.shelf_until),
        )
        .join(Item, Item.id == Barcode.item_id)
        .join(Record, Record.id == Item.record_id)
        .outerjoin(Loan, and_(Loan.item_id == Item.id, Loan.closed_at.is_(None)))
        .outerjoin(Transit, and_(Transit.item_id == Item.id, _ON_ITS_WAY))
        .outerjoin(Hold, and_(Hold.item_id == Item.id, HAS_ITEM))
        .where(Item.lifecycle != "withdrawn")
        .where(
            or_(
                *(Item.branch_id == here.id, Item.located_id == here.id, Loan.branch_id == here.id),
                Loan.patron_id.in_(readers),
            )
        )
    )
    return {row.value: _item(row, actor, here, today) for row in session.execute(query)}


def _item(row: Any, actor: Actor, here: Branch, today: date) -> list[Any]:
    for_hold = {"ready": "hold_shelf", "in_transit": "in_transit"}.get(row.state or "")
    copy = CopyState(
        position=for_hold or "on_shelf",
        lifecycle=row.lifecycle,
        use=row.use,
        item_type=row.item_type,
        hold_id=row.hold_id if for_hold else None,
        hold_patron_id=row.waits if for_hold else None,
    )
    plain_copy = row.lifecycle == "active" and row.use == "loan" and for_hold is None
    return [
        *(row.id, row.title[:TITLE], row.item_type, row.use, row.patron_id),
        [] if plain_copy else _against(actor, _of_copy(copy, here, today)),
        row.waits if for_hold else None,
        plain(row.due_on),
        plain(row.shelf_until) if row.state == "ready" else None,
        *(row.call_number or row.of_title, row.accession_no or "", _where(row, here)),
    ]


def _where(row: Any, here: Branch) -> str:
    if row.transit is not None:
        return "transit"
    if row.boxed:
        return "box"
    return "elsewhere" if row.located_id not in (None, here.id) else ""


_ANYTHING = Policy(limit_total=None)


def _of_copy(copy: CopyState, here: Branch, today: date) -> list[Reason]:
    """Judge a copy alone: a reader without faults and rules without limits."""
    reader = PatronFacts(library_id=here.library_id)
    return checkout_reasons(CheckoutFacts(today, HOME, here.library_id, copy, reader), _ANYTHING)


# --- readers ---------------------------------------------------------------------------------


def _patrons(session: Session, actor: Actor, here: Branch, now: datetime) -> dict[str, Any]:
    """Return cards by number, and their patrons by id: name, kind, end of the card, loans (in all,
    by type, in the reading room), what stands against borrowing, end of the telephone number."""
    lent_here = select(Loan.patron_id).where(Loan.branch_id == here.id, Loan.closed_at.is_(None))
    mine = and_(
        Patron.library_id == here.library_id,
        Patron.deleted_at.is_(None),
        or_(Patron.branch_id == here.id, Patron.id.in_(lent_here)),
    )
    rows = session.execute(
        select(
            *(Patron.id, Patron.name, Patron.category, Patron.born_on, Patron.born_year),
            *(Patron.phone, Patron.guardian_phone, Patron.consent_at, PatronCategory.child),
            PatronCategory.name.label("kind"),
            consent_taken_back().label("taken_back"),
        )
        .join(PatronCategory, PatronCategory.code == Patron.category)
        .where(mine)
        .order_by(Patron.id)
    ).all()
    cards: dict[str, list[Any]] = {}
    active: dict[int, PatronCard] = {}
    of_mine = select(PatronCard).join(Patron, Patron.id == PatronCard.patron_id).where(mine)
    for card in session.scalars(of_mine):
        cards[card.number] = [card.patron_id, card.state == "active"]
        if card.state == "active":
            active[card.patron_id] = card
    patrons = {}
    for part in (rows[n : n + PART] for n in range(0, len(rows), PART)):
        ids = [row.id for row in part]
        figures = patron_figures(session, ids, now)
        notes, suspended = _notes(session, ids, clock.local_day(now))
        for row in part:
            facts = _facts(row, here, figures[row.id], active.get(row.id), now)
            against = _reader_reasons(facts, notes[row.id], suspended.get(row.id), here, now)
            one = facts.figures
            patrons[str(row.id)] = [
                row.name,
                [row.category, row.kind],
                plain(facts.card_expires_on),
                [one.loans, dict(one.loans_of_kind), one.reading],
                _against(actor, against),
                _digits(row.phone or row.guardian_phone)[-PHONE:],
            ]
    return {"cards": cards, "patrons": patrons}


def _digits(phone: str) -> str:
    return "".join(one for one in phone if one.isdecimal())


def _notes(
    session: Session, ids: Sequence[int], today: date
) -> tuple[dict[int, list[Note]], dict[int, date]]:
    notes: dict[int, list[Note]] = defaultdict(list)
    query = select(BlockNote).where(BlockNote.patron_id.in_(ids), BlockNote.lifted_at.is_(None))
    for one in session.scalars(query):
        note = Note(one.id, tuple(one.acts), one.text, one.author_id, one.from_on, one.to_on)
        notes[one.patron_id].append(note)
    suspended: dict[int, date] = {}
    for row in session.scalars(
        select(Suspension).where(
            Suspension.patron_id.in_(ids),
            Suspension.lifted_by.is_(None),
            Suspension.from_on <= today,
        )
    ):
        suspended[row.patron_id] = max(row.to_on, suspended.get(row.patron_id, row.to_on))
    return notes, suspended


def _facts(
    row: Any, here: Branch, figures: Figures, card: PatronCard | None, now: datetime
) -> PatronFacts:
    age = age_of(row.born_on, row.born_year, clock.local_day(now))
    return PatronFacts(
        id=row.id,
        library_id=here.library_id,
        category=row.category,
        card_state=card.state if card else "none",
        card_kind=card.kind if card else "lending",
        card_expires_on=card.expires_on if card else None,
        age=age,
        child=row.child if age is None else age < here.settings.child_below,
        consent=row.consent_at is not None,
        consent_withdrawn=row.taken_back,
        figures=figures,
    )


def _reader_reasons(
    facts: PatronFacts,
    notes: Sequence[Note],
    suspended_to: date | None,
    here: Branch,
    now: datetime,
) -> list[Reason]:
    policy, today = here.policy("", facts.category).policy, clock.local_day(now)
    whole = replace(facts, notes=tuple(notes), suspended_to=suspended_to, policy=policy)
    found = [*card_reasons(whole, today), *note_reasons("borrow", whole, today)]
    found += figure_reasons("borrow", whole, policy)
    if policy.consent_needed and whole.child and not whole.consent:
        found.append(reason("consent_missing"))
    return [*found, *use_of_card(HOME, whole)]
