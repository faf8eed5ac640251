"""MARCXML, alone or inside anything (SRU, OAI-PMH, an export of another system).

The file is cut at its ``record`` elements and each is parsed by itself, so that one broken record
harms no other, memory stays constant and every record has its place in the file. The innermost
element counts: SRU and OAI wrap the record in a ``record`` of their own. Namespaces are not
insisted on; external entities are never followed. A record whose markup is broken is taken only if
the mended tree holds all of its text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from lxml import etree

from cataloging.marc.formats.characters import MADE_LEADER, Reader, Reading, is_utf8, tidy_leader
from cataloging.marc.formats.found import Found, Problem, Repairs, packing, record
from cataloging.marc.formats.window import BLOCK, Window
from cataloging.marc.model import Marc

LARGEST: Final = 64 << 20

_TOKEN: Final = re.compile(
    rb"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<(/?)(?:[\w.-]{1,40}:)?record(?=[\s/>])[^>]*>", re.DOTALL
)
_MARC_CONTENT: Final = re.compile(rb"<(?:[\w.-]{1,40}:)?(?:leader|controlfield|datafield)[\s>/]")
_OAI_DELETED: Final = re.compile(rb"""<(?:[\w.-]{1,40}:)?header[^>]*status\s*=\s*["']deleted["']""")
_OAI_ID: Final = re.compile(rb"<(?:[\w.-]{1,40}:)?identifier[^>]*>([^<]*)<")
_DECLARED: Final = re.compile(rb"""^\s*<\?xml[^>]*encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_PREFIX: Final = re.compile(rb"</?([\w.-]{1,40}):[\w.-]+[\s/>]|\s([\w.-]{1,40}):[\w.-]+\s*=")
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_BARE_AMPERSAND: Final = re.compile(
    rb"&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6});)"
)
_BARE_LESS: Final = re.compile(rb"<(?![/!?A-Za-z_])")
_TAGS: Final = re.compile(r"<!--.*?-->|<[^>]*>", re.DOTALL)
_SPACE: Final = re.compile(r"\s+")
_NUMBER: Final = re.compile(
    rb"""<(?:[\w.-]{1,40}:)?controlfield[^>]*tag\s*=\s*["']001["'][^>]*>([^<]{1,80})<"""
)


@dataclass(frozen=True)
class _Piece:
    start: int
    end: int
    kind: str  # record | fragment | deleted | packing


def read(
    window: Window, reading: Reading, position: int = 0, *, head: bytes = b""
) -> Iterator[Found]:
    """Give the stretches of the file. ``head`` is its beginning, for the declared encoding."""
    parser = _Parser(reading, head)
    for piece in _pieces(window):
        raw = window.data[piece.start - window.start : piece.end - window.start]
        if piece.kind == "packing":
            yield packing(piece.start, piece.end)
            continue
        position += 1
        if piece.kind == "deleted":
            match = _OAI_ID.search(raw)
            detail = match.group(1).decode("utf-8", "replace") if match else ""
            problem = Problem("deleted_at_source", detail)
            yield Found(position, piece.start, piece.end, None, [], problem)
            continue
        repairs = Repairs()
        marc, why = parser.parse(raw, repairs)
        if marc is None:
            number = _NUMBER.search(raw)
            legible = number.group(1).decode("utf-8", "replace").strip() if number else ""
            problem = Problem("xml_damaged", why)
            yield Found(position, piece.start, piece.end, None, [], problem, legible)
        else:
            yield record(position, piece.start, piece.end, marc, repairs.list())


# -- cutting -----------------------------------------------------------------------------------


def _pieces(window: Window) -> Iterator[_Piece]:
    """Cut the file: each innermost ``record``, and what lies between them.

    The window is moved only up to the end of the piece before the one given.
    """
    opened: int | None = None  # where the last record element began that has not ended
    at = window.start  # everything before is given
    seen = window.start  # everything before was looked at
    while True:
        token = _next_token(window, seen)
        if token is None:
            yield from _tail(window, at, opened)
            return
        begin, end, what = token
        seen = end
        if what == "other":
            continue
        if what == "start":
            if opened is not None:
                # A record inside a record: the outer is a wrapper, or lost its end.
                yield from _kinds(window, at, opened, begin)
                at = begin
            opened = begin
        elif what == "end" and opened is not None:
            yield from _between(window, at, opened)
            yield _piece_of(window, opened, end)
            at, opened = end, None
        elif what == "empty":
            continue
        if window.data and at - window.start > BLOCK:
            window.drop(at - window.start)


def _next_token(window: Window, seen: int) -> tuple[int, int, str] | None:
    """Find the next beginning or end of a record element behind ``seen``."""
    while True:
        match = _TOKEN.search(window.data, seen - window.start)
        if match and (match.end() < len(window.data) or window.is_complete):
            text = match.group()
            if text.startswith(b"<!"):
                what = "other"
            elif match.group(1):
                what = "end"
            else:
                what = "empty" if text.endswith(b"/>") else "start"
            return match.start() + window.start, match.end() + window.start, what
        if len(window.data) > LARGEST or not window.grow():
            if match is None:
                return None
            window.is_complete = True


def _between(window: Window, at: int, start: int) -> Iterator[_Piece]:
    if at < start:
        yield _piece_of(window, at, start, wrapper=True)


def _kinds(window: Window, at: int, opened: int, begin: int) -> Iterator[_Piece]:
    """Give what came before an element that begins while another is open."""
    if _MARC_CONTENT.search(window.data, opened - window.start, begin - window.start):
        yield from _between(window, at, opened)
        yield _Piece(opened, begin, "record")
    else:
        yield from _between(window, at, begin)


def _tail(window: Window, at: int, opened: int | None) -> Iterator[_Piece]:
    end = window.end
    if opened is not None and _MARC_CONTENT.search(window.data, opened - window.start):
        yield from _between(window, at, opened)
        at = opened
        yield _Piece(opened, end, "record")
    elif at < end:
        yield _piece_of(window, at, end, wrapper=True)


def _piece_of(window: Window, start: int, end: int, *, wrapper: bool = False) -> _Piece:
    begin, stop = start - window.start, end - window.start
    if _MARC_CONTENT.search(window.data, begin, stop):
        return _Piece(start, end, "fragment" if wrapper else "record")
    if not wrapper and _OAI_DELETED.search(window.data, begin, stop):
        return _Piece(start, end, "deleted")
    return _Piece(start, end, "packing")


# -- parsing one record ------------------------------------------------------------------------


class _Parser:
    def __init__(self, reading: Reading, head: bytes) -> None:
        self.reading = reading
        declared = _DECLARED.match(head)
        self.declared = declared.group(1).decode("ascii").lower() if declared else ""
        if self.declared.startswith("utf-16"):  # the bytes are recoded already, or it is a lie
            self.declared = ""

    def parse(self, raw: bytes, repairs: Repairs) -> tuple[Marc | None, str]:
        """Return the record, or why there is none."""
        text = self._text(raw, repairs)
        element, why = _tree(text)
        if element is None:
            mended = _mend_text(text)
            element, why = _tree(mended)
            if element is None:
                element = _recovered(mended)
            if element is None:
                return None, why
            repairs.add("xml", "", why)
        reader = Reader("utf-8", self.reading, repairs)
        marc = _marc_of(element, reader, repairs)
        return (marc, "") if marc is not None else (None, "no fields")

    def _text(self, raw: bytes, repairs: Repairs) -> bytes:
        """Return the bytes as UTF-8, whatever the file is declared or found to be in."""
        encoding = self.reading.chosen
        if encoding == "auto":
            encoding = self.reading.encoding_of(raw, says_unicode=not self.declared)
            known = self.declared not in ("", "utf-8", "utf8", "us-ascii")
            if known and encoding != "utf-8":
                encoding = self.declared
        if encoding == "utf-8" and is_utf8(raw):
            return raw
        reader = Reader(encoding, Reading(encoding), repairs)
        return reader.decode(raw, "").encode("utf-8")


def _wrapped(text: bytes) -> bytes:
    """Put a record into an element that declares every prefix it uses."""
    found = {a or b for a, b in _PREFIX.findall(text)} - {b"xml", b"xmlns"}
    if not found:
        return text
    declared = b"".join(b' xmlns:%s="urn:%s"' % (prefix, prefix) for prefix in sorted(found))
    return b"<w%s>%s</w>" % (declared, text)


def _tree(text: bytes) -> tuple[Any, str]:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True, encoding="utf-8"
    )
    try:
        root = etree.fromstring(_wrapped(text), parser)
    except etree.XMLSyntaxError as error:
        return None, str(error.msg)
    return root, ""


def _mend_text(text: bytes) -> bytes:
    """Mend what is wrong with the letters only: control signs, bare & and <."""
    mended = _BARE_AMPERSAND.sub(b"&amp;", _CONTROL.sub(b"", text))
    return _BARE_LESS.sub(b"&lt;", mended)


def _recovered(text: bytes) -> Any:
    """Parse what markup there is; None unless the tree holds all text of the record."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, recover=True, huge_tree=True, encoding="utf-8"
    )
    root = etree.fromstring(_wrapped(text), parser)
    if root is None:
        return None
    held = "".join(root.itertext(with_tail=True))
    written = _TAGS.sub("", text.decode("utf-8"))
    for name, sign in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'")):
        written = written.replace(name, sign)
    written = written.replace("&amp;", "&")
    is_whole = _SPACE.sub("", held) == _SPACE.sub("", written) and "<" not in held
    return root if is_whole else None


def _local(element: Any) -> str:
    tag = element.tag
    return tag.rpartition("}")[2].rpartition(":")[2] if isinstance(tag, str) else ""


def _marc_of(root: Any, reader: Reader, repairs: Repairs) -> Marc | None:
    """Build the record; elements MARCXML does not know are passed over and told."""
    leader = None
    fields: list[dict[str, Any]] = []
    for element in root.iter():
        name = _local(element)
        if name == "leader":
            leader = reader.clean(_content(element), "LDR")
        elif name == "controlfield":
            tag = _tag(element, repairs)
            fields.append({tag: reader.clean(_content(element), tag)})
        elif name == "datafield":
            tag = _tag(element, repairs)
            fields.append({tag: _data(element, tag, reader, repairs)})
        elif name not in ("w", "record", "subfield", "collection", "") and element is not root:
            repairs.add("members", "", name)
    if leader is None:
        if not fields:
            return None
        repairs.add("leader_missing", "LDR")
        leader = MADE_LEADER
    return {"leader": tidy_leader(leader, repairs), "fields": fields}


def _content(element: Any) -> str:
    return "".join(element.itertext()) if len(element) else element.text or ""


def _tag(element: Any, repairs: Repairs) -> str:
    tag = str(element.get("tag") or "").strip()
    if len(tag) == 3:
        return tag
    mended = tag.zfill(3) if tag.isdigit() and len(tag) < 3 else tag
    repairs.add("tag", mended or "???", tag)
    return mended or "???"


def _data(element: Any, tag: str, reader: Reader, repairs: Repairs) -> dict[str, Any]:
    subfields = []
    if element.text and element.text.strip():
        repairs.add("no_subfield", tag)
        subfields.append({"a": reader.clean(element.text.strip(), tag)})
    for child in element:
        if _local(child) == "subfield":
            code = child.get("code") or ""
            if len(code) != 1:
                repairs.add("subfield_code", tag, code)
                code = code[:1] or "?"
            subfields.append({code: reader.clean(_content(child), tag)})
        if child.tail and child.tail.strip():
            repairs.add("unassigned", tag, child.tail.strip()[:120])
    marks = [_indicator(element, name, tag, repairs) for name in ("ind1", "ind2")]
    return {"ind1": marks[0], "ind2": marks[1], "subfields": subfields}


def _indicator(element: Any, name: str, tag: str, repairs: Repairs) -> str:
    value = element.get(name) or element.get(name[0] + name[3]) or " "
    if len(value) != 1:
        repairs.add("indicators", tag, value)
        value = value.strip()[:1] or " "
    return str(value)
