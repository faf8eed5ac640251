"""A few titles that the sample describes twice, as a second library once entered them: for the list
of duplicates. One of each pair has copies that are lent and waited for like any other."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from cataloging.duplicates import finding
from cataloging.items import CopyFacts, add_items
from cataloging.marc.model import Marc, pairs
from cataloging.models import Item, Record, Register
from cataloging.records import create_record, new_change_set
from circulation.sample.province import Units
from ils.accounts.actor import system_actor
from ils.text.normal import fold


@dataclass(frozen=True)
class Twin:
    """How a second description differs: written without marks, without its subtitle, without its
    year; ``copies`` its library entered."""

    bare: bool = False
    short: bool = False
    undated: bool = False
    copies: int = 1


TWINS = (Twin(copies=2), Twin(short=True), Twin(bare=True), Twin(undated=True, copies=0))


def describe_twice(session: Session, units: Units) -> tuple[int, int]:
    """Add second descriptions of much-held books, and queue a look for duplicates; return how
    many records and copies."""
    actor = system_actor(session, units["AH-TN"].id)
    numbered = case((Record.isbn != "", 0), else_=1)  # one of them is sure by its ISBN
    held = (
        select(Item.record_id)
        .join(Record, Record.id == Item.record_id)
        .where(Item.volume_key == "", Item.item_type == "book", Record.material == "book")
        .where(Record.author != "")
        .group_by(Item.record_id, Record.isbn)
        .order_by(numbered, func.count().desc(), Item.record_id)
    )
    some = session.scalars(held).all()
    chosen = [some[0], *some[len(some) // 2 :]][: len(TWINS)]
    own = select(Register.id).where(Register.library_id == units["AH"].id)
    register = session.scalar(own.order_by(Register.id).limit(1))
    made_in = new_change_set(session, actor, "import", "Dữ liệu mẫu: mục lục cũ của An Hà")
    for twin, record_id in zip(TWINS, chosen, strict=True):
        known: Any = session.get_one(Record, record_id).marc
        record = create_record(
            session,
            actor,
            _again(known, twin),
            why="Dữ liệu mẫu",
            change_set=made_in,
            owner_id=units["AH"].id,
            numbered=True,
        )
        if twin.copies:
            facts = CopyFacts(branch_id=units["AH-TN"].id)
            add_items(
                session,
                actor,
                record.id,
                facts,
                copies=twin.copies,
                register_id=register,
                opening_balance=True,
                change_set=made_in,
            )
    finding.begin(session, actor)
    return len(TWINS), sum(twin.copies for twin in TWINS)


def _again(marc: Marc, twin: Twin) -> Marc:
    """Return a poorer description of the same book: fewer fields, and what the twin says."""
    fields = [
        {tag: _changed(tag, content, twin)}
        for tag, content in pairs(marc)
        if tag in ("008", "020", "041", "082", "100", "110", "245", "260", "264", "300", "653")
    ]
    return {"leader": marc["leader"], "fields": fields}


def _changed(tag: str, content: Any, twin: Twin) -> Any:
    if isinstance(content, str):
        undated = f"{content[:6]}n{' ' * 8}{content[15:]}"
        return undated if tag == "008" and twin.undated else content
    subs = [dict(one) for one in content["subfields"]]
    if tag == "245" and twin.short:
        subs = [one for one in subs if "b" not in one]
    if tag in ("260", "264") and twin.undated:
        subs = [one for one in subs if "c" not in one]
    if tag in ("100", "245") and twin.bare:
        subs = [{code: fold(value) for code, value in one.items()} for one in subs]
    return {**content, "subfields": subs}
