"""Reading the rules of a unit and all below it for the lint; with changes, what they would bring."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.models import ItemType
from circulation.patrons.models import PatronCategory
from circulation.policies import branch
from circulation.rules.lint import Finding, Lending, lint
from circulation.rules.policy import Change, changed_rows
from ils.core import clock
from ils.org.models import OrgUnit
from ils.org.units import branches_below, place


def doubtful(session: Session, at: OrgUnit, changes: Sequence[Change] = ()) -> list[Finding]:
    """Return what is doubtful in the rules of the branches at or below a unit."""
    depth = len(place(session, at.id).ids) - 1
    lending = []
    for one in branches_below(session, at):
        here = branch(session, one.id)
        rows = changed_rows(here.rows, at.id, depth, changes) if changes else here.rows
        lending.append(Lending(one.id, rows, here.calendar))
    types = session.scalars(select(ItemType.code).order_by(ItemType.order)).all()
    categories = session.scalars(select(PatronCategory.code).order_by(PatronCategory.order)).all()
    below = session.scalars(select(OrgUnit.id).where(OrgUnit.path.startswith(at.path))).all()
    return lint(lending, types, categories, clock.today(), set(below))


def brought_by(session: Session, at: OrgUnit, changes: Sequence[Change]) -> list[Finding]:
    """Return the findings that changes would bring, and that are not there today."""
    today = set(doubtful(session, at))
    return [one for one in doubtful(session, at, changes) if one not in today]
