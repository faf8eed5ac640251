"""A record for reference managers: RIS and BibTeX.

A Vietnamese name stands in its own order and is never divided: reference managers take what
follows the last blank for a family name, which for a Vietnamese is the given name.
"""

import re
from collections.abc import Iterable
from typing import Final

from cataloging.export.crosswalk import PERSON, Name, kind_of, names_of
from cataloging.marc.model import Marc, first
from cataloging.marc.project import Projection, project
from ils.text.normal import fold

_BREAK: Final = re.compile(r"\s*[\r\n]+\s*")
_NOT_OF_A_KEY: Final = re.compile(r"[^a-z0-9]+")
_SPECIAL: Final = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "%": r"\%",
    "#": r"\#",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}
_LATEX: Final = str.maketrans(_SPECIAL)
_PAGES: Final = re.compile(r"(?:tr|p|pp|trang)\.?\s*(\d+)(?:\s*[-–]\s*(\d+))?", re.IGNORECASE)


def _parts(names: Iterable[Name]) -> tuple[list[Name], list[Name], list[Name]]:
    """Return authors, editors and translators; where nobody is an author, all others are."""
    every = list(names)
    editors = [n for n in every if {"edt", "com"} & set(n.roles)]
    translators = [n for n in every if "trl" in n.roles]
    aside = [n for n in every if n.roles and "aut" not in n.roles and not n.main]
    authors = [n for n in every if n not in editors and n not in translators and n not in aside]
    return authors, editors, translators


def _title(seen: Projection) -> str:
    return " : ".join(part for part in (seen.title, seen.subtitle) if part)


def _pages(marc: Marc) -> tuple[str, str]:
    found = _PAGES.search(first(marc, "773", "g"))
    return (found.group(1), found.group(2) or "") if found else ("", "")


def ris(record_id: int, marc: Marc) -> bytes:
    """Return a record as an entry of RIS, lines ended as the format wants them (CR LF)."""
    seen = project(marc)
    kind = kind_of(marc, seen).ris
    authors, editors, translators = _parts(names_of(marc))
    begin, end = _pages(marc) if seen.host else ("", "")
    lines = [
        ("TI", _title(seen)),
        *(("AU", name.text) for name in authors),
        *(("ED", name.text) for name in editors),
        *(("A4", name.text) for name in translators),
        ("T2", seen.host or "; ".join(seen.series)),
        ("PY", str(seen.year or "")),
        ("CY", seen.place),
        ("PB", seen.publisher),
        ("ET", seen.edition),
        *(("SN", number) for number in (*seen.isbns, *seen.issns)),
        ("SP", begin),
        ("EP", end),
        ("LA", seen.language),
        ("CN", seen.call_number),
        ("AB", seen.summary),
        *(("KW", subject) for subject in seen.subjects),
        *(("N1", note) for note in seen.notes),
        *(("UR", url) for url in seen.urls),
        ("ID", str(record_id)),
    ]
    said = [f"TY  - {kind}"]
    said += [f"{tag}  - {_BREAK.sub(' ', text).strip()}" for tag, text in lines if text.strip()]
    return ("\r\n".join([*said, "ER  - "]) + "\r\n\r\n").encode("utf-8", "replace")


def bibtex(record_id: int, marc: Marc) -> bytes:
    """Return a record as an entry of BibTeX in UTF-8; its key is readable and never twice."""
    seen = project(marc)
    authors, editors, translators = _parts(names_of(marc))
    pages = "--".join(part for part in _pages(marc) if part) if seen.host else ""
    kind = kind_of(marc, seen).bibtex
    kind = "incollection" if kind == "article" and not seen.host else kind
    rows = {
        "author": " and ".join(map(_person, authors)),
        "editor": " and ".join(map(_person, editors)),
        "translator": " and ".join(map(_person, translators)),
        "title": f"{{{_latex(_title(seen))}}}",
        "journal" if kind == "article" else "booktitle": _latex(seen.host),
        "publisher": _latex(seen.publisher),
        "address": _latex(seen.place),
        "year": str(seen.year or ""),
        "edition": _latex(seen.edition),
        "series": _latex("; ".join(seen.series)),
        "pages": pages,
        "isbn": ", ".join(seen.isbns),
        "issn": ", ".join(seen.issns),
        "language": seen.language,
        "keywords": _latex(", ".join(seen.subjects)),
        "abstract": _latex(seen.summary),
        "url": seen.urls[0].replace("{", "%7B").replace("}", "%7D") if seen.urls else "",
    }
    said = [f"  {name} = {{{_BREAK.sub(' ', text)}}}" for name, text in rows.items() if text]
    key = _key(seen, record_id)
    return (f"@{kind}{{{key},\n" + ",\n".join(said) + "\n}\n\n").encode("utf-8", "replace")


def _latex(text: str) -> str:
    return text.translate(_LATEX)


def _person(name: Name) -> str:
    """Put a name in braces, so that nothing divides it, unless its comma does so rightly."""
    written = _latex(name.text)
    return written if name.kind == PERSON and "," in name.text else f"{{{written}}}"


def _key(seen: Projection, record_id: int) -> str:
    who = _NOT_OF_A_KEY.sub("", fold(seen.author or seen.title))[:24]
    return f"{who or 'record'}{seen.year or ''}_{record_id}"
