"""A record as MODS 3.7, after the Library of Congress's conversion of MARC 21."""

from typing import Any

from cataloging.export.crosswalk import Name, class_numbers, kind_of, names_of, tables
from cataloging.export.xml import element, texts
from cataloging.marc.model import Marc, control, fields, first, pairs, subfields
from cataloging.marc.project import NOT_FOR_READERS, Projection, project

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<modsCollection'
    ' xmlns="http://www.loc.gov/mods/v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    ' xsi:schemaLocation="http://www.loc.gov/mods/v3'
    ' http://www.loc.gov/standards/mods/v3/mods-3-7.xsd">\n'
)
END = "</modsCollection>\n"
_NAMES = {"600": "personal", "610": "corporate", "611": "conference"}
_OTHER_TITLES = {"246": "alternative", "130": "uniform", "240": "uniform", "210": "abbreviated"}


def mods(_record_id: int, marc: Marc) -> bytes:
    """Return a record as an element ``mods`` in the namespace of ``HEAD``."""
    seen = project(marc)
    content = (
        _titles(marc),
        *(_name(name) for name in names_of(marc)),
        texts("typeOfResource", kind_of(marc, seen).mods),
        texts("genre", *seen.genres),
        _origin(marc, seen),
        *(_language(code) for code in seen.languages),
        _physical(marc, seen),
        texts("abstract", seen.summary),
        texts("tableOfContents", seen.contents),
        texts("targetAudience", *(v for f in fields(marc, "521") for v in subfields(f, "a"))),
        texts("note", seen.responsibility, type="statement of responsibility"),
        _notes(marc),
        *_subjects(marc),
        *(
            texts("classification", number, authority=scheme, edition=edition)
            for scheme, edition, number in class_numbers(marc)
        ),
        *_related(marc),
        texts("identifier", *seen.isbns, type="isbn"),
        texts("identifier", *seen.issns, type="issn"),
        *(element("location", texts("url", url)) for url in seen.urls if url.strip()),
        _shelf(seen),
        _about_record(marc),
    )
    return (element("mods", *content, version="3.7") + "\n").encode("utf-8", "replace")


def _plain(text: str) -> str:
    return text.strip().rstrip(" /:;,=").strip()


def _title(field: Any, skip: str = "", **attributes: str) -> str:
    title = _plain(" ".join(subfields(field, "a", "k", "f", "g")))
    before = ""
    if skip.isdigit() and 0 < int(skip) < len(title) and title[int(skip) - 1] in " '’":
        before, title = title[: int(skip)].rstrip(), title[int(skip) :]
    inside = (
        texts("nonSort", before),
        texts("title", title),
        texts("subTitle", _plain(" : ".join(_plain(v) for v in subfields(field, "b")))),
        texts("partNumber", *(_plain(v).rstrip(".") for v in subfields(field, "n"))),
        texts("partName", *(_plain(v).rstrip(".") for v in subfields(field, "p"))),
    )
    return element("titleInfo", *inside, **attributes) if any(inside) else ""


def _titles(marc: Marc) -> str:
    own = "".join(_title(f, f["ind2"]) for f in fields(marc, "245")[:1] if isinstance(f, dict))
    others = (
        _title(field, type=_OTHER_TITLES[tag])
        for tag, field in pairs(marc)
        if tag in _OTHER_TITLES and isinstance(field, dict)
    )
    return own + "".join(others)


def _name(name: Name) -> str:
    roles = (
        element("role", texts("roleTerm", code, type="code", authority="marcrelator"))
        for code in name.roles
    )
    dates = texts("namePart", name.dates, type="date")
    usage = "primary" if name.main else ""
    return element("name", texts("namePart", name.text), dates, *roles, type=name.kind, usage=usage)


