"""A patron as a self-check machine sees one: rights as letters, counts, lists, money."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from circulation.blocks import OpenLoan, loans_of_patron, patron_facts, reasons_against
from circulation.facts import PatronAtDesk, patron_at_desk
from circulation.hold_lists import HoldRow, holds_of_patron
from circulation.journal import plain
from circulation.ledger import account
from circulation.patrons.models import Patron
from circulation.policies import branch
from circulation.rules.blocks import Figures
from circulation.rules.policy import Policy
from circulation.rules.reasons import Reason
from ils.accounts.actor import Actor
from ils.core import clock

FLAGS = (
    *("charge", "renew", "recall", "hold", "card_lost", "too_many_charged", "too_many_overdue"),
    *("too_many_renewals", "too_many_claims", "too_many_lost", "fines", "fees", "recall_overdue"),
    "too_many_billed",
)
_CARD = ("card_replaced", "card_unknown", "patron_deleted")


@dataclass(frozen=True)
class PatronView:
    """All a machine may be told of a patron."""

    at_desk: PatronAtDesk
    figures: Figures
    policy: Policy
    loans: Sequence[OpenLoan]
    holds: Sequence[HoldRow]
    owed: int
    reasons: dict[str, list[Reason]]  # act → what stands against it

    @property
    def patron(self) -> Patron:
        """The patron."""
        return self.at_desk.patron

    @property
    def valid(self) -> bool:
        """Tell whether the card is one a reader may use at all."""
        card = self.at_desk.card
        return (
            card is not None and card.state == "active" and self.at_desk.patron.deleted_at is None
        )

    @property
    def overdue(self) -> list[OpenLoan]:
        """The loans past their due day."""
        return [one for one in self.loans if one.days_late > 0]

    @property
    def stops(self) -> dict[str, list[str]]:
        """The codes of what stands against each act."""
        return {act: [one.code for one in found] for act, found in self.reasons.items()}

    def facts(self, code: str) -> dict[str, Any]:
        """Return the facts of what stands against borrowing."""
        found = next((one for one in self.reasons["borrow"] if one.code == code), None)
        return plain(found.facts) if found is not None else {}

    def status(self) -> str:
        """Return the fourteen letters of the patron's status: Y where something is denied."""
        borrow = self.stops["borrow"]
        denied = {
            "charge": bool(borrow),
            "renew": bool(self.stops["renew"]),
            "recall": True,  # not offered
            "hold": bool(self.stops["hold"]),
            "card_lost": any(code in _CARD for code in borrow),
            "too_many_charged": self._at_limit(),
            "too_many_overdue": "overdue_over" in borrow or "overdue_days_over" in borrow,
            "too_many_lost": "lost_unsettled" in borrow,
            "fines": "owed_over" in borrow,
            "fees": "owed_over" in borrow,
        }
        return "".join("Y" if denied.get(name) else " " for name in FLAGS)

    def _at_limit(self) -> bool:
        limit = self.policy.limit_total
        return limit is not None and self.figures.loans >= limit


def served(session: Session, actor: Actor, card: str) -> PatronAtDesk | None:
    """Return the patron of a card, None for one that the branch does not serve."""
    here = branch(session, actor.unit_id or 0)
    at_desk = patron_at_desk(session, here, clock.today(), card=card)
    if at_desk is None:
        return None
    own = at_desk.patron.library_id == actor.library_id
    return at_desk if own or here.settings.foreign_patrons else None


def view_patron(session: Session, actor: Actor, card: str) -> PatronView | None:
    """Return all that is told of the patron of a card, None for one not served here."""
    at_desk = served(session, actor, card)
    if at_desk is None:
        return None
    patron_id, now = at_desk.patron.id, clock.now()
    policy = branch(session, actor.unit_id or 0).policy("", at_desk.patron.category).policy
    loans = loans_of_patron(session, patron_id)
    running = sum(one.running_fine for one in loans)
    facts = patron_facts(session, at_desk, now, policy, loans)
    reasons = {
        act: [one for one in reasons_against(facts, act, policy, at_desk.today) if one.stops]
        for act in ("borrow", "renew", "hold")
    }
    return PatronView(
        at_desk=at_desk,
        figures=facts.figures,
        policy=policy,
        loans=loans,
        holds=holds_of_patron(session, patron_id),
        owed=account(session, patron_id, now, running=running).owed,
        reasons=reasons,
    )
