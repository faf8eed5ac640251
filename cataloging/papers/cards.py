"""Catalogue cards, 7.5 × 12.5 cm, in the style of the National Library: one for each entry.

The card of the main entry begins with the author; added cards repeat it under the title, each other
name, each subject, or the class. Below stands what the other cards are filed under (the tracing).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cataloging.marc.display import notes
from cataloging.marc.model import Marc
from cataloging.papers.chosen import Title
from cataloging.papers.described import (
    other_names,
    paragraph,
    stretches,
    subjects,
    summary,
    title_proper,
)
from ils.printing import typst_pdf
from ils.text.filing import filing_key

TEMPLATE = Path(__file__).with_name("print") / "cards.typ"
MAIN, TITLE, NAMES, SUBJECTS, CLASS = "main", "title", "names", "subjects", "class"
KINDS = (MAIN, TITLE, NAMES, SUBJECTS, CLASS)
PAPERS = ("a4", "card")  # four on an A4 sheet to be cut, or each on a card of its own
MOST_CARDS = 2000


@dataclass(frozen=True)
class CatalogCard:
    """One card: what it is filed under, and what stands on it.

    ``call`` are the lines of the call number at the top left, ``numbers`` the accession numbers.
    """

    filed_under: str
    entry: str  # above the description; empty on the card of the main entry
    heading: str
    text: str
    notes: tuple[str, ...]
    summary: str
    call: tuple[str, ...]
    numbers: str
    tracing: str
    class_number: str

    def to_json(self) -> dict[str, Any]:
        """Return the card as its template takes it."""
        return dict(vars(self))


def cards_of(titles: Iterable[Title], kinds: Sequence[str], *, filed: bool) -> list[CatalogCard]:
    """Return the cards of titles: title by title, or ``filed`` as they go into the drawer."""
    made = [card for title in titles for card in _cards_of_one(title, kinds)]
    if filed:
        made.sort(key=lambda card: filing_key(f"{card.filed_under} {card.heading} {card.text}"))
    return made


def _cards_of_one(title: Title, kinds: Sequence[str]) -> Iterator[CatalogCard]:
    heading, text = paragraph(title.marc)
    proper = title_proper(title.marc) or title.title
    names, about = other_names(title.marc), subjects(title.marc)
    under: list[tuple[str, str]] = []
    if MAIN in kinds:
        under.append(("", heading or proper))
    if TITLE in kinds and heading:
        under.append((proper, proper))
    if NAMES in kinds:
        under += [(name, name) for name in names]
    if SUBJECTS in kinds:
        under += [(one, one) for one in about]
    if CLASS in kinds and title.class_number:
        under.append((title.class_number, title.class_number))
    abstract = summary(title.marc)
    rest = [field for field in title.marc["fields"] if "520" not in field]
    unsummed: Marc = {**title.marc, "fields": rest}
    for entry, filed_under in under:
        yield CatalogCard(
            filed_under=filed_under,
            entry=entry,
            heading=heading,
            text=text,
            notes=tuple(notes(unsummed)),
            summary=abstract,
            call=tuple((title.call_number or title.class_number).split()),
            numbers=stretches([copy.number for copy in title.copies if copy.number]),
            tracing=_tracing(proper if heading else "", names, about),
            class_number=title.class_number,
        )


def _tracing(proper: str, names: Sequence[str], about: Sequence[str]) -> str:
    """Write what the other cards are filed under: ``1. Subject. I. Name. II. Title``."""
    parts = [f"{n}. {one}" for n, one in enumerate(about, 1)]
    others = [*names, *(["Nhan đề"] if proper else [])]
    parts += [f"{_roman(n)}. {one}" for n, one in enumerate(others, 1)]
    return ". ".join(parts)


def _roman(number: int) -> str:
    signs = ((50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))
    text = ""
    for value, sign in signs:
        while number >= value:
            text, number = text + sign, number - value
    return text


def print_cards(cards: Sequence[CatalogCard], *, paper: str = "a4", start: int = 1) -> bytes:
    """Return a PDF of cards, the first on place ``start`` of an A4 sheet (1 is top left)."""
    data = {
        "paper": paper,
        "start": min(max(start, 1), 4),
        "cards": [card.to_json() for card in cards],
    }
    return typst_pdf(TEMPLATE, data)