def _origin(marc: Marc, seen: Projection) -> str:
    fixed = control(marc, "008")
    country = fixed[15:18].strip(" |#")
    code = texts("placeTerm", country, type="code", authority="marccountry")
    inside = (
        element("place", code) if code else "",
        element("place", texts("placeTerm", seen.place, type="text")) if seen.place else "",
        texts("publisher", seen.publisher),
        texts("dateIssued", str(seen.year) if seen.year else "", keyDate="yes"),
        texts("edition", seen.edition),
        texts("issuance", tables().issuance.get(marc["leader"][7:8], "")),
    )
    return element("originInfo", *inside) if any(inside) else ""


def _language(code: str) -> str:
    return element("language", texts("languageTerm", code, type="code", authority="iso639-2b"))


def _physical(marc: Marc, seen: Projection) -> str:
    media = [v for f in fields(marc, "338") for v in subfields(f, "a")]
    inside = texts("form", *media) + texts("extent", seen.extent)
    return element("physicalDescription", inside) if inside else ""


def _notes(marc: Marc) -> str:
    shown = (
        " ".join(v for c in field["subfields"] for k, v in c.items() if not k.isdigit())
        for tag, field in pairs(marc)
        if tag[:1] == "5"
        and tag != "521"
        and tag not in NOT_FOR_READERS
        and isinstance(field, dict)
    )
    return texts("note", *shown)


def _subjects(marc: Marc) -> list[str]:
    found = []
    for tag, field in pairs(marc):
        if isinstance(field, str) or tag[:1] != "6":
            continue
        authority = tables().thesauri.get(field["ind2"]) or " ".join(subfields(field, "2"))
        below = _parts({"x": "topic", "z": "geographic", "y": "temporal", "v": "genre"}, field)
        inside = ""
        if tag in _NAMES and (text := _plain(" ".join(subfields(field, "a", "b")))):
            inside = element("name", texts("namePart", text), type=_NAMES[tag]) + below
        elif tag == "630":
            inside = _title(field) + below
        elif tag in tables().subjects:
            inside = _parts(tables().subjects[tag], field)
        if inside:
            found.append(element("subject", inside, authority=authority))
    return found


def _parts(elements: dict[str, str], field: Any) -> str:
    return "".join(
        texts(elements[code], _plain(value).rstrip("."))
        for one in field["subfields"]
        for code, value in one.items()
        if code in elements
    )


def _related(marc: Marc) -> list[str]:
    found = []
    for field in fields(marc, "773"):
        inside = (
            element("titleInfo", texts("title", *map(_plain, subfields(field, "t")[:1])))
            if subfields(field, "t")
            else "",
            element("part", texts("text", *subfields(field, "g"))) if subfields(field, "g") else "",
            texts("identifier", *subfields(field, "x"), type="issn"),
        )
        if any(inside):
            found.append(element("relatedItem", *inside, type="host"))
    for field in fields(marc, "490", "440"):
        title = texts("title", *map(_plain, subfields(field, "a")[:1]))
        part = texts("partNumber", *map(_plain, subfields(field, "v")))
        if title:
            found.append(element("relatedItem", element("titleInfo", title, part), type="series"))
    return found


def _shelf(seen: Projection) -> str:
    mark = texts("shelfLocator", seen.call_number)
    return element("location", mark) if mark else ""


def _about_record(marc: Marc) -> str:
    number, source = control(marc, "001").strip(), control(marc, "003").strip()
    language = first(marc, "040", "b").strip()
    inside = (
        texts("recordContentSource", first(marc, "040", "a").strip()),
        texts("recordCreationDate", control(marc, "008")[:6].strip(), encoding="marc"),
        texts("recordIdentifier", number, source=source),
        _language_of_cataloging(language) if language else "",
        texts("descriptionStandard", first(marc, "040", "e").strip()),
    )
    return element("recordInfo", *inside) if any(inside) else ""


def _language_of_cataloging(code: str) -> str:
    term = texts("languageTerm", code, type="code", authority="iso639-2b")
    return element("languageOfCataloging", term)
