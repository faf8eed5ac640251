"""Everything lending would decide about one reader and one copy, now, changing nothing."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from circulation.blocks import patron_figures
from circulation.checkout import Weighed, weigh_check_out
from circulation.policies import require_branch
from circulation.rules.blocks import Figures
from circulation.rules.checkout import HOME
from circulation.rules.due_date import Due
from circulation.rules.fines import fine, suspension_days
from circulation.rules.policy import Policy, Resolved
from circulation.rules.reasons import Reason
from circulation.rules.renewal import renew_due
from ils.accounts.actor import Actor
from ils.core import clock
from ils.org.calendar import ONE_DAY, Calendar

LATE_BY = (1, 3, 7, 14, 30, 90)  # days after the due day that are told as examples
MOST_RENEWALS = 12


@dataclass(frozen=True)
class Late:
    """What a return so late would bring."""

    on: date
    charged_days: int
    amount: int
    suspended: int
    limits: tuple[str, ...]


@dataclass(frozen=True)
class Explained:
    """A decision with its grounds. ``renewals`` are the due dates if each is renewed on its last day."""

    item: dict[str, Any]
    patron: dict[str, Any]
    price: int | None
    kind: str
    today: date
    reasons: list[Reason]
    due: Due
    resolved: Resolved
    figures: Figures
    renewals: list[date]
    late: list[Late]

    @property
    def stops(self) -> list[Reason]:
        """Return the reasons that stop lending or must be answered."""
        return [one for one in self.reasons if one.stops]

    @property
    def told(self) -> list[Reason]:
        """Return what is only said."""
        return [one for one in self.reasons if not one.stops]


def explain_lending(
    session: Session,
    actor: Actor,
    *,
    barcode: str,
    card: str,
    kind: str | None = None,
    now: datetime | None = None,
) -> Explained | list[Reason]:
    """Return the whole decision of lending a copy to a reader at the branch the actor works at.

    A list of reasons is returned where the card or the copy is not known.
    """
    weighed = weigh_check_out(session, actor, barcode=barcode, card=card, kind=kind, now=now)
    if not isinstance(weighed, Weighed):
        return weighed
    calendar = require_branch(session, actor.unit_id).calendar
    scene, policy = weighed.scene, weighed.scene.resolved.policy
    owner = scene.patron.patron.id
    expires = scene.patron.card.expires_on if scene.patron.card else None
    home = scene.kind == HOME
    price = scene.item.item.price
    return Explained(
        item=scene.item.about(),
        patron=scene.patron.about(),
        price=price,
        kind=scene.kind,
        today=clock.local_day(now or clock.now()),
        reasons=weighed.reasons,
        due=weighed.due,
        resolved=scene.resolved,
        figures=patron_figures(session, [owner], now)[owner],
        renewals=_renewals(weighed.due.on, policy, calendar, expires) if home else [],
        late=[_late(weighed.due.on, n, policy, calendar, price) for n in LATE_BY] if home else [],
    )


def _renewals(due: date, policy: Policy, calendar: Calendar, expires: date | None) -> list[date]:
    """Return the due dates of a loan renewed each time on its due day, until nothing is gained."""
    found: list[date] = []
    while len(found) < min(policy.renew_limit, MOST_RENEWALS):
        if expires is not None and due > expires and not policy.renew_with_expired_card:
            break
        later = renew_due(due, due, policy, calendar, expires)
        if later is None:
            break
        due = later.on
        found.append(due)
    return found


def _late(due: date, days: int, policy: Policy, calendar: Calendar, price: int | None) -> Late:
    until = due + days * ONE_DAY
    cost = fine(due, until, policy, calendar, price)
    money = policy.penalty == "money"
    return Late(
        on=until,
        charged_days=cost.charged_days,
        amount=cost.amount if money else 0,
        suspended=suspension_days(due, until, policy, calendar),
        limits=cost.limits if money else (),
    )
