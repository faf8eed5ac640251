"""Reading what a reader typed: words, phrases, named parts, numbers, signs. Pure.

``số đỏ`` · ``"chiến tranh và hòa bình"`` · ``tác giả: nguyễn du`` (up to the next named part) ·
``978-604-1-00475-7`` · ``lịch s*`` · ``-truyện tranh`` · ``thơ OR ca dao`` · ``năm: 1990-1999``.
Nothing a reader can type is an error: what cannot be read as a sign is read as words.
"""

import re
import unicodedata
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

from cataloging.marc.numbers import isbn13, issn
from cataloging.search.document import number_key
from cataloging.search.fields import fields
from ils.text.normal import exact, fold
from ils.text.words import exact_words, folded_words

MOST_WORDS: Final = 32
LONGEST: Final = 400  # characters of a query that are read


@dataclass(frozen=True)
class Word:
    """A word to look for. ``others`` are folded words that will do as well (a typo mended)."""

    exact: str
    folded: str
    prefix: bool = False
    others: tuple[str, ...] = ()

    @property
    def marked(self) -> bool:
        """True when marks were typed, so that exact hits come first."""
        return self.exact != self.folded and not self.others

    @property
    def terms(self) -> tuple[str, ...]:
        """All folded words that will do."""
        return (self.folded, *self.others) if self.folded else self.others


@dataclass(frozen=True)
class Clause:
    """Words that must all occur, in one named part or anywhere; as a phrase if in quotes."""

    words: tuple[Word, ...]
    part: str | None = None
    phrase: bool = False
    excluded: bool = False


@dataclass(frozen=True)
class Parsed:
    """A query as it was understood.

    ``clauses`` must all hold; each is a tuple of alternatives. ``numbers`` are pairs of a number
    field and a key, each a tuple of keys that will do.
    """

    clauses: tuple[tuple[Clause, ...], ...] = ()
    numbers: tuple[tuple[str, tuple[str, ...]], ...] = ()
    years: tuple[int, int] | None = None

    @property
    def empty(self) -> bool:
        """True when nothing limits the search."""
        return not (self.clauses or self.numbers or self.years)

    @property
    def free(self) -> tuple[Word, ...]:
        """The words typed without quotes or a named part, in order."""
        return tuple(
            word
            for clause in self.clauses
            if len(clause) == 1 and not (clause[0].part or clause[0].phrase or clause[0].excluded)
            for word in clause[0].words
        )

    @property
    def phrases(self) -> tuple[tuple[Word, ...], ...]:
        """The phrases in quotes, wherever they may stand."""
        return tuple(
            clause[0].words
            for clause in self.clauses
            if clause[0].phrase and not (clause[0].part or clause[0].excluded)
        )

    @property
    def marked(self) -> tuple[Word, ...]:
        """All words typed with marks that a result should have."""
        return tuple(
            word
            for clause in self.clauses
            if len(clause) == 1 and not clause[0].excluded
            for word in clause[0].words
            if word.marked
        )

    def with_words(self, change: dict[Word, Word]) -> "Parsed":
        """Return the query with some words replaced."""
        return replace(
            self,
            clauses=tuple(
                tuple(replace(c, words=tuple(change.get(w, w) for w in c.words)) for c in either)
                for either in self.clauses
            ),
        )


_QUOTES: Final = str.maketrans("“”„«»″", '""""""')
_ISBN: Final = re.compile(
    r"(?<![\w-])(?:isbn[ :-]*)?((?:97[89][ -]?)?(?:\d[ -]?){9}[\dxX]|893\d{10})(?![\w-])",
    re.IGNORECASE,
)
_ISSN: Final = re.compile(r"(?<![\w-])(?:issn[ :]*)?(\d{4}-\d{3}[\dxX])(?![\w-])", re.IGNORECASE)
_YEARS: Final = re.compile(r"\s*(\d{4})?\s*(-|–|\.\.)?\s*(\d{4})?(?!\d)")
_TOKEN: Final = re.compile(r'(?P<not>-)?(?:"(?P<phrase>[^"]*)"?|(?P<bare>[^\s"]+))')
_YEAR_NAMES: Final = ("nam", "nam xuat ban", "year")
# A class number finds the classes below it: 895.922 is the beginning of 895.922334.
_CLASS: Final = re.compile(r"\d{3}\.\d+")
_OR: Final = frozenset({"OR", "HOẶC", "|"})
_NOT: Final = frozenset({"NOT", "KHÔNG"})
_AND: Final = frozenset({"AND", "VÀ", "&", "+"})
_SIGNS: Final = _OR | _NOT | _AND


@cache
def _named() -> re.Pattern[str]:
    """Return the pattern of a name and its colon, for folded text."""
    names = sorted((*fields().named, *_YEAR_NAMES), key=len, reverse=True)
    return re.compile(rf"(?<!\S)({'|'.join(map(re.escape, names))})\s*:")


