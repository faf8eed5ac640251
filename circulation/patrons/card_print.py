"""Cards printed: ID-1 (85.6 × 54 mm, ISO/IEC 7810), ten on an A4 sheet with marks to cut by, or each
on a page of its own for a card printer."""

import base64
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

import circulation.patrons.settings  # noqa: F401 — declares the address
from circulation.patrons.cards import card_number_key
from circulation.patrons.models import Patron, PatronCard, PatronCategory
from circulation.patrons.patrons import EDIT
from circulation.patrons.photos import KIND
from circulation.patrons.signed import signed_text
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.audit import audit
from ils.core.errors import Invalid, NotFound
from ils.core.files import content_of, kept_file
from ils.org.models import OrgUnit
from ils.org.office import office_of
from ils.org.settings import setting
from ils.printing import barcode_svg, qr_svg, typst_pdf

TEMPLATE = Path(__file__).with_name("print") / "cards.typ"
PLACES = 10  # on an A4 sheet: two columns, five rows
MOST = 300  # cards in one go
PAPERS = ("a4", "card")


@dataclass(frozen=True)
class CardRow:
    """A valid card with its holder, as a line to choose from."""

    card: PatronCard
    patron: Patron
    category: PatronCategory


def cards_to_print(
    session: Session,
    actor: Actor,
    *,
    numbers: Collection[str] = (),
    unprinted: bool = True,
    category: str = "",
    school_class: str = "",
) -> list[CardRow]:
    """Return valid cards in the actor's scope: those named, or those never printed, narrowed."""
    query = (
        select(PatronCard, Patron, PatronCategory)
        .join(Patron, Patron.id == PatronCard.patron_id)
        .join(PatronCategory, PatronCategory.code == Patron.category)
        .join(OrgUnit, OrgUnit.id == Patron.branch_id)
        .where(PatronCard.state == "active", PatronCard.expires_on >= clock.today())
        .where(Patron.deleted_at.is_(None))
        .where(or_(*(OrgUnit.path.startswith(path) for path in actor.scope_paths(EDIT) or ["?"])))
    )
    if numbers:
        query = query.where(PatronCard.number.in_([card_number_key(one) for one in numbers]))
    elif unprinted:
        query = query.where(PatronCard.printed_at.is_(None))
    if category:
        query = query.where(Patron.category == category)
    if school_class:
        query = query.where(Patron.school_class == school_class)
    order = (Patron.school, Patron.school_class, Patron.name_key, PatronCard.id)
    return [CardRow(*row) for row in session.execute(query.order_by(*order).limit(MOST))]


def print_cards(
    session: Session,
    actor: Actor,
    card_ids: Sequence[int],
    *,
    paper: str = "a4",
    start: int = 1,
) -> bytes:
    """Return a PDF of cards, the first on place ``start`` of the sheet (1 is top left), and note
    that they are printed. Raises ``Invalid`` where none or too many are chosen."""
    actor.require(EDIT)
    if not card_ids or len(card_ids) > MOST or paper not in PAPERS:
        raise Invalid("cards_none_chosen", field="cards", most=MOST)
    known = {row.card.id: row for row in _chosen(session, actor, card_ids)}
    rows = [known[i] for i in card_ids if i in known]
    if not rows:
        raise Invalid("cards_none_chosen", field="cards", most=MOST)
    data = {
        "paper": paper,
        "start": min(max(start, 1), PLACES),
        "cards": [_face(session, row) for row in rows],
    }
    made = typst_pdf(TEMPLATE, data)
    for row in rows:
        row.card.printed_at = clock.now()
    audit(session, actor, "cards_printed", "patron_card", None, count=len(rows))
    return made


def _chosen(session: Session, actor: Actor, card_ids: Sequence[int]) -> list[CardRow]:
    numbers = session.scalars(select(PatronCard.number).where(PatronCard.id.in_(card_ids))).all()
    return cards_to_print(session, actor, numbers=numbers) if numbers else []


def _face(session: Session, row: CardRow) -> dict[str, str]:
    office = office_of(session, row.patron.library_id)
    return {
        "above": office.above,
        "library": office.name,
        "name": row.patron.name,
        "born": f"{row.patron.born_on:%d/%m/%Y}" if row.patron.born_on else "",
        "kind": row.category.name,
        "group": ", ".join(filter(None, (row.patron.school_class, row.patron.school))),
        "number": row.card.number,
        "until": f"{row.card.expires_on:%d/%m/%Y}",
        "bars": _bars(row.card.number),
        "qr": qr_svg(qr_text(session, row)),
        "photo": _photo(session, row.patron),
    }


def qr_text(session: Session, row: CardRow) -> str:
    """Return what the QR code says: the signed text, behind the checking page's address if set."""
    address = str(setting(session, row.patron.library_id, "patrons.check_address")).strip()
    text = signed_text(row.card, row.patron.category)
    return f"{address.rstrip('/')}/verify#{text}" if address else text


def _bars(number: str) -> str:
    try:
        return barcode_svg(number, height=30)
    except ValueError:  # a number with letters no barcode can hold, from an old list
        return ""


def _photo(session: Session, patron: Patron) -> str:
    """Return the photo as a picture Typst takes as text; empty where there is none."""
    if patron.photo_id is None:
        return ""
    try:
        content = content_of(kept_file(session, patron.photo_id, KIND))
    except NotFound:
        return ""
    packed = base64.b64encode(content).decode()
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
        ' viewBox="0 0 300 400" width="300" height="400">'
        f'<image width="300" height="400" xlink:href="data:image/jpeg;base64,{packed}"/></svg>'
    )
