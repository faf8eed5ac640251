"""Writing records: ISO 2709, MARCXML, MARC-in-JSON and MARC as lines of text, one at a time.

What is written is read back the same by our readers. A record that ISO 2709 cannot measure (over
99,999 bytes, a field over 9,999) is written as other systems do, its numbers at their greatest; the
signs that end fields still tell where they are.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any, BinaryIO, Final
from xml.sax.saxutils import escape, quoteattr

import orjson

from cataloging.marc.formats import mrk
from cataloging.marc.model import Marc, pairs

FIELD_END: Final = b"\x1e"
RECORD_END: Final = b"\x1d"
NAMESPACE: Final = "http://www.loc.gov/MARC21/slim"

_NOT_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_LINE_END: Final = re.compile(r"[\r\n]+")


def iso2709(marc: Marc) -> bytes:
    """Return a record in ISO 2709, UTF-8."""
    directory: list[bytes] = []
    area: list[bytes] = []
    start = 0
    for tag, content in pairs(marc):
        piece = _piece(content) + FIELD_END
        name = tag.encode("ascii", "replace")[:3].ljust(3, b"?")
        directory.append(name + b"%04d%05d" % (min(len(piece), 9999), min(start, 99999)))
        area.append(piece)
        start += len(piece)
    base = 24 + 12 * len(directory) + 1
    length = base + start + 1
    leader = marc["leader"].encode("ascii", "replace").ljust(24)[:24]
    head = b"%05d%b%05d%b" % (min(length, 99999), leader[5:12], min(base, 99999), leader[17:])
    return b"".join((head, *directory, FIELD_END, *area, RECORD_END))


def is_too_long(marc: Marc) -> bool:
    """Tell whether ISO 2709 cannot measure a record."""
    sizes = [len(_piece(content)) + 1 for _, content in pairs(marc)]
    whole = 26 + 12 * len(sizes) + sum(sizes)
    return whole > 99_999 or any(size > 9_999 for size in sizes)


def _piece(content: Any) -> bytes:
    if isinstance(content, str):
        return content.encode("utf-8", "replace")
    subs = "".join(
        f"\x1f{code}{value}" for one in content["subfields"] for code, value in one.items()
    )
    return f"{content['ind1']}{content['ind2']}{subs}".encode("utf-8", "replace")


def marcxml(marc: Marc) -> bytes:
    """Return a record as a MARCXML element without a namespace of its own."""
    lines = ["<record>", f"  <leader>{xml_escaped(marc['leader'])}</leader>"]
    for tag, content in pairs(marc):
        name = quoteattr(xml_text(tag))
        if isinstance(content, str):
            lines.append(f"  <controlfield tag={name}>{xml_escaped(content)}</controlfield>")
            continue
        marks = " ".join(f"{k}={quoteattr(xml_text(content[k]))}" for k in ("ind1", "ind2"))
        lines.append(f"  <datafield tag={name} {marks}>")
        lines += [
            f"    <subfield code={quoteattr(xml_text(code))}>{xml_escaped(value)}</subfield>"
            for one in content["subfields"]
            for code, value in one.items()
        ]
        lines.append("  </datafield>")
    lines.append("</record>\n")
    return "\n".join(lines).encode("utf-8", "replace")


def xml_text(text: str) -> str:
    """Put the sign for 'no such letter' where XML does not allow one."""
    return _NOT_XML.sub("\ufffd", text)


def xml_escaped(text: str) -> str:
    """Return text as it stands between two tags."""
    return escape(xml_text(text), {"\r": "&#13;"})


def json_object(marc: Marc) -> bytes:
    """Return a record as one line of MARC-in-JSON."""
    return orjson.dumps(marc)


def mrk_text(marc: Marc) -> bytes:
    """Return a record as lines of text, with the blank line that ends it."""
    lines = [f"=LDR  {_mrk(marc['leader']).replace(' ', chr(92))}"]
    for tag, content in pairs(marc):
        if isinstance(content, str):
            lines.append(f"={tag}  {_mrk(content).replace(' ', chr(92))}")
            continue
        marks = (content["ind1"] + content["ind2"]).replace(" ", "\\")
        subs = "".join(
            f"${code}{_mrk(value)}" for one in content["subfields"] for code, value in one.items()
        )
        lines.append(f"={tag}  {marks}{subs}")
    return ("\n".join(lines) + "\n\n").encode("utf-8", "replace")


def _mrk(text: str) -> str:
    """Write signs that have a meaning in this format by their names; a line end as a blank."""
    plain = _LINE_END.sub(" ", text)
    return re.sub(r"[{}$\\]", lambda m: _NAMED[m.group()], plain)


_NAMED: Final = {
    sign: f"{{{name}}}" for name, sign in mrk.names()[0].items() if sign in "{}$\\" and sign
}

_Writer = tuple[bytes, Callable[[Marc], bytes], bytes, bytes]  # head, record, between, end

WRITERS: Final[dict[str, _Writer]] = {
    "iso2709": (b"", iso2709, b"", b""),
    "marcxml": (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<collection xmlns="{NAMESPACE}">\n'.encode(),
        marcxml,
        b"",
        b"</collection>\n",
    ),
    "json": (b"[", json_object, b",\n", b"]\n"),
    "ndjson": (b"", json_object, b"\n", b"\n"),
    "mrk": (b"", mrk_text, b"", b""),
}


def write(marcs: Iterable[Marc], format: str, stream: BinaryIO) -> int:
    """Write records to a stream one by one; return how many. Raises ``KeyError`` for the format."""
    head, one, between, end = WRITERS[format]
    stream.write(head)
    count = 0
    for marc in marcs:
        if count:
            stream.write(between)
        stream.write(one(marc))
        count += 1
    stream.write(end if count or format != "ndjson" else b"")
    return count
