"""The minutes a reader signs for a lost or damaged copy: what happened, the sum, the choice.

Paper is Vietnamese whatever language the page has.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.hooks import LossPaper
from cataloging.models import Item, Record
from circulation.losses.lost import payer_of
from circulation.losses.models import Loss
from circulation.models import Loan
from circulation.patrons.cards import active_card
from circulation.patrons.models import Patron, PatronCategory
from circulation.patrons.patrons import age_on
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.money import dong, in_words
from ils.org.office import office_of
from ils.org.settings import setting
from ils.org.units import library_of

WHY_VI = {
    "declared": "Bạn đọc báo mất",
    "long_overdue": "Quá hạn lâu ngày, đã nhắc nhiều lần mà không trả",
    "claim": "Bạn đọc báo đã trả hoặc không mượn; thư viện đã tìm hai lần trên giá không thấy",
    "check_in": "Phát hiện khi nhận trả",
}
LIFECYCLES_VI = {
    "damaged": "Không tiếp tục phục vụ được",
    "repair": "Phải sửa chữa",
    "active": "Còn phục vụ được",
}


def reference(case: Loss) -> str:
    """Return the number of the minutes of a case."""
    return f"{'MT' if case.kind == 'lost' else 'HH'}-{case.id:05d}"


def loss_papers(session: Session, item_ids: Iterable[int]) -> dict[int, LossPaper]:
    """Return the minutes of the settled case of each lost copy, for the books of stock."""
    cases = session.scalars(
        select(Loss).where(
            Loss.item_id.in_(list(item_ids)), Loss.kind == "lost", Loss.state == "settled"
        )
    )
    return {
        case.item_id: LossPaper(
            reference(case), case.settled_on or case.happened_on, case.settled_how or ""
        )
        for case in cases
    }


def minutes_data(session: Session, actor: Actor, case: Loss) -> dict[str, Any]:
    """Gather what the minutes of a case say."""
    item = session.get_one(Item, case.item_id)
    record = session.get_one(Record, item.record_id)
    payer = payer_of(session, case)
    patron = session.get(Patron, payer) if payer is not None else None
    loan = session.get(Loan, case.loan_id) if case.loan_id is not None else None
    library = library_of(session, case.branch_id)
    asked = case.reckoning
    return {
        "kind": case.kind,
        "office": office_of(session, library.id, case.happened_on).to_json(),
        "ref": reference(case),
        "day": clock.today(),
        "happened_on": case.happened_on,
        "why": WHY_VI[case.why],
        "staff": actor.name,
        "reader": _reader(session, patron) if patron is not None else None,
        "child": _is_child(session, patron) if patron is not None else False,
        "title": record.title,
        "author": record.author or "",
        "number": item.accession_no or item.barcode or "",
        "price": dong(item.price) if item.price else "",
        "lent_on": loan.started_on if loan is not None else None,
        "due_on": loan.due_on if loan is not None else None,
        "note": case.note,
        "way": case.way,
        "ways": asked.get("ways", ["money", "same_book"]),
        "reckoning": reckoning_vi(case),
        "amount": dong(asked.get("amount", 0)),
        "processing": dong(asked["processing"]) if asked.get("processing") else "",
        "total": dong(asked.get("amount", 0) + asked.get("processing", 0)),
        "words": in_words(asked.get("amount", 0) + asked.get("processing", 0)),
        "asked": bool(case.entry_ids),
        "lifecycle": LIFECYCLES_VI.get(asked.get("lifecycle", ""), ""),
        "photo": case.photo_id is not None,
    }


def reckoning_vi(case: Loss) -> list[str]:
    """Say how an amount came about, step by step."""
    asked = case.reckoning
    if case.kind == "damaged":
        lines = []
        for one in asked.get("damages", []):
            part = dong(one["amount"]) if one.get("amount") else f"{one['percent']}% giá tài liệu"
            lines.append(f"{one['name']}: {part}")
        if asked.get("by_hand"):
            lines.append("Mức bồi thường do hai bên thỏa thuận.")
        return lines
    if not asked:
        return []
    if asked["rule"] == "fixed":
        return ["Mức cố định theo nội quy thư viện."]
    price = dong(asked["price"])
    known = "giá quy định cho tài liệu không rõ giá" if asked["price_unknown"] else "giá ghi sổ"
    return [f"{price} ({known}) × {asked['percent']}% = {dong(asked['amount'])}"]


def _reader(session: Session, patron: Patron) -> dict[str, Any]:
    card = active_card(session, patron.id)
    return {
        "name": patron.name,
        "card": card.number if card is not None else "",
        "school": f"{patron.school_class} {patron.school}".strip(),
        "address": patron.address or patron.commune or "",
        "guardian": patron.guardian_name or "",
        "phone": patron.phone or patron.guardian_phone or "",
    }


def _is_child(session: Session, patron: Patron) -> bool:
    age = age_on(patron, clock.today())
    if age is None:
        return session.get_one(PatronCategory, patron.category).child
    return age < int(setting(session, patron.library_id, "patrons.child_below"))
