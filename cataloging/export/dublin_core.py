"""A record as simple Dublin Core (oai_dc), after the Library of Congress's crosswalk."""

from cataloging.export.crosswalk import kind_of, names_of
from cataloging.export.xml import element, texts
from cataloging.marc.model import Marc, fields, subfields
from cataloging.marc.project import project

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<oai_dc:dcCollection'
    ' xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/"'
    ' xmlns:dc="http://purl.org/dc/elements/1.1/">\n'
)
END = "</oai_dc:dcCollection>\n"


def dublin_core(_record_id: int, marc: Marc) -> bytes:
    """Return a record as an element ``oai_dc:dc``; its prefixes are those of ``HEAD``."""
    seen = project(marc)
    names = names_of(marc)
    makers = [n.text for n in names if n.main] or [n.text for n in names if "aut" in n.roles]
    title = " : ".join(part for part in (seen.title, seen.subtitle) if part)
    places = [v.strip(" .") for f in fields(marc, "651") for v in subfields(f, "a")]
    numbers = [f"URN:ISBN:{n}" for n in seen.isbns] + [f"URN:ISSN:{n}" for n in seen.issns]
    related = [v for v in (seen.host, *seen.series) if v]
    content = (
        texts("dc:title", title, *seen.other_titles),
        texts("dc:creator", *makers),
        texts("dc:contributor", *(n.text for n in names if n.text not in makers)),
        texts("dc:subject", *seen.subjects, *seen.classes),
        texts("dc:description", seen.summary, seen.contents, *seen.notes),
        texts("dc:publisher", " : ".join(part for part in (seen.place, seen.publisher) if part)),
        texts("dc:date", str(seen.year) if seen.year else ""),
        texts("dc:type", kind_of(marc, seen).dcmi, *seen.genres),
        texts("dc:format", seen.extent),
        texts("dc:identifier", *numbers, *seen.urls, _number(seen.control_source, marc)),
        texts("dc:language", *seen.languages),
        texts("dc:relation", *related),
        texts("dc:coverage", *places),
    )
    return (element("oai_dc:dc", *content) + "\n").encode("utf-8", "replace")


def _number(source: str, marc: Marc) -> str:
    number = "".join(str(one).strip() for one in fields(marc, "001")[:1])
    return f"({source}){number}" if source and number else number
