"""A reader says the copy is back, or was never borrowed: two searches on the shelves, then an end."""

from datetime import date, datetime, timedelta

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from cataloging.models import Item
from circulation.checkin import check_in
from circulation.desk import AMBER, Act, DeskResult, Overrides
from circulation.facts import ItemAtDesk, item_at_desk, loan_about, lock_for_item, patron_at_desk
from circulation.ledger import post_overdue
from circulation.losses.events import ClaimMade, ClaimResolved
from circulation.losses.found import end_claim, end_proposal, take_off_fines, void_newest
from circulation.losses.lost import lost_answer, record_loss
from circulation.losses.models import Claim
from circulation.models import DeskCommand, Loan
from circulation.permissions import DECIDE_LOSSES, HANDLE_LOSSES
from circulation.policies import require_within
from circulation.queue import reassign
from circulation.returns import announce_moved
from circulation.rules.reasons import Reason, reason
from circulation.searches import count_missing
from ils.accounts.actor import Actor
from ils.core.audit import audit
from ils.core.errors import Invalid, NotFound, Refused
from ils.org.settings import declare, setting

SECOND_SEARCH = "circulation.claim_search_days"
WARN_FROM = "circulation.claims_warn_from"
NOT_COUNTED = ("on_shelf", "withdrawn")

declare(
    SECOND_SEARCH,
    int,
    14,
    _l("After how many days a copy claimed to be back is searched for the second time."),
    minimum=1,
    maximum=90,
)
declare(
    WARN_FROM,
    int,
    3,
    _l("From how many claims of a patron on the desk is told."),
    minimum=1,
    maximum=50,
)


def make_claim(
    session: Session,
    actor: Actor,
    *,
    loan_id: int,
    kind: str,
    key: str | None,
    on: date | None = None,
    note: str = "",
    now: datetime | None = None,
) -> DeskResult:
    """Record that a reader says the copy was ``returned``, or that he ``never_had`` it.

    The loan stays open; its fine stops at the day of the claim and is posted up to it.
    """
    if kind not in ("returned", "never_had"):
        raise Invalid("claim_kind_unknown", field="kind")
    act, loan, item = _begin(session, actor, "claim", loan_id, key, now)
    if stored := act.stored():
        return stored
    if refused := _against(loan):
        return act.refuse(refused, item=item.about())
    day = max(loan.started_on, min(on or act.today, act.today))
    patron = patron_at_desk(session, act.here, act.today, patron_id=loan.patron_id)
    entry, _cost = post_overdue(act, loan, patron, day, item)
    if entry is not None:
        act.line("fine_posted", amount=entry.amount)
    act.journal.change(loan, claimed_on=day)
    end_proposal(act, loan, "gone")
    wait = timedelta(days=int(setting(session, loan.branch_id, SECOND_SEARCH)))
    claim = Claim(
        loan_id=loan.id,
        branch_id=loan.branch_id,
        kind=kind,
        claimed_on=day,
        second_from=act.today + wait,
        note=note.strip(),
        made_by=actor.staff_id,
    )
    act.journal.add(session, claim)
    act.flush()
    act.event(
        ClaimMade(kind),
        at=loan.branch_id,
        on=day,
        loan_id=loan.id,
        **item.statistics(),
        **(patron.statistics() if patron is not None else {}),
    )
    audit(session, actor, "claim_made", "item", item.item.id, kind=kind)
    return act.answer(
        "claim_made",
        tone=AMBER,
        facts={"on": day, "until": claim.second_from},
        reasons=many_claims(session, loan),
        item=item.about(),
        patron=patron.about() if patron is not None else None,
        loan=loan_about(loan),
    )


def _against(loan: Loan) -> list[Reason]:
    if loan.closed_at is not None:
        return [reason("not_on_loan")]
    if loan.lost_on is not None:
        return [reason("lost_already")]
    return [reason("claim_open")] if loan.claimed_on is not None else []


def claims_of(session: Session, patron_id: int) -> int:
    """Count a patron's claims; one found on our own shelf, or taken back, does not count."""
    return (
        session.scalar(
            select(func.count())
            .select_from(Claim)
            .join(Loan, Loan.id == Claim.loan_id)
            .where(
                Loan.patron_id == patron_id,
                or_(Claim.resolution.is_(None), Claim.resolution.not_in(NOT_COUNTED)),
            )
        )
        or 0
    )


def many_claims(session: Session, loan: Loan) -> list[Reason]:
    """Tell of a patron whose claims are many."""
    if loan.patron_id is None:
        return []
    count = claims_of(session, loan.patron_id)
    limit = int(setting(session, loan.branch_id, WARN_FROM))
    return [reason("claims_many", value=count)] if count >= limit else []


