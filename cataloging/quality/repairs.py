"""Small repairs: the morning tray of ten, one fault mended, one fault mended over many records.

A repair is an ordinary change of a record: it makes a version and can be undone. Over many it is a
job with one change set, undone as one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.change_sets import change_set_for, new_change_set
from cataloging.classes.marks import mark_for
from cataloging.items import change_item, facts_of
from cataloging.marc.model import Marc, first
from cataloging.marc.project import project
from cataloging.models import Item, Record
from cataloging.permissions import EDIT_ITEM, EDIT_RECORD
from cataloging.quality.counting import faulty
from cataloging.quality.models import FaultLeft, RecordFault
from cataloging.quality.rules import faults, find_faults, repaired
from cataloging.quality.scoring import judge
from cataloging.record_rows import lock_record
from cataloging.records import record_for, replace_marc
from ils.accounts.actor import Actor, actor_of_job
from ils.core.db import reading
from ils.core.errors import Invalid, NotFound, Refused
from ils.core.jobs import Job, Progress, do_in_parts, enqueue, job_kind
from ils.org.units import unit

KIND: Final = "mend_records"
IN_THE_TRAY: Final = 10
OF_ONE_FAULT: Final = 3  # in the tray, so that one fault of thousands hides no other
LOOKED_AT: Final = 40
AT_ONCE: Final = 50
PREVIEWED: Final = 30
FOR_MANY: Final = (
    *("legacy", "names", "body_name", "inverted", "no_language", "junk_isbn"),
    *("class_mark", "no_mark", "capitals"),
)


@dataclass(frozen=True)
class Proposal:
    """A small repair: what stands there, what would stand there; ``typed`` when a person may write
    it instead. ``ready`` is false when a person must."""

    record_id: int
    version: int
    title: str
    code: str
    before: str
    after: str
    typed: bool = False
    ready: bool = True


def tray(session: Session, actor: Actor, library_id: int | None) -> list[Proposal]:
    """Return the ten repairs that are worth most now and can be done from the tray.

    A few of each fault come first; more of the weightiest fill up what is left.
    """
    can = [one.code for one in faults().values() if one.repair] + ["no_price"]
    found: list[Proposal] = []
    more: list[Proposal] = []
    for code in sorted(can, key=lambda one: -faults()[one].weight):
        of_this = _proposals(session, actor, code, library_id)
        found += of_this[:OF_ONE_FAULT]
        more += of_this[OF_ONE_FAULT:]
        if len(found) >= IN_THE_TRAY:
            break
    chosen = (found + more)[:IN_THE_TRAY]
    return sorted(chosen, key=lambda one: -faults()[one.code].weight)


def _proposals(session: Session, actor: Actor, code: str, library_id: int | None) -> list[Proposal]:
    ids = session.scalars(_records_with(code, library_id, 0).limit(LOOKED_AT)).all()
    found: list[Proposal] = []
    for record_id in ids:
        if one := propose(session, actor, record_id, code, library_id):
            found.append(one)
        if len(found) == IN_THE_TRAY:
            break
    return found


def propose(
    session: Session,
    actor: Actor,
    record_id: int,
    code: str,
    library_id: int | None,
    *,
    sure: bool = False,
) -> Proposal | None:
    """Return what would mend a fault of a record, None when nothing can be proposed."""
    record = session.get(Record, record_id)
    if record is None or record.deleted_at is not None:
        return None
    common = (record.id, record.version, record.title, code)
    marc: Any = record.marc
    if code == "no_price":
        price = project(marc).price
        if price is None or not _unpriced(session, actor, record_id, library_id):
            return None
        return Proposal(*common, "", str(price))
    if code == "title_marks":
        title = first(marc, "245", "a")
        return Proposal(*common, title, title, typed=True, ready=False)
    new = mended(session, record, code, actor.library_id, sure=sure)
    if new is None:
        return None
    typed = faults()[code].repair == "text"
    before, after = _shown(marc, new, code)
    return Proposal(*common, before, after, typed=typed)


def mended(
    session: Session,
    record: Record,
    code: str,
    library_id: int | None,
    typed: str = "",
    *,
    sure: bool = False,
) -> Marc | None:
    """Return a record with a fault mended, by what the program proposes or a person typed.

    With ``sure`` nothing is done that a person is to look at first.
    """
    if code == "no_mark" and not typed:
        typed = mark_for(session, library_id, record.title, record.author)
    return repaired(record.marc, code, typed, sure=sure)  # type: ignore[arg-type]


def _shown(marc: Marc, new: Marc, code: str) -> tuple[str, str]:
    """Return the fields that a repair changes, as they are and as they would be."""
    if code == "capitals":
        return first(marc, "245", "a"), first(new, "245", "a")
    if code == "no_language":
        return project(marc).language, project(new).language
    if code == "no_mark":
        return first(marc, "082", "a"), first(new, "082", "b")
    old = [_words(f) for f in marc["fields"]]
    now = [_words(f) for f in new["fields"]]
    gone = [w for w in old if w not in now]
    come = [w for w in now if w not in old]
    return " | ".join(gone)[:300], " | ".join(come)[:300]


def _words(field: dict[str, Any]) -> str:
    tag, content = next(iter(field.items()))
    if isinstance(content, str):
        return f"{tag} {content}"
    subs = " ".join(f"${c} {v}" for sub in content["subfields"] for c, v in sub.items())
    return f"{tag} {subs}"


def _unpriced(
    session: Session, actor: Actor, record_id: int, library_id: int | None
) -> Sequence[Item]:
    query = select(Item).where(
        Item.record_id == record_id, Item.price.is_(None), Item.lifecycle != "withdrawn"
    )
    if library_id is not None:
        query = query.where(Item.owner_id == library_id)
    items = session.scalars(query.order_by(Item.id)).all()
    return [one for one in items if actor.can(EDIT_ITEM, unit(session, one.branch_id))]


def mend(
    session: Session,
    actor: Actor,
    record_id: int,
    code: str,
    *,
    version: int,
    typed: str = "",
    library_id: int | None = None,
) -> Record:
    """Mend one fault of one record. Raises ``Invalid``, ``NotFound``, ``StaleVersion``."""
    actor.require(EDIT_RECORD)
    if code not in faults():
        raise NotFound("fault_unknown", code=code)
    record = record_for(session, record_id)
    if code == "no_price":
        price = project(record.marc).price  # type: ignore[arg-type]
        for item in _unpriced(session, actor, record_id, library_id):
            facts = replace(facts_of(item), price=price)
            change_item(session, actor, item.id, facts, expected_version=item.version)
        judge(session, [record_id])
        return record
    new = mended(session, record, code, actor.library_id, " ".join(typed.split())[:500])
    if new is None or code in find_faults(new, project(new)):
        raise Invalid("fault_stays", code=code)
    why = faults()[code].name[1]
    record = replace_marc(session, actor, record_id, new, expected_version=version, why=why)
    judge(session, [record_id])
    return record


def leave(session: Session, actor: Actor, record_id: int, code: str) -> None:
    """Leave a fault as it is: the book is so. It is told no more of this record."""
    actor.require(EDIT_RECORD)
    record = record_for(session, record_id)
    if code not in faults() or faults()[code].on_item:
        raise NotFound("fault_unknown", code=code)
    if session.get(FaultLeft, (record.id, code)) is None:
        session.add(FaultLeft(record_id=record.id, code=code, left_by=actor.staff_id))
        session.flush()
    judge(session, [record.id])


def first_of_many(
    session: Session, actor: Actor, code: str, library_id: int | None
) -> list[Proposal]:
    """Return the first records a repair over many would change, each with what it does."""
    ids = session.scalars(_records_with(code, library_id, 0).limit(PREVIEWED))
    found = [propose(session, actor, one, code, library_id, sure=True) for one in ids]
    return [one for one in found if one is not None and one.ready]


def _records_with(code: str, library_id: int | None, after: int) -> Any:
    return (
        faulty(library_id, code)
        .with_only_columns(RecordFault.record_id)
        .where(RecordFault.record_id > after)
        .order_by(RecordFault.record_id)
    )


def begin_many(session: Session, actor: Actor, code: str, library_id: int | None) -> Job:
    """Queue the repair of a fault over all records of a library. Raises ``Refused``."""
    actor.require(EDIT_RECORD, *([unit(session, library_id)] if library_id else []))
    if code not in FOR_MANY or not first_of_many(session, actor, code, library_id):
        raise Refused("nothing_to_mend", code=code)
    change_set = new_change_set(session, actor, "batch", faults()[code].name[1])
    return enqueue(
        session, actor, KIND, code=code, library_id=library_id, change_set_id=change_set.id
    )


@job_kind(KIND)
def mend_many(progress: Progress, args: dict[str, Any]) -> dict[str, Any]:
    """Mend the records part by part; taken up again, it goes on with those still at fault."""
    code, library_id = args["code"], args["library_id"]
    with reading() as session:
        actor = actor_of_job(session, progress.job_id)
    done = {"after": 0, "changed": 0, "left": -1}

    def part(session: Session) -> int:
        change_set = change_set_for(session, int(args["change_set_id"]))
        if change_set.undone_at is not None:
            return 0
        query = _records_with(code, library_id, done["after"])
        if done["left"] < 0:
            done["left"] = len(session.scalars(query).all())
        ids = session.scalars(query.limit(AT_ONCE)).all()
        if not ids:
            return 0
        for record_id in ids:
            record = lock_record(session, record_id)
            new = mended(session, record, code, actor.library_id, sure=True)
            done["after"] = record_id
            if new is not None:
                replace_marc(
                    session,
                    actor,
                    record_id,
                    new,
                    expected_version=record.version,
                    why=change_set.why,
                    change_set=change_set,
                )
                done["changed"] += 1
        judge(session, ids)
        done["left"] = max(len(ids), done["left"])
        left = done["left"]
        done["left"] = max(0, left - len(ids))
        return left

    do_in_parts(progress, AT_ONCE, part)
    return {"changed": done["changed"], "change_set_id": args["change_set_id"]}
