"""What the tables, lists and the search index need of a record: a pure projection of its MARC.

``project`` runs for every imported record, so it is written for speed: one pass to group the
fields, then each value is taken from its group. The record's columns are exactly this projection;
raise ``PROJECTION_VERSION`` whenever a result can change, so that stale rows are found.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from cataloging.marc.headings import OF_RECORDS, read_headings
from cataloging.marc.model import Marc
from cataloging.marc.names import persons
from cataloging.marc.numbers import isbn13, issn
from ils.text.filing import filing_key
from ils.text.match import match_key

PROJECTION_VERSION = 6

# Notes with a place of their own (contents, summary), and those of catalogers for catalogers:
# how a copy was acquired, what was done to it, what the description is based on.
NOT_FOR_READERS = frozenset({"505", "520", "541", "583", "588"})

# A match key that begins so is a digest of the whole record.
CONTENT_MARK = "#"

MATERIALS = (
    "book",
    "article",
    "serial",
    "manuscript",
    "score",
    "map",
    "video",
    "audio",
    "music",
    "picture",
    "electronic",
    "ebook",
    "braille",
    "kit",
    "mixed",
    "object",
)


@dataclass(frozen=True, slots=True)
class Projection:
    """A record as lists, tables and the index see it. Text is without ISBD end marks."""

    title: str = ""
    title_sort: str = ""
    subtitle: str = ""
    responsibility: str = ""
    other_titles: tuple[str, ...] = ()
    author: str = ""
    author_sort: str = ""
    authors: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    genres: tuple[str, ...] = ()
    year: int | None = None
    language: str = ""
    languages: tuple[str, ...] = ()
    material: str = "book"
    audience: str = ""  # child | young | adult | ''
    publisher: str = ""
    place: str = ""
    edition: str = ""
    extent: str = ""
    isbns: tuple[str, ...] = ()  # valid ones only, as 13 digits
    issns: tuple[str, ...] = ()
    other_numbers: tuple[str, ...] = ()  # GTIN and printed ISBNs that fail their check digit
    control_number: str = ""
    control_source: str = ""
    class_number: str = ""
    main_class: str = "x"  # '0'..'9' or 'x'
    classes: tuple[str, ...] = ()
    call_number: str = ""
    series: tuple[str, ...] = ()
    summary: str = ""
    notes: tuple[str, ...] = ()
    contents: str = ""
    host: str = ""  # title of the work this is a part of
    urls: tuple[str, ...] = ()
    price: int | None = None  # đồng
    print_run: int | None = None
    match_key: str = ""
    # Controlled headings, for the authorities: place of the field, tag, key, text.
    headings: tuple[tuple[int, str, int, str], ...] = ()


Pairs = list[tuple[str, str]]
Groups = dict[str, list[Any]]

_YEAR = re.compile(r"(?<!\d)(1[0-9]\d\d|20\d\d)(?!\d)")
_PUBLISHER_WORD = re.compile(r"^(?:nxb\b\.?|n\.x\.b\.?|nhà xuất bản)\s+(?=\S)", re.IGNORECASE)
_DDC = re.compile(r"\d{3}(?:\.\d+(?: \d{1,3}(?!\S))*)?(?!\d)")
_MONEY = re.compile(r"(\d{1,3}(?:[.,]\d{3})+|\d+)\s*(?:đ|đồng|vn[đd]|₫)", re.IGNORECASE)
_FIRST_NUMBER = re.compile(r"\d+(?:[.,]\d{3})*")
_TERM_BREAK = re.compile(r"[;,]")
_CHILD_WORDS = ("thiếu nhi", "thiếu niên", "nhi đồng", "children", "juvenile")

_BY_TYPE = {
    "c": "score",
    "d": "score",
    "e": "map",
    "f": "map",
    "g": "video",
    "i": "audio",
    "j": "music",
    "k": "picture",
    "m": "electronic",
    "o": "kit",
    "p": "mixed",
    "r": "object",
    "t": "manuscript",
}
_AUDIENCES = {"a": "child", "b": "child", "c": "child", "j": "child", "d": "young"} | dict.fromkeys(
    "ef", "adult"
)
# The old national scheme of 19 classes, brought to the main class of Dewey it lies in.
_OLD_CLASSES = {"K": "3", "V": "8", "Đ": "8"}


def project(marc: Marc) -> Projection:
    """Return the projection of a record. Never fails, however odd the record is."""
    groups: Groups = {}
    controlled: list[tuple[int, str, Pairs]] = []
    for at, field in enumerate(marc["fields"]):
        for tag, content in field.items():
            if content.__class__ is str:
                groups.setdefault(tag, []).append(content)
                continue
            found = [pair for sub in content["subfields"] for pair in sub.items()]
            groups.setdefault(tag, []).append(found)
            if tag in OF_RECORDS:
                controlled.append((at, tag, found))
    fixed = _text(groups, "008")
    title, subtitle, responsibility = _title(groups)
    languages = _languages(groups, fixed)
    language = languages[0] if languages else ""
    authors = _authors(groups)
    author = authors[0] if authors else ""
    place, publisher, year = _imprint(groups, fixed)
    subjects, genres = _subjects(groups)
    isbns, issns, others, price, print_run = _numbers(groups)
    class_number, main_class, classes, call_number = _classes(groups)
    title_sort = filing_key(_filing_title(title, marc, language))
    return Projection(
        title=title,
        title_sort=title_sort,
        subtitle=subtitle,
        responsibility=responsibility,
        other_titles=_other_titles(groups, title),
        author=author,
        author_sort=filing_key(author) if author else "",
        authors=authors,
        subjects=subjects,
        genres=genres,
        year=year,
        language=language,
        languages=languages,
        material=_material(marc["leader"], groups, fixed),
        audience=_audience(marc["leader"], fixed, subjects, genres, groups),
        publisher=publisher,
        place=place,
        edition=_trim(_first(groups, "250", "a")),
        extent=_joined(groups.get("300", ()), " "),
        isbns=isbns,
        issns=issns,
        other_numbers=others,
        control_number=_text(groups, "001").strip(),
        control_source=_text(groups, "003").strip(),
        class_number=class_number,
        main_class=main_class,
        classes=classes,
        call_number=call_number,
        series=_series(groups),
        summary=_joined(groups.get("520", ()), " "),
        notes=_notes(groups),
        contents=_joined(groups.get("505", ()), " "),
        host=_host(groups),
        urls=tuple(_values(groups, "856", "u")) if "856" in groups else (),
        price=price,
        print_run=print_run,
        match_key=match_key(_matching_title(groups, title, subtitle), author, year)
        or content_key(marc),
        headings=read_headings(controlled),
    )


def content_key(marc: Marc) -> str:
    """Return the key of a record that nothing else can be matched by: a digest of its fields."""
    digest = hashlib.sha256(orjson.dumps(marc["fields"])).hexdigest()
    return f"{CONTENT_MARK}{digest[:40]}"


def _text(groups: Groups, tag: str) -> str:
    for content in groups.get(tag, ()):
        if content.__class__ is str:
            return str(content)
    return ""


def _fields(groups: Groups, tag: str) -> list[Pairs]:
    found = groups.get(tag)
    return [c for c in found if c.__class__ is not str] if found else []


def _values(groups: Groups, tag: str, codes: str) -> list[str]:
    return [v for pairs in _fields(groups, tag) for c, v in pairs if c in codes and v]


def _first(groups: Groups, tag: str, code: str) -> str:
    for pairs in _fields(groups, tag):
        for found, value in pairs:
            if found == code:
                return value
    return ""


def _joined(fields: Iterable[Any], between: str) -> str:
    return between.join(
        value.strip()
        for pairs in fields
        if pairs.__class__ is not str
        for code, value in pairs
        if code not in "0123456789" and value
    )


def _trim(text: str) -> str:
    """Take ISBD marks off the end of a subfield; a full stop only where it ends a sentence."""
    text = text.strip().rstrip(" /:;,=")
    if text.endswith(".") and not text.endswith("..") and not _ends_in_initial(text):
        text = text[:-1].rstrip()
    return text


def _ends_in_initial(text: str) -> bool:
    return len(text) < 3 or text[-3] in " .-" or (text[-2].isupper() and not text[-3].isalpha())


def _title(groups: Groups) -> tuple[str, str, str]:
    parts: list[str] = []
    subtitle: list[str] = []
    responsibility = ""
    fields = _fields(groups, "245")
    for code, value in fields[0] if fields else ():
        if code in "anp" or (code in "kfg" and not parts):
            if cleaned := _trim(value):
                parts.append(cleaned)
        elif code == "b":
            if cleaned := _trim(value):
                subtitle.append(cleaned)
        elif code == "c" and not responsibility:
            responsibility = _trim(value)
    return ". ".join(parts), " : ".join(subtitle), responsibility


def _matching_title(groups: Groups, title: str, subtitle: str) -> str:
    """Add the subtitle, and the volume where district data keep it alone in a series field."""
    if subtitle:
        title = f"{title} {subtitle}"
    for pairs in _fields(groups, "490") if "490" in groups else ():
        if pairs and pairs[0][0] == "v":
            return f"{title} {pairs[0][1]}"
    return title


def _filing_title(title: str, marc: Marc, language: str) -> str:
    """Skip an article where the record says so. Vietnamese has none: there every word counts."""
    if language == "vie":
        return title
    for field in marc["fields"]:
        content = field.get("245")
        if content.__class__ is dict:
            skip = content["ind2"]
            if skip in "123456789" and skip and title[int(skip) - 1 : int(skip)] in (" ", "'", "’"):
                return title[int(skip) :]
            break
    return title


_TITLE_TAGS = ("246", "240", "130", "730", "740", "242", "247")


def _other_titles(groups: Groups, title: str) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for tag in _TITLE_TAGS:
        if tag in groups:
            for pairs in _fields(groups, tag):
                one = ". ".join(t for c, v in pairs if c in "anp" and (t := _trim(v)))
                found[one] = None
    for tag in ("700", "710", "505"):
        if tag in groups:
            for value in _values(groups, tag, "t"):
                found[_trim(value)] = None
    found.pop(title, None)
    found.pop("", None)
    return tuple(found)


def _authors(groups: Groups) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for tag in ("100", "110", "111", "700", "710", "711", "720"):
        for pairs in _fields(groups, tag) if tag in groups else ():
            for name in _names(tag, pairs):
                found[name] = None
    return tuple(found)


def _names(tag: str, pairs: Pairs) -> tuple[str, ...]:
    if tag[1:] in {"00", "20"}:
        name = numeration = ""
        for code, value in pairs:
            if code == "a" and not name:
                name = value
            elif code == "b":
                numeration = value.strip(" ,")
        names = persons(name) if name else ()
        return (f"{names[0]} {numeration}",) if numeration and len(names) == 1 else names
    parts = [_trim(v) for c, v in pairs if c in ("ab" if tag[1:] == "10" else "ae") and v]
    one = ". ".join(p for p in parts if p)
    return (one,) if one else ()


def _languages(groups: Groups, fixed: str) -> tuple[str, ...]:
    """Return the languages of the text: 041, which is typed on purpose, before 008."""
    found: dict[str, None] = {}
    for value in _values(groups, "041", "ad") if "041" in groups else ():
        code = value.strip().lower()
        if len(code) % 3 == 0 and code.isalpha():  # old records pack several codes together
            for start in range(0, len(code), 3):
                found[code[start : start + 3]] = None
    code = fixed[35:38].lower()
    if not found and len(code) == 3 and code.isascii() and code.isalpha():
        found[code] = None
    found.pop("und", None)
    return tuple(found)


def _material(leader: str, groups: Groups, fixed: str) -> str:
    kind, level = leader[6:7], leader[7:8]
    if level in "is" and level and kind in "at":
        return "serial"
    by_type = _BY_TYPE.get(kind)
    if by_type:
        return by_type
    form = fixed[23:24]
    if form in "oqs" and form:
        return "ebook"
    if form == "f":
        return "braille"
    for text in groups.get("007", ()):
        if text.__class__ is str and text[:2] in {"tb", "fb"}:
            return "braille"
    if level == "b" or (level == "a" and (kind == "a" or "773" in groups)):
        return "article"
    if len(fixed) < 24 and any(v.startswith("cr") for v in _values(groups, "338", "b")):
        return "ebook"
    return "book"


def _audience(
    leader: str, fixed: str, subjects: tuple[str, ...], genres: tuple[str, ...], groups: Groups
) -> str:
    if leader[6:7] not in "efp" and (known := _AUDIENCES.get(fixed[22:23])):
        return known
    words = " ".join((*subjects, *genres, *_values(groups, "521", "a"))).lower()
    return "child" if any(word in words for word in _CHILD_WORDS) else ""


def _imprint(groups: Groups, fixed: str) -> tuple[str, str, int | None]:
    place = publisher = ""
    year: int | None = None
    for pairs in (*_fields(groups, "264"), *_fields(groups, "260")):
        for code, value in pairs:
            if code == "a" and not place:
                place = value.strip().rstrip(" :;,[]").lstrip("[")
            elif code == "b" and not publisher:
                publisher = _PUBLISHER_WORD.sub("", _trim(value).strip("[] "))
            elif code == "c" and year is None and (match := _YEAR.search(value)):
                year = int(match.group())
        if publisher and year:
            break
    if year is None and (match := _YEAR.fullmatch(fixed[7:11])):
        year = int(match.group())
    return place, publisher, year


def _subjects(groups: Groups) -> tuple[tuple[str, ...], tuple[str, ...]]:
    subjects: dict[str, None] = {}
    genres: dict[str, None] = {}
    for tag, fields in groups.items():
        if tag[:1] != "6":
            continue
        for pairs in fields:
            if pairs.__class__ is str:
                continue
            if tag == "653":
                for term in (t for c, v in pairs if c == "a" for t in _TERM_BREAK.split(v)):
                    if cleaned := _trim(term):
                        subjects[cleaned] = None
            elif heading := _heading(tag, pairs):
                (genres if tag == "655" else subjects)[heading] = None
    return tuple(subjects), tuple(genres)


def _heading(tag: str, pairs: Pairs) -> str:
    """Join a heading: name and title parts, then subdivisions after dashes. Dates are left out."""
    name: list[str] = []
    below: list[str] = []
    for code, value in pairs:
        if code in "abtnp":
            name.append(_trim(value))
        elif code in "xyzv":
            below.append(_trim(value))
    if tag == "600" and name and "," in name[0]:
        name[0] = "; ".join(persons(name[0]))
    main = ". ".join(filter(None, name))
    return " - ".join(filter(None, (main, *below)))


def _numbers(
    groups: Groups,
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], int | None, int | None]:
    isbns: dict[str, None] = {}
    others: dict[str, None] = {}
    price = print_run = None
    for pairs in _fields(groups, "020"):
        for code, value in pairs:
            if code == "a":
                if valid := isbn13(value):
                    isbns[valid] = None
                elif len(digits := value.replace("-", "").partition(" ")[0]) in (10, 13):
                    others[digits] = None
            elif code == "c" and price is None:
                price = _price(value)
            elif code == "d" and print_run is None:
                print_run = _count(value)
    issns = (
        tuple(dict.fromkeys(n for v in _values(groups, "022", "a") if (n := issn(v))))
        if "022" in groups
        else ()
    )
    for value in _values(groups, "024", "a") if "024" in groups else ():
        others[value.strip()] = None
    return tuple(isbns), issns, tuple(others), price, print_run


def _price(text: str) -> int | None:
    match = _MONEY.search(text)
    if not match:
        return None
    amount = int(match.group(1).replace(".", "").replace(",", ""))
    return amount if amount < 10**10 else None


def _count(text: str) -> int | None:
    match = _FIRST_NUMBER.search(text)
    if not match:
        return None
    number = int(match.group().replace(".", "").replace(",", ""))
    return number if number < 10**8 else None


def _classes(groups: Groups) -> tuple[str, str, tuple[str, ...], str]:
    """Return the class for the shelf, its main class, all classes, and the call number."""
    found: list[str] = []
    main = call = ""
    for tag in ("082", "092", "083", "090", "084", "080"):
        for pairs in _fields(groups, tag) if tag in groups else ():
            number = mark = ""
            for code, value in pairs:
                if code == "a" and not number:
                    number = value.replace("/", "").replace("'", "").strip()
                elif code == "b" and not mark:
                    mark = value.strip()
            if not number:
                continue
            number, behind = split_call(number)
            mark = mark or behind
            found.append(number)
            if not main and tag != "080":
                main = _main_class(number, old=tag == "084")
            if not call and (mark or tag in ("092", "090")):
                call = f"{number} {mark}".strip()
    if not found and "050" in groups:
        call = (
            " ".join(v.strip() for c, v in _fields(groups, "050")[0] if c in "ab")
            if _fields(groups, "050")
            else ""
        )
    first = found[0] if found else ""
    return first, main or "x", tuple(dict.fromkeys(found)), call or first


def split_call(text: str) -> tuple[str, str]:
    """Part class and mark, which district data keep in one box: `001 DY-V`, `005.133--CA-M`."""
    match = _DDC.match(text)
    if match:
        return match.group().replace(" ", ""), text[match.end() :].strip(" -/")
    number, _, behind = text.partition(" ")
    return number, behind.strip()


def _main_class(number: str, *, old: bool) -> str:
    if _DDC.match(number):
        return number[0]
    if old:
        if number[:1].isascii() and number[:1].isdigit():
            return number[0]
        return next((_OLD_CLASSES[c] for c in number[:2].upper() if c in _OLD_CLASSES), "")
    return ""


def _series(groups: Groups) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for tag in ("490", "830", "440"):
        for value in _values(groups, tag, "a") if tag in groups else ():
            if cleaned := _trim(value):
                found[cleaned] = None
    return tuple(found)


def _notes(groups: Groups) -> tuple[str, ...]:
    return tuple(
        text
        for tag, fields in groups.items()
        if tag[:1] == "5" and tag not in NOT_FOR_READERS
        for pairs in fields
        if (text := _joined((pairs,), " "))
    )


def _host(groups: Groups) -> str:
    return _trim(_first(groups, "773", "t")) if "773" in groups else ""
