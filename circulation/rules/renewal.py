"""May a loan be renewed, and until when. Every reason is collected."""

from dataclasses import dataclass
from datetime import date

from circulation.rules.blocks import PatronFacts, figure_reasons, note_reasons
from circulation.rules.due_date import Due, due_date
from circulation.rules.fines import late_days
from circulation.rules.policy import Policy
from circulation.rules.reasons import Reason, reason, worst_first
from ils.org.calendar import ONE_DAY, Calendar


@dataclass(frozen=True)
class RenewalFacts:
    """An open loan as the renewal sees it; ``waiting`` holds of others against ``free`` copies."""

    today: date
    due_on: date
    kind: str
    renewals: int
    lifecycle: str
    patron: PatronFacts
    waiting: int = 0
    free: int = 0
    claimed: bool = False


def renew_due(
    today: date,
    current_due: date,
    policy: Policy,
    calendar: Calendar,
    card_expiry: date | None = None,
) -> Due | None:
    """Return the new due date, or None where renewing would gain nothing."""
    base = today if policy.renew_base == "today" else max(today, current_due)
    due = due_date(base, policy, calendar, card_expiry)
    return due if due.on > current_due else None


def renewal_reasons(
    facts: RenewalFacts,
    policy: Policy,
    calendar: Calendar,
    due: Due | None,
) -> list[Reason]:
    """Return every reason against a renewal, worst first; an empty list means it may be done.

    ``policy`` is the loan's own; the blocks of the reader are those of today.
    """
    found = list(note_reasons("renew", facts.patron, facts.today))
    if facts.kind == "reading_room":
        found.append(reason("reading_room"))
    if facts.claimed:
        found.append(reason("claim_open"))
    if facts.lifecycle != "active":
        found.append(reason("lifecycle", lifecycle=facts.lifecycle))
    found += _card(facts, policy)
    found += figure_reasons("renew", facts.patron, policy_now(facts, policy))
    if facts.waiting > facts.free:
        found.append(reason("renewal_wanted", waiting=facts.waiting, free=facts.free))
    if facts.renewals >= policy.renew_limit:
        found.append(reason("limit_reached", renewals=facts.renewals, limit=policy.renew_limit))
    found += _timing(facts, policy, calendar)
    if due is None:
        found.append(reason("no_gain", due_on=facts.due_on))
    return worst_first(found)


def policy_now(facts: RenewalFacts, policy: Policy) -> Policy:
    """Return the policy whose limits judge the reader: today's, not the loan's."""
    return facts.patron.policy or policy


def _card(facts: RenewalFacts, policy: Policy) -> list[Reason]:
    expires = facts.patron.card_expires_on
    if expires and facts.today > expires and not policy.renew_with_expired_card:
        return [reason("card_expires", expires_on=expires)]
    return []


def _timing(facts: RenewalFacts, policy: Policy, calendar: Calendar) -> list[Reason]:
    late = late_days(facts.due_on, facts.today, policy, calendar)
    allowed = policy.renew_max_days_late if policy.renew_when_overdue else 0
    if late > allowed:
        return [reason("overdue_too_long", days=late, limit=allowed)]
    ahead = policy.renew_from_days_before
    if ahead is not None and facts.today < facts.due_on - ahead * ONE_DAY:
        return [reason("too_early", from_on=facts.due_on - ahead * ONE_DAY)]
    return []
