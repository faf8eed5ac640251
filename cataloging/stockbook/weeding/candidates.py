"""Where proposals come from: scans, a basket, a search, or a rule over the whole stock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, and_, or_, select, text
from sqlalchemy.orm import Session

from cataloging.baskets.contents import item_ids, items_meant, record_ids
from cataloging.export.sources import Chosen, ids_of
from cataloging.models import Collection, Item, Record, Register
from cataloging.serials.models import SerialIssue
from cataloging.stockbook.weeding.models import STANDS, WeedingLine
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.errors import Invalid
from ils.core.events import EventRow
from ils.text.normal import fold

MOST_FOUND = 5000
AT_ONCE = 400
USES = (
    "loan_checked_out",
    "reading_room_loan_made",
    "open_loan_entered",
    "in_house_use_counted",
)


@dataclass(frozen=True)
class Rule:
    """A rule over the stock: the reason it gives, and the years it is asked with (0: none)."""

    reason: str
    years: int


RULES = {
    "old": Rule("outdated", 20),  # published so many years ago
    "unused": Rule("surplus", 5),  # in stock for so long and never used since
    "newspapers": Rule("outdated", 2),  # entered, or of an issue that appeared, so long ago
    "law": Rule("outdated", 5),  # class 340 to 349, published so many years ago
    "damaged": Rule("worn", 0),
    "lost": Rule("lost", 0),  # lost by a reader and made good, by the minutes of the desk
    "missing": Rule("lost", 1),  # not found for so long
}


def local_history(session: Session, library_id: int) -> Any:
    """SQL: the copy is local history (địa chí) by its kind, its kho or its register."""
    shelves = select(Collection).where(Collection.library_id == library_id)
    books = select(Register).where(Register.library_id == library_id)
    local = [
        [one.id for one in session.scalars(query) if "dia chi" in fold(one.name)]
        for query in (shelves, books)
    ]
    return or_(
        Item.item_type == "local",
        Item.collection_id.in_(local[0]),
        Item.register_id.in_(local[1]),
    )


def by_rule(session: Session, library_id: int, code: str, years: int | None = None) -> list[int]:
    """Return the copies of a library that a rule finds, at most ``MOST_FOUND``.

    Never local history unless it is lost, never what stands on a list already. Raises ``Invalid``.
    """
    rule = RULES.get(code)
    if rule is None or (years is not None and not 0 <= years <= 200):
        raise Invalid("weeding_rule_unknown", field="rule")
    query = _free(library_id).join(Record, Record.id == Item.record_id)
    if rule.reason != "lost":
        is_local = local_history(session, library_id)
        query = query.where(or_(~is_local, is_local.is_(None)))
    query = query.where(_condition(code, rule.years if years is None else years))
    return list(session.scalars(query.order_by(Item.register_id, Item.serial, Item.id)))


def _free(library_id: int) -> Select[Any]:
    """Return the query of copies that may come on a list."""
    standing = select(WeedingLine.id).where(WeedingLine.item_id == Item.id, text(STANDS))
    return (
        select(Item.id)
        .where(Item.owner_id == library_id, Item.lifecycle != "withdrawn", ~standing.exists())
        .limit(MOST_FOUND)
    )


def _condition(code: str, years: int) -> Any:
    today = clock.today()
    since = date(today.year - years, today.month, min(today.day, 28))
    published = Record.year <= today.year - years
    here_since = Item.accessioned_on <= since
    there = Item.lifecycle.not_in(("lost", "lost_settled", "missing"))
    if code == "old":
        return and_(there, published, Record.material != "serial")  # a newspaper began long ago
    if code == "unused":
        used = select(EventRow.id).where(
            EventRow.item_id == Item.id, EventRow.kind.in_(USES), EventRow.effective_on >= since
        )
        return and_(there, here_since, ~used.exists())
    if code == "newspapers":
        appeared = select(SerialIssue.id).where(
            SerialIssue.change_set_id == Item.change_set_id, SerialIssue.day <= since
        )
        serial = or_(Item.item_type == "serial", Record.material == "serial")
        return and_(there, serial, or_(here_since, appeared.exists()))
    if code == "law":
        return and_(there, published, Record.class_number.like("34%"))
    if code == "missing":
        seen = select(EventRow.id).where(
            EventRow.item_id == Item.id,
            EventRow.kind == "item_missing",
            EventRow.effective_on > since,
        )
        return and_(Item.lifecycle == "missing", ~seen.exists())
    return Item.lifecycle == {"damaged": "damaged", "lost": "lost_settled"}[code]


def by_numbers(session: Session, actor: Actor, lines: str) -> tuple[list[int], list[str]]:
    """Return the copies that scanned or pasted numbers mean, and the numbers that mean none."""
    typed = [one.strip() for one in lines.replace(",", "\n").replace(";", "\n").splitlines()]
    typed = list(dict.fromkeys(one for one in typed if one))
    found: dict[str, int] = {}
    for start in range(0, len(typed), AT_ONCE):
        some = items_meant(session, actor, typed[start : start + AT_ONCE])
        found |= {one: item.id for one, item in some.items()}
    return [found[one] for one in typed if one in found], [o for o in typed if o not in found]


def by_basket(session: Session, actor: Actor, library_id: int, basket_id: int) -> list[int]:
    """Return the scanned copies of a basket; of one that has only titles, every copy of theirs."""
    chosen = item_ids(session, actor, basket_id)
    if chosen:
        return _in_parts(session, library_id, Item.id, chosen)
    return _in_parts(session, library_id, Item.record_id, record_ids(session, actor, basket_id))


def by_search(session: Session, library_id: int, words: str) -> list[int]:
    """Return the copies that a library has of the titles a search finds."""
    if not words.strip():
        raise Invalid("weeding_search_empty", field="q")
    chosen = Chosen(words.strip()[:500], library_id)
    return _in_parts(session, library_id, Item.record_id, list(ids_of(session, chosen)))


def _in_parts(session: Session, library_id: int, column: Any, ids: Sequence[int]) -> list[int]:
    found: list[int] = []
    for start in range(0, len(ids), AT_ONCE):
        query = _free(library_id).where(column.in_(ids[start : start + AT_ONCE]))
        found += session.scalars(query.order_by(Item.register_id, Item.serial, Item.id))
    return found[:MOST_FOUND]