def tick_search(
    session: Session,
    actor: Actor,
    *,
    claim_id: int,
    key: str | None,
    now: datetime | None = None,
) -> DeskResult:
    """Tick off that the shelves were searched and the copy was not there."""
    act, claim, loan, item = _begin_claim(session, actor, "tick_search", claim_id, key, now)
    if stored := act.stored():
        return stored
    if claim.resolved_at is not None or claim.searched_2 is not None:
        return act.refuse([reason("changed_since")], item=item.about())
    if claim.searched_1 is None:
        act.journal.change(claim, searched_1=act.today, searched_1_by=actor.staff_id)
    elif act.today < claim.second_from:
        early = reason("search_not_due", from_on=claim.second_from)
        return act.refuse([early], item=item.about())
    else:
        act.journal.change(claim, searched_2=act.today, searched_2_by=actor.staff_id)
    done = 2 if claim.searched_2 is not None else 1
    return act.answer(
        "searched",
        undo=False,
        facts={"n": done, "from_on": claim.second_from},
        item=item.about(),
        loan=loan_about(loan),
    )


def untick_search(
    session: Session,
    actor: Actor,
    *,
    claim_id: int,
    key: str | None,
    now: datetime | None = None,
) -> DeskResult:
    """Take back that a search was ticked off, the last one, while nothing was decided upon it."""
    act, claim, loan, item = _begin_claim(session, actor, "untick_search", claim_id, key, now)
    if stored := act.stored():
        return stored
    if claim.resolved_at is not None or claim.searched_1 is None:
        return act.refuse([reason("changed_since")], item=item.about())
    if claim.searched_2 is not None:
        act.journal.change(claim, searched_2=None, searched_2_by=None)
    else:
        act.journal.change(claim, searched_1=None, searched_1_by=None)
    audit(session, actor, "search_unticked", "item", item.item.id)
    return act.answer("search_unticked", undo=False, item=item.about(), loan=loan_about(loan))


def take_up_again(
    session: Session,
    actor: Actor,
    *,
    claim_id: int,
    reason_text: str,
    key: str | None,
    now: datetime | None = None,
) -> DeskResult:
    """A claim was given up without charge by mistake: loan and claim are open again.

    The fine that was taken back stays so; it is posted anew when the claim ends. Raises
    ``Invalid`` without words.
    """
    actor.require(DECIDE_LOSSES)
    act, claim, loan, item = _begin_claim(session, actor, "take_up_again", claim_id, key, now)
    if stored := act.stored():
        return stored
    if not reason_text.strip():
        raise Invalid("loss_reason_missing", field="why")
    if loan.patron_id is None:
        return act.refuse([reason("patron_forgotten")], item=item.about())
    over = claim.resolution == "given_up" and loan.closed_how == "claimed_closed"
    if not over or item.item.lifecycle != "missing" or item.position != "on_shelf":
        return act.refuse([reason("changed_since")], item=item.about())
    act.journal.change(claim, resolved_at=None, resolved_by=None, resolution=None)
    act.journal.change(loan, closed_at=None, closed_how=None, closed_branch_id=None)
    act.journal.change(item.item, lifecycle="active")
    act.flush()
    for kind in ("claim_resolved", "item_missing"):
        void_newest(act, item.item.id, kind)
    audit(session, actor, "claim_taken_up", "item", item.item.id, reason=reason_text)
    announce_moved(session, item.item.record_id)
    return act.answer("claim_taken_up", undo=False, item=item.about(), loan=loan_about(loan))


def give_up(
    session: Session,
    actor: Actor,
    *,
    claim_id: int,
    charge: bool,
    key: str | None,
    overrides: Overrides | None = None,
    now: datetime | None = None,
) -> DeskResult:
    """End a claim after both searches: the reader pays for a lost copy, or nobody does.

    Without charge the loan is closed, its fine is taken back and the copy counts as missing.
    """
    act, claim, loan, item = _begin_claim(session, actor, "give_up", claim_id, key, now)
    if stored := act.stored():
        return stored
    if claim.resolved_at is not None or loan.closed_at is not None:
        return act.refuse([reason("changed_since")], item=item.about())
    found = [reason("search_both_first")] if claim.searched_2 is None else []
    if act.unlifted(found, overrides or {}):
        return act.refuse(found, item=item.about())
    act.log_overrides(found, overrides or {})
    if charge:
        case = record_loss(act, item, way="money", why="claim", on=claim.claimed_on)
        return lost_answer(act, item, case)
    actor.require(DECIDE_LOSSES)
    end_claim(act, loan, "given_up")
    take_off_fines(act, loan)
    act.journal.change(
        loan,
        closed_at=act.now,
        closed_how="claimed_closed",
        closed_branch_id=act.here.id,
    )
    act.flush()
    count_missing(act, item, "claim")
    audit(session, actor, "claim_given_up", "item", item.item.id)
    reassign(act, item.item.record_id)
    return act.answer("claim_given_up", tone=AMBER, item=item.about(), loan=loan_about(loan))


