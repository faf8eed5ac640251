"""What was scanned or typed into the one box: a card, an item, a list to choose from, or nothing.

Order: exact barcode (cards and items share one table) → barcode spoiled by a keyboard → accession
number with or without dots and zeros → ISBN → telephone, identity number or name → words of a title.
"""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session
from stdnum import isbn as isbn_number
from stdnum.exceptions import ValidationError

from cataloging.models import Barcode, Item, Record, RecordIdentifier
from cataloging.numbers import accession_key
from circulation.patrons.models import Patron, PatronCard
from circulation.patrons.patrons import FoundPatron, find_patrons
from circulation.patrons.signed import number_in
from ils.accounts.actor import Actor
from ils.core.errors import IlsError
from ils.text.typing_keys import barcode_readings

MOST_SHOWN = 20


@dataclass(frozen=True)
class Scanned:
    """What a text stands for.

    ``kind``: card, item, patrons (choose one), items (choose one), records, nothing.
    ``repaired`` is the barcode that was meant when a keyboard had spoiled it.
    """

    kind: str
    text: str
    item: Item | None = None
    card: PatronCard | None = None
    patrons: tuple[FoundPatron, ...] = ()
    items: tuple[tuple[Item, str], ...] = ()
    records: tuple[Any, ...] = ()
    repaired: str = ""
    both: bool = field(default=False)


def recognize(session: Session, actor: Actor, text: str) -> Scanned:
    """Find out what was scanned or typed, in the actor's scope."""
    text = text.strip()
    text = number_in(text) or text  # the QR code of a card
    for step in (_by_barcode, _by_accession_number, _by_isbn, _by_patron, _by_words):
        found = step(session, actor, text)
        if found is not None:
            return found
    return Scanned("nothing", text)


_BY_VALUE = (
    select(Barcode.value, Item, PatronCard)
    .outerjoin(Item, Item.id == Barcode.item_id)
    .outerjoin(PatronCard, PatronCard.id == Barcode.card_id)
    .where(Barcode.value.in_(bindparam("values", expanding=True)))
)


def _by_barcode(session: Session, actor: Actor, text: str) -> Scanned | None:
    readings = barcode_readings(text)
    if not readings:
        return None
    rows = {row[0]: row for row in session.execute(_BY_VALUE, {"values": readings})}
    hits = [rows[reading] for reading in readings if reading in rows]
    if not hits:
        return None
    if len(hits) > 1 and hits[0][0] != readings[0]:
        return _which(session, text, hits)
    value, item, card = hits[0]
    repaired = "" if value == readings[0] else value
    return Scanned("item" if item else "card", text, item=item, card=card, repaired=repaired)


def _which(session: Session, text: str, hits: list[Any]) -> Scanned:
    """A spoiled barcode that may have been several: let the person choose."""
    items = [item for _, item, _ in hits if item is not None]
    cards = [card for _, _, card in hits if card is not None]
    titles = {
        record.id: record.title
        for record in session.scalars(
            select(Record).where(Record.id.in_([item.record_id for item in items]))
        )
    }
    found = [FoundPatron(session.get_one(Patron, card.patron_id), card) for card in cards]
    return Scanned(
        "items" if items else "patrons",
        text,
        items=tuple((item, titles[item.record_id]) for item in items),
        patrons=tuple(found),
    )


_SEMICOLON = (";", "m")  # the second is where a French keyboard has it
_FRENCH_LETTERS = str.maketrans("aqzw,", "qawzm")


def command_meant(text: str, known: tuple[str, ...]) -> str | None:
    """Return the command of the printed sheet that was scanned, through layouts and Unikey.

    ``;room`` arrives as ``mroo,`` on a French keyboard, ``;bookdrop`` as ``;bôkdrop`` by Telex.
    """
    lowered = text.strip().lower()
    if not lowered.startswith(_SEMICOLON):
        return None
    if lowered[0] == "m":
        word = lowered[1:].translate(_FRENCH_LETTERS)
        return word if word in known else None
    words = {reading.strip(";").lower() for reading in barcode_readings(lowered)}
    return next((word for word in known if word in words), None)


def _by_accession_number(session: Session, actor: Actor, text: str) -> Scanned | None:
    try:
        key = accession_key(text)
    except IlsError:
        return None
    if not key or not any(c.isdigit() for c in key) or not any(c.isalpha() for c in key):
        return None
    query = (
        select(Item, Record.title)
        .join(Record, Record.id == Item.record_id)
        .where(Item.accession_key == key)
        .order_by((Item.owner_id != (actor.library_id or 0)), Item.id)
        .limit(MOST_SHOWN)
    )
    found = [(item, title) for item, title in session.execute(query)]
    own = [pair for pair in found if pair[0].owner_id == actor.library_id]
    if len(own) == 1 or len(found) == 1:
        return Scanned("item", text, item=(own or found)[0][0])
    return Scanned("items", text, items=tuple(found)) if found else None


def _by_isbn(session: Session, actor: Actor, text: str) -> Scanned | None:
    try:
        number = isbn_number.to_isbn13(isbn_number.validate(text)).replace("-", "")
    except (ValidationError, ValueError):
        return None
    query = (
        select(Item, Record.title)
        .join(Record, Record.id == Item.record_id)
        .join(RecordIdentifier, RecordIdentifier.record_id == Record.id)
        .where(RecordIdentifier.scheme == "isbn", RecordIdentifier.value == number)
        .where(Item.owner_id == actor.library_id, Item.lifecycle != "withdrawn")
        .order_by(Item.accession_key)
        .limit(MOST_SHOWN)
    )
    found = tuple((item, title) for item, title in session.execute(query))
    return Scanned("items", text, items=found) if found else None


def _by_patron(session: Session, actor: Actor, text: str) -> Scanned | None:
    found, _total = find_patrons(session, actor, text, limit=MOST_SHOWN)
    if not found:
        return None
    exact = [f for f in found if f.card and f.card.number == text.upper()]
    if len(exact) == 1:
        return Scanned("card", text, card=exact[0].card)
    return Scanned("patrons", text, patrons=tuple(found))


def _by_words(session: Session, actor: Actor, text: str) -> Scanned | None:
    from cataloging.search import SearchRequest, search

    if sum(c.isalpha() for c in text) < 2:
        return None
    result = search(session, SearchRequest(query=text, page_size=10))
    if not result.ids:
        return None
    rows = {r.id: r for r in session.scalars(select(Record).where(Record.id.in_(result.ids)))}
    return Scanned("records", text, records=tuple(rows[i] for i in result.ids if i in rows))
