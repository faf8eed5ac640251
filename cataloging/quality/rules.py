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
from cataloging.marc.names import Credited, credited, direct, is_doubtful
from cataloging.marc.numbers import isbn13
from cataloging.marc.project import Projection, split_call
from cataloging.marc.validate import ERROR, validate
from cataloging.quality.bodies import as_body, is_body
from cataloging.title_code import rimes
from ils.text.legacy import repair
from ils.text.normal import fold, is_marked
from ils.text.syllables import is_syllable

_FILE: Final = Path(__file__).with_name("faults.toml")
_WORD: Final = re.compile(r"[^\W\d_]+")
_INITIAL: Final = re.compile("ngh|ng|gh|ch|gi(?=[aeiouy])|kh|nh|ph|qu|th|tr|[bcdghklmnpqrstvx]")
_DDC: Final = re.compile(r"\d{3}(?![\d])(?!\.\d+\.)")
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
    found |= _names_amiss(marc) | _class_amiss(marc, seen)
    if seen.year is None:
        found["no_date"] = ""
    if not seen.language:
        found["no_language"] = ""
    if wrong := _wrong_isbn(marc):
        found["junk_isbn"] = wrong
    return {code: word[:120] for code, word in found.items()}


def _names_amiss(marc: Marc) -> dict[str, str]:
    """Return what is amiss with the names of persons: one of each fault."""
    found: dict[str, str] = {}
    for field in fields(marc, *NAMES):
        for name in subfields(field, "a"):
            written = name.strip(" ,.;")
            if is_body(written):
                found.setdefault("body_name", written)
            elif _holds_more(name):
                found.setdefault("names", written)
            elif direct(written) != written:
                found.setdefault("inverted", written)
    return found


def _holds_more(name: str) -> bool:
    """Tell whether several names stand in one, or a role beside it."""
    people = credited(name)
    return len(people) > 1 or any(one.role for one in people)


def _class_amiss(marc: Marc, seen: Projection) -> dict[str, str]:
    numbers = [value for f in fields(marc, "082") for value in subfields(f, "a")]
    if not seen.classes and not numbers:
        return {"no_class": ""}
    found: dict[str, str] = {}
    if odd := next((n for n in numbers if not _DDC.match(n.strip())), ""):
        found["odd_class"] = odd
    if mixed := next((n for n in numbers if _parted_class(n)), ""):
        found["class_mark"] = mixed
    has_mark = first(marc, "082", "b") or fields(marc, "090", "092")
    behind = mixed and split_call(mixed.strip())[1]
    if seen.class_number and not has_mark and not behind and not odd:
        found["no_mark"] = seen.class_number
    return found


def _parted_class(number: str) -> tuple[str, str] | None:
    """Return class and mark of a number that is written with the mark, or with blanks, in it."""
    bare = number.strip()
    if not _DDC.match(bare):
        return None
    class_, mark = split_call(bare)
    return (class_, mark) if (class_, mark) != (bare, "") and not mark[:1].isdecimal() else None


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


def repaired(marc: Marc, code: str, typed: str = "", *, sure: bool = False) -> Marc | None:
    """Return a record with one fault mended, None when nothing can be proposed.

    ``typed`` is what a person wrote instead of the proposed text. With ``sure`` a name that could
    be turned two ways stays.
    """
    new = deepcopy(marc)
    if code == "legacy":
        _each_value(new, lambda _tag, _code, value: repair(value).text)
    elif code == "capitals":
        _set_title(new, typed or _sentence(first(marc, "245", "a")))
    elif code == "title_marks" and typed:
        _set_title(new, typed)
    elif code == "inverted":
        _each_value(new, _surely_direct if sure else _direct)
    elif code == "no_language" and _is_vietnamese(marc):
        _set_language(new)
    elif code == "junk_isbn":
        _cancel_isbn(new)
    elif code == "names":
        _part_names(new)
    elif code == "body_name":
        as_body(new)
    elif code == "class_mark":
        _part_class(new)
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


def _surely_direct(tag: str, code: str, value: str) -> str:
    return value if is_doubtful(value) else _direct(tag, code, value)


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
    """Tell whether a title is: two syllables with marks at least, most words syllables.

    Of a title in two languages the first is the book's.
    """
    words = [w.lower() for w in _WORD.findall(first(marc, "245", "a").partition("=")[0])]
    sure = [w for w in words if is_marked(w) and is_syllable(w)]
    known = sum(map(is_syllable, words))
    return (len(sure) > 1 or len(sure) == len(words) == 1) and known * 10 >= len(words) * 6


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


def _part_class(marc: Marc) -> None:
    """The mark goes behind the class (082 $b), blanks and slashes out of it."""
    for field in [one for one in fields(marc, "082") if isinstance(one, dict)]:
        has_mark = bool(subfields(field, "b"))
        subs: list[dict[str, str]] = []
        for sub in field["subfields"]:
            parted = _parted_class(sub["a"]) if "a" in sub else None
            class_, mark = parted or ("", "")
            if not parted or (mark and has_mark):
                subs.append(sub)
                continue
            subs += [{"a": class_}, {"b": mark}] if mark else [{"a": class_}]
        field["subfields"] = subs


def _part_names(marc: Marc) -> None:
    """Each name its own field, roles in $e; what stood there is kept as 245 $c where that is empty.

    A field that says more of its name (dates, a title) is left to a person.
    """
    more: list[dict[str, Any]] = []
    stood: list[str] = []
    for field in [one for one in fields(marc, *NAMES) if isinstance(one, dict)]:
        codes = {code for sub in field["subfields"] for code in sub}
        names = subfields(field, "a")
        if len(names) != 1 or codes - {"a"} or not _holds_more(names[0]) or is_body(names[0]):
            continue
        if is_body(credited(names[0])[0].name):
            continue
        stood.append(names[0].strip(" ,;"))
        head, *others = credited(names[0])
        field["subfields"] = _name_subs(head)
        more += [_added_entry(field, one) for one in others]
    if not stood:
        return
    for one in more:
        tag = next(iter(one))
        place = max((n for n, f in enumerate(marc["fields"]) if next(iter(f)) <= tag), default=-1)
        marc["fields"].insert(place + 1, one)
    _keep_statement(marc, "; ".join(stood))


def _added_entry(field: dict[str, Any], one: Credited) -> dict[str, Any]:
    subs = {"subfields": _name_subs(one)}
    if is_body(one.name):
        return {"710": {**field, "ind1": "2", **subs}}
    return {"700": {**field, **subs}}


def _name_subs(one: Credited) -> list[dict[str, str]]:
    return [{"a": one.name + ","}, {"e": one.role}] if one.role else [{"a": one.name}]


def _keep_statement(marc: Marc, said: str) -> None:
    for field in fields(marc, "245")[:1]:
        if field["subfields"] and not subfields(field, "c"):
            (code, last), *_ = field["subfields"][-1].items()
            field["subfields"][-1] = {code: last.rstrip(" /") + " /"}
            field["subfields"].append({"c": said})
