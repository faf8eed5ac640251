"""Which copies or records an act over many takes: of a basket, of a search, or by numbers."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from cataloging.baskets.contents import basket_for, item_ids, items_meant, record_ids, records_meant
from cataloging.export.sources import Chosen, batched, ids_of
from cataloging.models import Item
from cataloging.permissions import EDIT_ITEM
from ils.accounts.actor import Actor
from ils.core.errors import Invalid
from ils.org.models import OrgUnit
from ils.org.units import place

AT_ONCE: Final = 400
MOST_TYPED: Final = 20_000
_BETWEEN: Final = re.compile(r"[\r\n\t,;]+")


@dataclass(frozen=True)
class Source:
    """Where they come from: ``basket``, ``search`` (words and facets) or ``numbers``."""

    how: str = "numbers"
    basket_id: int = 0
    words: str = ""
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    numbers: str = ""


@dataclass(frozen=True)
class Found:
    """What was found, under which name, and numbers that mean nothing here."""

    ids: Sequence[int]
    name: str
    unknown: Sequence[str] = ()


def numbers_in(text: str) -> list[str]:
    """Return what was scanned, typed or pasted: one on each line, or parted by commas."""
    typed = list(dict.fromkeys(one.strip() for one in _BETWEEN.split(text) if one.strip()))
    if len(typed) > MOST_TYPED:
        raise Invalid("too_many_typed", field="numbers", most=MOST_TYPED)
    return typed


def copies_from(session: Session, actor: Actor, source: Source) -> Found:
    """Return copies: those scanned into a basket or, where it has only titles, and of what a search
    finds, all that the actor's library has of them.

    Raises ``NotFound`` for another's basket, ``Invalid`` for a search for nothing.
    """
    if source.how == "basket":
        basket = basket_for(session, actor, source.basket_id)
        ids: Sequence[int] = item_ids(session, actor, basket.id)
        if not ids:
            ids = copies_of(session, actor, record_ids(session, actor, basket.id))
        return Found(ids, basket.name)
    if source.how == "search":
        return Found(copies_of(session, actor, _found(session, actor, source)), _name(source))
    typed = numbers_in(source.numbers)
    meant: dict[str, int] = {}
    for part in batched(typed, AT_ONCE):
        meant |= {one: item.id for one, item in items_meant(session, actor, part).items()}
    unknown = [one for one in typed if one not in meant]
    ids_in_order = dict.fromkeys(meant[one] for one in typed if one in meant)
    return Found(list(ids_in_order), ", ".join(typed[:3]), unknown)


def records_from(session: Session, actor: Actor, source: Source) -> Found:
    """Return records: of a basket, of a search in the whole catalogue, or those that barcodes,
    accession numbers, control numbers or our numbers with a ``#`` mean.

    Raises ``NotFound`` for another's basket, ``Invalid`` for a search for nothing.
    """
    if source.how == "basket":
        basket = basket_for(session, actor, source.basket_id)
        return Found(record_ids(session, actor, basket.id), basket.name)
    if source.how == "search":
        return Found(list(ids_of(session, _search(source, None))), _name(source))
    typed = numbers_in(source.numbers)
    meant: dict[str, int] = {}
    for part in batched(typed, AT_ONCE):
        meant |= {one: item.record_id for one, item in items_meant(session, actor, part).items()}
        meant |= records_meant(session, [one for one in part if one not in meant])
    unknown = [one for one in typed if one not in meant]
    return Found(list(dict.fromkeys(meant.values())), ", ".join(typed[:3]), unknown)


def _found(session: Session, actor: Actor, source: Source) -> Iterable[int]:
    library = None if _is_province(session, actor) else actor.library_id
    return ids_of(session, _search(source, library))


def _search(source: Source, library_id: int | None) -> Chosen:
    if not source.words.strip() and not source.filters:
        raise Invalid("weeding_search_empty", field="q")
    return Chosen(source.words.strip()[:500], library_id, source.filters)


def _name(source: Source) -> str:
    return source.words.strip() or ", ".join(
        v for values in source.filters.values() for v in values
    )


def _is_province(session: Session, actor: Actor) -> bool:
    return actor.unit_id is None or place(session, actor.unit_id).kind == "province"


def copies_of(session: Session, actor: Actor, records: Iterable[int]) -> list[int]:
    """Return the copies in stock of titles: those of the actor's library; for somebody at work at
    the province, those of every branch where they may change copies."""
    found: list[int] = []
    for part in batched(records, AT_ONCE):
        query = select(Item.id).where(Item.record_id.in_(part), Item.lifecycle != "withdrawn")
        found += session.scalars(query.where(_ours(session, actor)))
    return found


def _ours(session: Session, actor: Actor) -> ColumnElement[bool]:
    if not _is_province(session, actor):
        return Item.owner_id == actor.library_id
    paths = actor.scope_paths(EDIT_ITEM)
    there: list[Any] = [OrgUnit.path.startswith(path) for path in paths]
    return Item.branch_id.in_(select(OrgUnit.id).where(or_(*there)) if there else [])
