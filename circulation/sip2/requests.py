"""Holds placed, given up or moved at a machine."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.models import Record
from circulation.desk import DeskResult, perform
from circulation.facts import IS_OPEN, find_scanned
from circulation.hold_changes import cancel_hold, change_pickup
from circulation.holds import place_hold
from circulation.models import Hold
from circulation.sentences import reason_sentence
from circulation.sip2.messages import Message, day_of, yes
from circulation.sip2.patrons import PatronView, view_patron
from circulation.sip2.session import Line, answer
from circulation.sip2.words import institution, said, turned_away
from ils.core.db import reading
from ils.core.errors import IlsError
from ils.org.models import OrgUnit
from ils.web.errors import sentence_for

THIS_COPY = "3"  # hold type: a specific copy; everything else is a hold on the title


def hold(line: Line, message: Message) -> Message:
    """15: place (+), give up (-) or move (*) a hold on the title of an item, or on the item."""
    told = turned_away(line, message)
    result: DeskResult | None = None
    title = ""
    if not told:
        with reading() as session:
            view = view_patron(session, line.who, message.get("AA"))
            record_id, item_id = _wanted(session, line, message)
            record = session.get(Record, record_id) if record_id else None
            title = record.title if record else ""
            branch_id = _branch(session, message.get("BS")) or line.who.unit_id or 0
            own = _own(session, view, record_id)
        if view is None or record_id is None:
            told = reason_sentence("record_unknown")
        else:
            try:
                result = _do(line, message, view.patron.id, record_id, item_id, branch_id, own)
                told = said(result)
            except IlsError as error:
                told = sentence_for(error)
    facts = result.facts if result and result.ok else {}
    return answer(
        message,
        "16",
        {
            "ok": "1" if result and result.ok else "0",
            "available": yes(facts.get("state") == "targeted"),
        },
        ("BR", facts.get("place")),
        ("BS", message.get("BS") or None),
        ("AO", institution(line)),
        ("AA", message.get("AA")),
        ("AB", message.get("AB") or None),
        ("AJ", title),
        ("AF", told),
    )


def _do(
    line: Line,
    message: Message,
    patron_id: int,
    record_id: int,
    item_id: int | None,
    branch_id: int,
    own: int | None,
) -> DeskResult:
    mode, key = message.fixed["hold_mode"], line.key(message)
    if mode == "-":
        return perform(cancel_hold, line.who, hold_id=own or 0, key=key, reason_text="reader")
    if mode == "*":
        return perform(
            change_pickup, line.who, hold_id=own or 0, pickup_branch_id=branch_id, key=key
        )
    return perform(
        place_hold,
        line.who,
        record_id=record_id,
        patron_id=patron_id,
        pickup_branch_id=branch_id,
        item_id=item_id if message.get("BY") == THIS_COPY else None,
        need_by=day_of(message.get("BW")),
        key=key,
    )


def _wanted(session: Session, line: Line, message: Message) -> tuple[int | None, int | None]:
    """Return the title (and copy) a machine means: by barcode (AB), else by record number (AJ)."""
    if message.get("AB"):
        found = find_scanned(session, message.get("AB"), line.who.library_id or 0)
        return found.record_id, found.item_id
    number = message.get("AJ")
    return (int(number), None) if number.isdecimal() and len(number) < 10 else (None, None)


def _branch(session: Session, code: str) -> int | None:
    return session.scalar(select(OrgUnit.id).where(OrgUnit.code == code)) if code else None


def _own(session: Session, view: PatronView | None, record_id: int | None) -> int | None:
    if view is None or record_id is None:
        return None
    return session.scalar(
        select(Hold.id).where(
            Hold.patron_id == view.patron.id, Hold.record_id == record_id, IS_OPEN
        )
    )
