"""A newspaper taken twice at a branch, since its record was there twice, made one with the records.

Issues with their copies, claims and bound volumes come under the title that stays. Where one time
followed the other both patterns stay, one after the other; where they overlap, one of them goes on,
as chosen. An issue of a day on record in both cannot be made one without losing what taking it back
needs: that is refused, and one of the two is to be taken back first. ``parting`` undoes it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from cataloging.duplicates.pointers import plain_row
from cataloging.serials.models import SerialIssue, SerialPattern, SerialTitle, SerialVolume
from cataloging.serials.parting import patterns_as_told
from cataloging.serials.rules.joining import Span, one_after_the_other
from cataloging.serials.rules.pattern import Pattern
from cataloging.serials.titles import pattern_row, patterns_of, rule_of
from ils.core import clock
from ils.core.errors import Refused
from ils.org.units import version_on

NAMED: Final = 6  # days named in a refusal
AGREED: Final = (
    *("copies", "price", "starts_on", "ends_on", "delay_days", "grace_days", "as_items"),
    *("item_type", "use", "register_id", "collection_id", "supplier_id", "note"),
)


@dataclass(frozen=True)
class Twin:
    """Two titles of one branch that would be one: ``patterns`` where both stay, else one is to be
    chosen; ``days`` of issues on record in both stand in the way."""

    kept: SerialTitle
    gone: SerialTitle
    rules: dict[int, tuple[Pattern, ...]]  # by title
    patterns: tuple[Pattern, ...] | None
    days: tuple[date, ...]


def twins_of(session: Session, kept_id: int, gone_ids: Sequence[int]) -> list[Twin]:
    """Return what is taken twice at a branch once records are one; nothing is locked."""
    order = [kept_id, *gone_ids]
    rows = session.scalars(select(SerialTitle).where(SerialTitle.record_id.in_(order))).all()
    at_branch: dict[int, list[SerialTitle]] = {}
    for row in sorted(rows, key=lambda one: order.index(one.record_id)):
        at_branch.setdefault(row.branch_id, []).append(row)
    return [_twin(session, some[0], other) for some in at_branch.values() for other in some[1:]]


def _twin(session: Session, kept: SerialTitle, gone: SerialTitle) -> Twin:
    stored = patterns_of(session, [kept.id, gone.id])
    rules = {one.id: tuple(rule_of(row) for row in stored.get(one.id, [])) for one in (kept, gone)}
    spans = [Span(one.starts_on, one.ends_on, rules[one.id]) for one in (kept, gone)]
    days = _on_record_in_both(session, kept.id, gone.id)
    return Twin(kept, gone, rules, one_after_the_other(*spans), days)


def _on_record_in_both(session: Session, kept_id: int, gone_id: int) -> tuple[date, ...]:
    of_kept = select(SerialIssue.day, SerialIssue.name).where(SerialIssue.serial_id == kept_id)
    there = {tuple(row) for row in session.execute(of_kept)}
    of_gone = select(SerialIssue.day, SerialIssue.name).where(SerialIssue.serial_id == gone_id)
    rows = session.execute(of_gone.order_by(SerialIssue.day))
    return tuple(dict.fromkeys(day for day, name in rows if (day, name) in there))


def join_twins(
    session: Session, kept_id: int, gone_id: int, goes_on: Collection[int] = ()
) -> list[dict[str, Any]]:
    """Make titles of one branch one; return what ``parting`` needs. ``goes_on`` are titles whose
    pattern and terms go on where both overlap (default: those of the record that stays).

    Raises ``Refused`` where an issue is on record in both.
    """
    ids = select(SerialTitle.id).where(SerialTitle.record_id.in_((kept_id, gone_id)))
    session.execute(ids.order_by(SerialTitle.id).with_for_update())
    told = [_join(session, one, goes_on) for one in twins_of(session, kept_id, [gone_id])]
    session.expire_all()
    return told


def _join(session: Session, twin: Twin, goes_on: Collection[int]) -> dict[str, Any]:
    kept, gone = twin.kept, twin.gone
    if twin.days:
        days = ", ".join(f"{day:%d/%m/%Y}" for day in twin.days[:NAMED])
        more = ", …" if len(twin.days) > NAMED else ""
        branch = version_on(session, kept.branch_id, clock.today()).name
        raise Refused("serials_same_issues", branch=branch, days=days + more)
    if twin.patterns is not None:
        lead = max((kept, gone), key=lambda one: one.starts_on)
        patterns = twin.patterns
    else:
        lead = gone if gone.id in goes_on else kept
        patterns = twin.rules[lead.id]
    told: dict[str, Any] = {
        "kept": kept.id,
        "row": plain_row(gone),
        "before": {name: plain_row(kept)[name] for name in AGREED},
        "patterns": patterns_as_told(session, kept.id),
        "patterns_gone": patterns_as_told(session, gone.id),
        "issues": _move(session, SerialIssue, gone.id, kept.id),
        "volumes": _move(session, SerialVolume, gone.id, kept.id),
    }
    start = min(kept.starts_on, gone.starts_on)
    for name in AGREED:
        setattr(kept, name, getattr(lead, name))
    kept.starts_on = start
    session.execute(delete(SerialPattern).where(SerialPattern.serial_id.in_((kept.id, gone.id))))
    session.add_all(pattern_row(kept.id, one) for one in patterns)
    session.flush()
    session.delete(gone)
    session.flush()
    told["after"] = {name: plain_row(kept)[name] for name in AGREED}
    told["patterns_after"] = patterns_as_told(session, kept.id)
    return told


def _move(session: Session, table: Any, old: int, new: int) -> list[int]:
    ids = list(session.scalars(select(table.id).where(table.serial_id == old)))
    session.execute(update(table).where(table.serial_id == old).values(serial_id=new))
    return ids