def parse(typed: str) -> Parsed:
    """Read a query. Never fails."""
    text = unicodedata.normalize("NFC", typed[:LONGEST]).translate(_QUOTES)
    numbers: list[tuple[str, tuple[str, ...]]] = []
    years: tuple[int, int] | None = None
    clauses: list[tuple[Clause, ...]] = []
    for name, piece in _pieces(text):
        part = fields().named.get(name)
        rest = piece
        if part in _number_names() and number_key(piece):
            numbers.append((str(part), _number_keys(str(part), piece)))
            continue
        if name in _YEAR_NAMES:
            years, rest = _read_years(piece)
        if part is None:
            rest = _take_numbers(rest, numbers)
        clauses += _clauses(rest, None if part in _number_names() else part)
    return Parsed(_at_most(clauses), tuple(numbers), years)


def _pieces(text: str) -> list[tuple[str, str]]:
    """Cut a query at its named parts: (folded name or '', text up to the next name)."""
    folded = fold(exact(text))
    if len(folded) != len(text) or ":" not in text:  # a letter that folds into two: no names
        return [("", text)]
    found = list(_named().finditer(folded))
    pieces = [("", text[: found[0].start()] if found else text)]
    for at, match in enumerate(found):
        end = found[at + 1].start() if at + 1 < len(found) else len(text)
        pieces.append((match.group(1), text[match.end() : end]))
    return pieces


@cache
def _number_names() -> frozenset[str]:
    return frozenset(number.name for number in fields().numbers)


def _number_keys(field: str, typed: str) -> tuple[str, ...]:
    """Return the keys a number may be indexed under: an ISBN-10 is found by its ISBN-13 too."""
    key = number_key(typed)
    if field == "isbn" and (full := isbn13(key)):
        return tuple(dict.fromkeys((full, key)))
    return (key,)


def _take_numbers(text: str, numbers: list[tuple[str, tuple[str, ...]]]) -> str:
    """Take ISBN and ISSN out of a text, in any form; what only looks like one stays words."""

    def take_isbn(match: re.Match[str]) -> str:
        digits = number_key(match.group(1))
        if isbn13(digits) or len(digits) == 13:
            numbers.append(("isbn", _number_keys("isbn", digits)))
            return " "
        return match.group()

    def take_issn(match: re.Match[str]) -> str:
        first, second = match.group(1)[:4], match.group(1)[5:]
        years = all(part.isdigit() and 1400 < int(part) < 2100 for part in (first, second))
        if issn(match.group(1)) and (not years or "issn" in match.group().lower()):
            numbers.append(("issn", (number_key(match.group(1)),)))
            return " "
        return match.group()

    if not any(char.isdigit() for char in text):
        return text
    return _ISSN.sub(take_issn, _ISBN.sub(take_isbn, text))


def _read_years(text: str) -> tuple[tuple[int, int] | None, str]:
    """Read a year or a span (``1990-1999``, ``2010-``, ``-1975``) and return what follows it."""
    match = _YEARS.match(text)
    first, dash, last = match.groups() if match else (None, None, None)
    if not match or not (first or last):
        return None, text
    rest = text[match.end() :]
    if not dash:
        return (int(first or last or 0), int(last or first or 0)), rest
    return (int(first or 0), int(last or 9999)), rest


def _clauses(text: str, part: str | None) -> list[tuple[Clause, ...]]:
    """Cut a piece into clauses. Words in capitals are signs only where not all is in capitals."""
    signs = any(char.islower() for char in text)
    sides: list[list[Clause]] = [[]]
    negate = False
    for match in _TOKEN.finditer(text):
        bare = "" if match.group("not") else match.group("bare") or ""
        if signs and bare in _SIGNS:
            if bare in _OR:
                sides.append([])
            negate = bare in _NOT
            continue
        clause = _clause(match, part, excluded=negate)
        if clause is not None:
            sides[-1].append(clause)
            negate = False
    excluded: list[tuple[Clause, ...]] = [
        (clause,) for side in sides for clause in side if clause.excluded
    ]
    wanted = [side for side in ([c for c in s if not c.excluded] for s in sides) if side]
    if len(wanted) < 2:
        return [*((clause,) for side in wanted for clause in side), *excluded]
    return [tuple(map(_together, wanted)), *excluded]


def _together(side: list[Clause]) -> Clause:
    """Return one side of an OR as one clause: a phrase alone stays one, else all its words."""
    if len(side) == 1:
        return side[0]
    return replace(side[0], words=tuple(w for c in side for w in c.words), phrase=False)


def _clause(match: re.Match[str], part: str | None, *, excluded: bool) -> Clause | None:
    phrase, bare = match.group("phrase"), match.group("bare")
    text = exact_words(phrase if bare is None else bare)
    if not text:
        return None
    pairs = zip(text.split(" "), folded_words(text).split(" "), strict=True)
    words = [Word(one, folded) for one, folded in pairs]
    if bare is not None and (bare.endswith("*") or _CLASS.fullmatch(bare)):
        words[-1] = replace(words[-1], prefix=True)
    return Clause(
        tuple(words),
        part,
        phrase=bare is None and len(words) > 1,
        excluded=excluded or bool(match.group("not")),
    )


def _at_most(clauses: list[tuple[Clause, ...]]) -> tuple[tuple[Clause, ...], ...]:
    kept, count = [], 0
    for either in clauses:
        count += sum(len(clause.words) for clause in either)
        if count > MOST_WORDS:
            break
        kept.append(either)
    return tuple(kept)
