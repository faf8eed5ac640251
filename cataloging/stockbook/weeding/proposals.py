"""Lists of copies proposed for weeding: begun, filled, looked over, given up before the decision."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cataloging.hooks import loss_papers, vetoes_of
from cataloging.items import WITHDRAWAL_REASONS
from cataloging.models import Item, Record
from cataloging.permissions import EDIT_ITEM
from cataloging.record_rows import announce_changed
from cataloging.stockbook.weeding.candidates import local_history
from cataloging.stockbook.weeding.judging import CopyToJudge, against, may_be_proposed
from cataloging.stockbook.weeding.models import Weeding, WeedingLine
from cataloging.stockbook.weeding.work import at_work
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.audit import audit
from ils.core.errors import Invalid, NotFound, Refused
from ils.org.units import unit

MOST_LINES = 5000  # of one list, and one decision
STILL_THERE = ("in_process", "active", "repair", "damaged")  # shown as proposed meanwhile
AT_ONCE = 500  # copies that one transaction puts on a list


@dataclass
class Added:
    """What came on a list, and what did not: codes of reasons with accession numbers."""

    count: int = 0
    refused: dict[str, list[str]] = field(default_factory=dict)

    def refuse(self, code: str, item: Item) -> None:
        """Note a copy that stays off the list."""
        self.refused.setdefault(code, []).append(item.accession_no or item.barcode or str(item.id))


@dataclass(frozen=True)
class HeadFacts:
    """The head of a list: its name, the council, the papers as far as they are known."""

    name: str
    council: Sequence[Mapping[str, str]] = ()
    minutes_no: str = ""
    met_on: date | None = None
    decision_no: str = ""
    decided_on: date | None = None
    decided_by: str = ""
    note: str = ""


def weeding_for(
    session: Session,
    actor: Actor,
    weeding_id: int,
    permission: str = EDIT_ITEM,
    *,
    lock: bool = False,
) -> Weeding:
    """Return a list of a library where the actor holds a right. Raises ``NotFound``, ``Forbidden``."""
    query = select(Weeding).where(Weeding.id == weeding_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = session.scalar(query)
    if found is None or not actor.can(EDIT_ITEM, unit(session, found.library_id)):
        raise NotFound("weeding_unknown", weeding_id=weeding_id)
    actor.require(permission, at=unit(session, found.library_id))
    return found


def proposal(
    session: Session, actor: Actor, weeding_id: int, permission: str = EDIT_ITEM
) -> Weeding:
    """Return a list that is not decided, locked. Raises ``Refused``."""
    found = weeding_for(session, actor, weeding_id, permission, lock=True)
    if found.state != "proposed":
        raise Refused("weeding_decided", weeding_id=weeding_id)
    return found


def weedings_of(
    session: Session, library_id: int, *, limit: int, offset: int
) -> tuple[list[tuple[Weeding, int, int]], int]:
    """Return lists, newest first, with how many copies and what value stand on each; and the total."""
    own = Weeding.library_id == library_id
    total = session.scalar(select(func.count()).select_from(Weeding).where(own)) or 0
    rows = session.scalars(
        select(Weeding).where(own).order_by(Weeding.id.desc()).limit(limit).offset(offset)
    ).all()
    sums = {
        weeding_id: (count, int(value))
        for weeding_id, count, value in session.execute(
            select(
                WeedingLine.weeding_id,
                func.count(),
                func.sum(func.coalesce(WeedingLine.price, Item.price, 0)),
            )
            .join(Item, Item.id == WeedingLine.item_id)
            .where(WeedingLine.weeding_id.in_([row.id for row in rows]))
            .where(WeedingLine.state != "restored")
            .group_by(WeedingLine.weeding_id)
        )
    }
    return [(row, *sums.get(row.id, (0, 0))) for row in rows], total


def begin_weeding(session: Session, actor: Actor, library_id: int, facts: HeadFacts) -> Weeding:
    """Begin a list."""
    actor.require(EDIT_ITEM, at=unit(session, library_id))
    made = Weeding(library_id=library_id, made_by=actor.staff_id, **_columns(facts))
    session.add(made)
    session.flush()
    audit(session, actor, "weeding_begun", "weeding", made.id, name=made.name)
    return made


def change_head(session: Session, actor: Actor, weeding_id: int, facts: HeadFacts) -> Weeding:
    """Change name, council and papers of a list that is not decided."""
    found = proposal(session, actor, weeding_id)
    for name, value in _columns(facts).items():
        setattr(found, name, value)
    session.flush()
    return found


def _columns(facts: HeadFacts) -> dict[str, Any]:
    name = " ".join(facts.name.split())
    if not name:
        raise Invalid("weeding_name_missing", field="name")
    for key in ("met_on", "decided_on"):
        day = getattr(facts, key)
        if day is not None and not date(1990, 1, 1) <= day <= clock.today():
            raise Invalid("weeding_day_impossible", field=key)
    if facts.met_on and facts.decided_on and facts.decided_on < facts.met_on:
        raise Invalid("weeding_decided_before_meeting", field="decided_on")
    council = [
        {"name": one["name"].strip()[:120], "role": one.get("role", "").strip()[:120]}
        for one in facts.council
        if one["name"].strip()
    ]
    return {
        "name": name[:120],
        "council": council[:20],
        "minutes_no": facts.minutes_no.strip()[:40],
        "met_on": facts.met_on,
        "decision_no": facts.decision_no.strip()[:40],
        "decided_on": facts.decided_on,
        "decided_by": facts.decided_by.strip()[:120],
        "note": facts.note.strip(),
    }


def propose(
    session: Session,
    actor: Actor,
    weeding_id: int,
    item_ids: Iterable[int],
    *,
    reason: str,
    ground: str = "",
) -> Added:
    """Put copies on a list; those that may not be are left off and named with the reason.

    A copy lost and made good brings the number of the desk's minutes. Raises ``Refused`` when the
    list would be longer than one decision can be.
    """
    found = proposal(session, actor, weeding_id)
    if reason not in WITHDRAWAL_REASONS:
        raise Invalid("withdrawal_reason_unknown", field="reason", value=reason)
    ids = list(dict.fromkeys(item_ids))
    require_room(session, found.id, len(ids))
    local = _local_history(session, found.library_id, ids)
    standing = set(
        session.scalars(
            select(WeedingLine.item_id).where(
                WeedingLine.item_id.in_(ids), WeedingLine.state != "restored"
            )
        )
    )
    minutes = loss_papers(session, ids)
    done, records = Added(), set()
    chosen = select(Item).where(Item.id.in_(ids)).order_by(Item.id).with_for_update()
    for item in session.scalars(chosen.execution_options(populate_existing=True)):
        judged = CopyToJudge(item.id in local, item.lifecycle, item.accessioned_on)
        code = "other_library" if item.owner_id != found.library_id else ""
        code = code or ("on_a_list" if item.id in standing else may_be_proposed(judged, reason))
        if code:
            done.refuse(code, item)
            continue
        paper = minutes.get(item.id)
        session.add(
            WeedingLine(
                weeding_id=found.id,
                item_id=item.id,
                reason=reason,
                ground=ground,
                note=f"BB mất tài liệu {paper.number}, {paper.on:%d/%m/%Y}" if paper else "",
                was=item.lifecycle,
            )
        )
        if item.lifecycle in STILL_THERE:
            item.lifecycle = "withdrawal_proposed"
        records.add(item.record_id)
        done.count += 1
    announce_changed(session, sorted(records))
    session.flush()
    return done


def require_room(session: Session, weeding_id: int, count: int) -> None:
    """Raise ``Refused`` when a list cannot take so many copies more."""
    there = select(func.count()).where(WeedingLine.weeding_id == weeding_id)
    if (session.scalar(there) or 0) + count > MOST_LINES:
        raise Refused("weeding_full", most=MOST_LINES)


def _local_history(session: Session, library_id: int, ids: Sequence[int]) -> set[int]:
    query = select(Item.id).where(Item.id.in_(ids), local_history(session, library_id))
    return set(session.scalars(query))


@dataclass(frozen=True)
class Shown:
    """A line of a list with its copy, its title, and what stands against it."""

    line: WeedingLine
    item: Item
    record: Record
    against: Sequence[str] = ()

    @property
    def value(self) -> int:
        """Return what the copy is worth in the books."""
        return (self.item.price if self.line.state == "proposed" else self.line.price) or 0


def lines_of(
    session: Session, weeding: Weeding, *, limit: int = MOST_LINES, offset: int = 0
) -> list[Shown]:
    """Return the lines of a list in the order of accession numbers."""
    rows = session.execute(_lines(weeding.id).limit(limit).offset(offset)).all()
    waiting = [(line, item) for line, item, _record in rows if line.state == "proposed"]
    judged = judge(session, weeding, waiting) if waiting else {}
    return [Shown(line, item, record, judged.get(item.id, ())) for line, item, record in rows]


def _lines(weeding_id: int) -> Any:
    return (
        select(WeedingLine, Item, Record)
        .join(Item, Item.id == WeedingLine.item_id)
        .join(Record, Record.id == Item.record_id)
        .where(WeedingLine.weeding_id == weeding_id)
        .order_by(Item.register_id, Item.serial, Item.id)
    )


def judge(
    session: Session, weeding: Weeding, lines: Sequence[tuple[WeedingLine, Item]]
) -> dict[int, list[str]]:
    """Return what stands against copies of a list, by copy; those that may go are left out."""
    ids = [item.id for _line, item in lines]
    local = _local_history(session, weeding.library_id, ids)
    vetoes = vetoes_of(session, ids)
    found = {}
    for line, item in lines:
        codes = tuple(veto.code for veto in vetoes.get(item.id, ()))
        copy = CopyToJudge(item.id in local, item.lifecycle, item.accessioned_on, codes)
        if reasons := against(copy, line.reason, weeding.decided_on):
            found[item.id] = reasons
    return found


def sums_of(
    session: Session, weeding_id: int, *, restored: bool = False
) -> list[tuple[str, int, int]]:
    """Return copies and value of a list by reason; ``restored``: with those put back since."""
    query = (
        select(WeedingLine.reason, func.coalesce(WeedingLine.price, Item.price, 0))
        .join(Item, Item.id == WeedingLine.item_id)
        .where(WeedingLine.weeding_id == weeding_id)
    )
    if not restored:
        query = query.where(WeedingLine.state != "restored")
    rows = session.execute(query)
    count: Counter[str] = Counter()
    value: Counter[str] = Counter()
    for reason, price in rows:
        count[reason] += 1
        value[reason] += price
    return [(code, count[code], value[code]) for code in WITHDRAWAL_REASONS if count[code]]


def take_off(session: Session, actor: Actor, weeding_id: int, line_ids: Iterable[int]) -> int:
    """Take copies off a list that are not withdrawn; they are as they were before.

    Off a decided one those against which something stood. Raises ``Refused`` while it is worked at.
    """
    found = weeding_for(session, actor, weeding_id, lock=True)
    if found.state == "struck" or at_work(session, weeding_id):
        raise Refused("weeding_decided", weeding_id=weeding_id)
    chosen = select(WeedingLine).where(
        WeedingLine.weeding_id == found.id, WeedingLine.state == "proposed"
    )
    lines = session.scalars(chosen.where(WeedingLine.id.in_(list(line_ids)))).all()
    _give_back(session, lines)
    return len(lines)


def _give_back(session: Session, lines: Sequence[WeedingLine]) -> None:
    records = set()
    chosen = select(Item).where(Item.id.in_([line.item_id for line in lines]))
    locked = chosen.order_by(Item.id).with_for_update().execution_options(populate_existing=True)
    items = {item.id: item for item in session.scalars(locked)}
    for line in lines:
        item = items[line.item_id]
        if item.lifecycle == "withdrawal_proposed":
            item.lifecycle = line.was
        records.add(item.record_id)
        session.delete(line)
    announce_changed(session, sorted(records))
    session.flush()


def give_up(session: Session, actor: Actor, weeding_id: int) -> Weeding:
    """Give a list up before its decision: every copy is as it was before."""
    found = proposal(session, actor, weeding_id)
    _give_back(
        session,
        session.scalars(select(WeedingLine).where(WeedingLine.weeding_id == found.id)).all(),
    )
    found.state = "struck"
    found.closed_at, found.closed_by = clock.now(), actor.staff_id
    audit(session, actor, "weeding_struck", "weeding", found.id, name=found.name)
    session.flush()
    return found
