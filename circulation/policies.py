"""The lending rules in force at a branch, read once per session: policy rows, calendar, settings.

Also the use cases of the page that edits them. Rows are few, so a branch reads its whole path.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from circulation.models import PolicyRow
from circulation.permissions import EDIT_POLICY
from circulation.rules.policy import Resolved, Row, checked, resolve
from circulation.settings import Settings, settings_at
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.audit import audit
from ils.core.errors import Invalid
from ils.core.kept import kept
from ils.org.calendar import Calendar
from ils.org.hours import calendar_for
from ils.org.models import OrgUnit
from ils.org.units import place, unit

_MEMO = "circulation_branches"
_ROWS = select(
    PolicyRow.id, PolicyRow.unit_id, PolicyRow.item_type, PolicyRow.category, PolicyRow.values
).where(PolicyRow.unit_id.in_(bindparam("path", expanding=True)))


@dataclass
class Branch:
    """A circulating unit with its rules. The calendar is read when first asked for."""

    id: int
    path: list[int]
    library_id: int
    rows: list[Row]
    settings: Settings
    session: Session = field(repr=False)
    _calendar: Calendar | None = None
    _resolved: dict[tuple[str, str], Resolved] = field(default_factory=dict)

    @property
    def calendar(self) -> Calendar:
        """Return the calendar in force."""
        if self._calendar is None:
            self._calendar = calendar_for(self.session, self.id)
        return self._calendar

    def policy(self, item_type: str, category: str) -> Resolved:
        """Return the policy for an item type and a patron category."""
        found = self._resolved.get((item_type, category))
        if found is None:
            found = resolve(self.rows, item_type, category)
            self._resolved[item_type, category] = found
        return found


def branch(session: Session, unit_id: int) -> Branch:
    """Return a branch with its rules, read once per session (see ``forget_rules``)."""
    memo: dict[int, Branch] = session.info.setdefault(_MEMO, {})
    if unit_id not in memo:
        at = place(session, unit_id)
        memo[unit_id] = Branch(
            id=unit_id,
            path=list(at.ids),
            library_id=at.library_id,
            rows=kept(session, ("policies", unit_id), lambda: _read_rows(session, at.ids)),
            settings=settings_at(session, at.ids),
            session=session,
        )
    return memo[unit_id]


def _read_rows(session: Session, path: tuple[int, ...]) -> list[Row]:
    return [
        Row(id_, at, path.index(at), item_type, category, values)
        for id_, at, item_type, category, values in session.execute(_ROWS, {"path": path})
    ]


def forget_rules(session: Session) -> None:
    """Let the session read rules, calendars and settings anew after they were changed in it."""
    session.info.pop(_MEMO, None)


def policy_for(session: Session, unit_id: int, item_type: str, category: str) -> Resolved:
    """Return the policy in force at a unit, with the row each value came from."""
    return branch(session, unit_id).policy(item_type, category)


def policy_rows(session: Session, unit_id: int) -> Sequence[PolicyRow]:
    """Return the rows set at a unit itself, the general one first."""
    return session.scalars(
        select(PolicyRow)
        .where(PolicyRow.unit_id == unit_id)
        .order_by(PolicyRow.item_type, PolicyRow.category)
    ).all()


def set_policy_row(
    session: Session,
    actor: Actor,
    *,
    unit_id: int,
    item_type: str = "",
    category: str = "",
    values: dict[str, Any],
) -> PolicyRow | None:
    """Write the values set at a unit for an item type and category; no values deletes the row.

    Open loans keep the values they were made with. Raises ``Invalid`` naming a wrong field.
    """
    at: OrgUnit = unit(session, unit_id)
    actor.require(EDIT_POLICY, at)
    stored = checked(values)
    row = session.scalar(
        select(PolicyRow).where(
            PolicyRow.unit_id == unit_id,
            PolicyRow.item_type == item_type,
            PolicyRow.category == category,
        )
    )
    before = dict(row.values) if row else {}
    if not stored:
        if row is not None:
            session.delete(row)
        row = None
    else:
        row = row or PolicyRow(unit_id=unit_id, item_type=item_type, category=category)
        row.values, row.changed_at, row.changed_by = stored, clock.now(), actor.staff_id
        session.add(row)
    session.flush()
    forget_rules(session)
    audit(
        session,
        actor,
        "policy_changed",
        "org_unit",
        unit_id,
        item_type=item_type,
        category=category,
        before=before,
        after=stored,
    )
    return row


def require_within(
    session: Session, actor: Actor, permission: str, unit_id: int, otherwise: Exception
) -> None:
    """Let the actor deal with what belongs to a unit: of the library worked at, or within reach.

    Raises ``Forbidden`` where the actor lacks the permission at all, else ``otherwise``.
    """
    actor.require(permission)
    if branch(session, unit_id).library_id == actor.library_id:
        return
    if not actor.can(permission, unit(session, unit_id)):
        raise otherwise


def require_branch(session: Session, unit_id: int | None) -> Branch:
    """Return the branch an actor works at. Raises ``Invalid`` where the unit does not lend."""
    if unit_id is None:
        raise Invalid("no_branch_chosen")
    if place(session, unit_id).kind == "province":
        raise Invalid("unit_does_not_lend", unit_id=unit_id)
    return branch(session, unit_id)