def withdraw_claim(
    session: Session,
    actor: Actor,
    *,
    claim_id: int,
    key: str | None,
    now: datetime | None = None,
) -> DeskResult:
    """The reader found the copy at home, or the claim was a mistake: the loan and its fine go on."""
    act, claim, loan, item = _begin_claim(session, actor, "withdraw_claim", claim_id, key, now)
    if stored := act.stored():
        return stored
    if claim.resolved_at is not None or loan.closed_at is not None:
        return act.refuse([reason("changed_since")], item=item.about())
    end_claim(act, loan, "withdrawn")
    act.journal.change(loan, claimed_on=None)
    return act.answer("claim_withdrawn", item=item.about(), loan=loan_about(loan))


def found_on_shelf(
    session: Session,
    actor: Actor,
    *,
    claim_id: int,
    key: str | None,
    now: datetime | None = None,
) -> DeskResult:
    """A search found the copy on our own shelf: it is taken back as if scanned there, fine off."""
    claim = claim_for(session, actor, claim_id)
    loan = session.get_one(Loan, claim.loan_id)
    done = key is not None and session.get(DeskCommand, key) is not None
    if not done and (claim.resolved_at is not None or loan.closed_at is not None):
        raise Refused("changed_since")
    item = session.get_one(Item, loan.item_id)
    number = item.barcode or item.accession_no or ""
    return check_in(session, actor, barcode=number, key=key, from_shelf=True, now=now)


def on_shelf_after_all(
    session: Session,
    actor: Actor,
    *,
    claim_id: int,
    key: str | None,
    now: datetime | None = None,
) -> DeskResult:
    """A copy taken as brought by the reader had stood on our shelf: fine off, and not counted."""
    act, claim, loan, item = _begin_claim(session, actor, "on_shelf", claim_id, key, now)
    if stored := act.stored():
        return stored
    if claim.resolution != "by_reader":
        return act.refuse([reason("changed_since")], item=item.about())
    take_off_fines(act, loan)
    act.journal.change(claim, resolution="on_shelf", resolved_by=actor.staff_id)
    act.event(ClaimResolved("on_shelf"), at=claim.branch_id, loan_id=loan.id, item_id=loan.item_id)
    return act.answer("claim_on_shelf", item=item.about())


# --- what the acts share ---------------------------------------------------------------------


def _begin(
    session: Session,
    actor: Actor,
    command: str,
    loan_id: int,
    key: str | None,
    now: datetime | None,
) -> tuple[Act, Loan, ItemAtDesk]:
    loan = loan_for(session, actor, loan_id)
    item = session.get_one(Item, loan.item_id)
    act = Act(session, actor, command, key, now)
    act.item_id, act.patron_id = loan.item_id, loan.patron_id
    patrons = [loan.patron_id] if loan.patron_id is not None else []
    lock_for_item(session, item.record_id, item.id, patrons)
    session.refresh(loan)
    return act, loan, item_at_desk(session, item.id)


def loan_for(session: Session, actor: Actor, loan_id: int) -> Loan:
    """Return a loan within the actor's reach. Raises ``NotFound`` for any other."""
    loan = session.get(Loan, loan_id)
    unknown = NotFound("loan_unknown", loan_id=loan_id)
    if loan is None:
        raise unknown
    require_within(session, actor, HANDLE_LOSSES, loan.branch_id, unknown)
    return loan


def _begin_claim(
    session: Session,
    actor: Actor,
    command: str,
    claim_id: int,
    key: str | None,
    now: datetime | None,
) -> tuple[Act, Claim, Loan, ItemAtDesk]:
    claim = claim_for(session, actor, claim_id)
    act, loan, item = _begin(session, actor, command, claim.loan_id, key, now)
    session.refresh(claim)
    return act, claim, loan, item


def claim_for(session: Session, actor: Actor, claim_id: int) -> Claim:
    """Return a claim within the actor's reach. Raises ``NotFound`` for any other."""
    claim = session.get(Claim, claim_id)
    unknown = NotFound("claim_unknown", claim_id=claim_id)
    if claim is None:
        raise unknown
    loan = session.get_one(Loan, claim.loan_id)
    require_within(session, actor, HANDLE_LOSSES, loan.branch_id, unknown)
    return claim
