"""Records and files for the tests of readers and writers."""

from collections.abc import Iterable
from io import BytesIO

from cataloging.marc import formats
from cataloging.marc.formats import Found
from cataloging.marc.model import Marc, data_field, first


def book(title: str, number: str = "vn1") -> Marc:
    """A small record."""
    return {
        "leader": "00000nam a2200000 a 4500",
        "fields": [
            {"001": number},
            {"008": "200101s2019    vm            000 0 vie d"},
            data_field("100", "0", " ", ("a", "Nguyễn Văn Ấy")),
            data_field("245", "1", "0", ("a", title)),
            data_field("650", " ", "4", ("a", "Văn học"), ("z", "Việt Nam")),
        ],
    }


def written(marcs: Iterable[Marc], format: str) -> bytes:
    """Write records in a format."""
    stream = BytesIO()
    formats.write(marcs, format, stream)
    return stream.getvalue()


def iso(*marcs: Marc) -> bytes:
    """Write records as ISO 2709."""
    return written(marcs, "iso2709")


def titles(found: Iterable[Found]) -> list[str]:
    """The titles of the records read."""
    return [first(one.marc, "245", "a") for one in found if one.marc is not None]


def repairs(found: Iterable[Found]) -> set[str]:
    """The kinds of repairs told."""
    return {repair.code for one in found for repair in one.repairs}
