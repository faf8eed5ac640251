"""What is amiss with a record, and what would mend it: pure, from its MARC alone.

``faults.toml`` names the faults; here each is found. A repair never guesses: what cannot be known
from the record itself is left to a person.
"""

import re
import tomllib
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from cataloging.marc.model import Marc, control, fields, first, pairs, subfields
from cataloging.marc.names import direct
from cataloging.marc.numbers import isbn13
from cataloging.marc.project import Projection
from cataloging.marc.validate import ERROR, validate
from cataloging.title_code import rimes
from ils.text.legacy import repair
from ils.text.normal import fold, is_marked
from ils.text.syllables import is_syllable

_FILE: Final = Path(__file__).with_name("faults.toml")
_WORD: Final = re.compile(r"[^\W\d_]+")
_INITIAL: Final = re.compile("ngh|ng|gh|ch|gi(?=[aeiouy])|kh|nh|ph|qu|th|tr|[bcdghklmnpqrstvx]")
NAMES: Final = ("100", "700")
NOT_ODD: Final = frozenset(
    {"bad_isbn", "obsolete_country"}
)  # told by faults of their own, or harmless


@dataclass(frozen=True)
class Fault:
    """A fault as the data names it; ``name`` in English and Vietnamese."""

    code: str
    weight: int
    name: tuple[str, str]
    repair: str
    on_item: bool


@cache
def faults() -> dict[str, Fault]:
    """Return every fault by code, in the dashboard's order."""
    return {
        code: Fault(
            code,
            one["weight"],
            (one["en"], one["vi"]),
            one.get("repair", ""),
            one.get("on") == "item",
        )
        for code, one in tomllib.loads(_FILE.read_text("utf-8")).items()
    }


def score_of(codes: set[str]) -> int:
    """Return the points of a record, 100 without a fault, never below 0."""
    return max(0, 100 - sum(faults()[code].weight for code in codes))


def find_faults(marc: Marc, seen: Projection) -> dict[str, str]:
    """Return what is amiss with a record: fault and a word that shows it."""
    found: dict[str, str] = {}
    for finding in validate(marc):
        code = "marc_error" if finding.level == ERROR else "marc_warning"
        if finding.rule not in NOT_ODD:
            found.setdefault(code, f"{finding.tag} {finding.rule}")
    title = first(marc, "245", "a")
    words = _WORD.findall(title)
    if old := _old_text(marc):
        found["legacy"] = old
    elif _is_capitals(words):
        found["capitals"] = title
    elif _lacks_marks(words, seen):
        found["title_marks"] = title
    if wrong := next((n for n in _names(marc) if direct(n) != n), ""):
        found["inverted"] = wrong
    if not seen.classes and not fields(marc, "082"):
        found["no_class"] = ""
    elif seen.class_number and not first(marc, "082", "b") and not fields(marc, "090", "092"):
        found["no_mark"] = seen.class_number
    if seen.year is None:
        found["no_date"] = ""
    if not seen.language:
        found["no_language"] = ""
    if wrong := _wrong_isbn(marc):
        found["junk_isbn"] = wrong
    return {code: word[:120] for code, word in found.items()}


def _names(marc: Marc) -> list[str]:
    return [name.rstrip(" ,.") for f in fields(marc, *NAMES) for name in subfields(f, "a")]


def _is_capitals(words: list[str]) -> bool:
    return len(words) > 1 and sum(map(len, words)) > 5 and all(w.isupper() for w in words)


def _lacks_marks(words: list[str], seen: Projection) -> bool:
    """Three words or more that could all be Vietnamese, and not a mark among them."""
    text = " ".join(words)
    return (
        seen.language in ("vie", "")
        and len(words) > 2
        and not is_marked(text)
        and text.isascii()
        and all(len(w) > 1 and _could_be(w.lower()) for w in words)
    )


@cache
def _bare_rimes() -> frozenset[str]:
    return frozenset(fold(rime) for rime in rimes())


def _could_be(word: str) -> bool:
    """Tell whether a word is spelled as a Vietnamese syllable is without its marks."""
    initial = _INITIAL.match(word)
    return (word[initial.end() :] if initial else word) in _bare_rimes()


def _old_text(marc: Marc) -> str:
    for tag, content in pairs(marc):
        if tag[:1] in "12456" and not isinstance(content, str):
            for value in subfields(content):
                if not value.isascii() and repair(value).text != value:
                    return value
    return ""


def _wrong_isbn(marc: Marc) -> str:
    values = [value for f in fields(marc, "020") for value in subfields(f, "a")]
    return next((value for value in values if not isbn13(value)), "")


def repaired(marc: Marc, code: str, typed: str = "") -> Marc | None:
    """Return a record with one fault mended, None when nothing can be proposed.

    ``typed`` is what a person wrote instead of the proposed text.
    """
    new = deepcopy(marc)
    if code == "legacy":
        _each_value(new, lambda _tag, _code, value: repair(value).text)
    elif code == "capitals":
        _set_title(new, typed or _sentence(first(marc, "245", "a")))
    elif code == "title_marks" and typed:
        _set_title(new, typed)
    elif code == "inverted":
        _each_value(new, _direct)
    elif code == "no_language" and _is_vietnamese(marc):
        _set_language(new)
    elif code == "junk_isbn":
        _cancel_isbn(new)
    elif code == "no_mark" and typed:
        _add_mark(new, typed)
    return new if new != marc else None


def _each_value(marc: Marc, change: Any) -> None:
    for tag, content in pairs(marc):
        if isinstance(content, str):
            continue
        for sub in content["subfields"]:
            for code, value in sub.items():
                sub[code] = change(tag, code, value)


def _direct(tag: str, code: str, value: str) -> str:
    if tag not in NAMES or code != "a":
        return value
    name = value.rstrip(" ,.")
    turned = direct(name)
    return value if turned == name else turned + ("," if value.rstrip().endswith(",") else "")


def _sentence(title: str) -> str:
    lower = title.lower()
    at = next((n for n, c in enumerate(lower) if c.isalpha()), 0)
    return lower[:at] + lower[at : at + 1].upper() + lower[at + 1 :]


def _set_title(marc: Marc, title: str) -> None:
    for field in fields(marc, "245")[:1]:
        for sub in field["subfields"]:
            if "a" in sub:
                sub["a"] = title
                return


def _is_vietnamese(marc: Marc) -> bool:
    words = [w.lower() for w in _WORD.findall(first(marc, "245", "a"))]
    return is_marked(" ".join(words)) and all(is_syllable(w) for w in words)


def _set_language(marc: Marc) -> None:
    text = control(marc, "008")
    for field in marc["fields"]:
        if "008" in field and len(text) == 40:
            field["008"] = text[:35] + "vie" + text[38:]
            return
    place = next((n for n, f in enumerate(marc["fields"]) if next(iter(f)) > "041"), None)
    made = {"041": {"ind1": "0", "ind2": " ", "subfields": [{"a": "vie"}]}}
    marc["fields"].insert(len(marc["fields"]) if place is None else place, made)


def _cancel_isbn(marc: Marc) -> None:
    """A wrong ISBN goes to $z, where it is found still and nobody takes it for sound."""
    for field in fields(marc, "020"):
        field["subfields"] = [
            {"z" if code == "a" and not isbn13(value) else code: value}
            for sub in field["subfields"]
            for code, value in sub.items()
        ]


def _add_mark(marc: Marc, mark: str) -> None:
    for field in fields(marc, "082")[:1]:
        place = next((n for n, s in enumerate(field["subfields"]) if "a" in s), 0)
        field["subfields"].insert(place + 1, {"b": mark})
