"""A small client of SRU 1.1, 1.2 and 2.0 (https://www.loc.gov/standards/sru/).

1.x names its version and operation, 2.0 neither: the presence of ``query`` decides, and only the
namespace of the answer tells. ``auto`` asks for an explain first and speaks the version it names.
"""

import re
import time
from typing import Any, Final
from urllib.parse import urlencode

from lxml import etree

from cataloging.targets.answers import MOST, Answer, Failed, Place
from cataloging.targets.asking import Wanted, as_cql
from cataloging.targets.fetching import fetch
from cataloging.targets.reading import read_records

_WEB_PAGE: Final = re.compile(rb"^\s*(?:<!doctype html|<html)", re.IGNORECASE)
_OLD: Final = "http://www.loc.gov/zing/srw/"


def ask_sru(place: Place, wanted: Wanted) -> Answer:
    """Put a question to a target. Raises ``Failed``."""
    query = as_cql(wanted, place.indexes)
    if not query:
        raise Failed("not_asked")
    end = time.monotonic() + place.seconds
    version = place.version if place.version != "auto" else explained(place, end)
    body, tree = _get(place, _search_words(version, query), end)
    _refuse_diagnostics(tree, signed_in=bool(place.user_name))
    if _name(tree) != "searchRetrieveResponse":
        raise Failed("not_sru", _name(tree))
    answer = Answer(hits=_number(tree), version=version)
    read_records(_records(body, tree), answer, format="marcxml", encoding=place.encoding)
    return answer


def explained(place: Place, end: float) -> str:
    """Return the version that a target explains itself in; 1.2 when it explains nothing."""
    try:
        _body, tree = _get(place, {"version": "1.2", "operation": "explain"}, end)
    except Failed as problem:
        if problem.code in ("http_status", "bad_xml", "not_sru"):
            return "1.2"
        raise
    namespace = etree.QName(tree).namespace or ""
    if "search-ws" in namespace:
        return "2.0"
    said = _text(tree, "version")
    return said if namespace == _OLD and said in ("1.1", "1.2") else "1.2"


def _search_words(version: str, query: str) -> dict[str, str]:
    words = {"query": query, "startRecord": "1", "maximumRecords": str(MOST)}
    words["recordSchema"] = "marcxml"
    if version == "2.0":
        return {**words, "recordXMLEscaping": "xml"}
    return {"version": version, "operation": "searchRetrieve", **words, "recordPacking": "xml"}


def _get(place: Place, words: dict[str, str], end: float) -> tuple[bytes, Any]:
    joint = "&" if "?" in place.address else "?"
    url = place.address.rstrip("?&") + joint + urlencode(words)
    left = end - time.monotonic()
    if left <= 0:
        raise Failed("too_slow")
    sign_in = (place.user_name, place.password or "") if place.user_name else None
    body = fetch(url, inside=place.inside, seconds=left, sign_in=sign_in)
    if _WEB_PAGE.match(body[:200]):
        raise Failed("not_sru", "HTML")
    if b"<!ENTITY" in body or b"<!DOCTYPE" in body:
        raise Failed("unsafe_xml")
    return body, _parsed(body)


def _parsed(body: bytes) -> Any:
    for recover in (False, True):
        parser = etree.XMLParser(
            resolve_entities=False, no_network=True, load_dtd=False, recover=recover
        )
        try:
            tree = etree.fromstring(body, parser)
        except etree.XMLSyntaxError:
            continue
        if tree is not None and _name(tree) in (
            *("searchRetrieveResponse", "explainResponse", "diagnostics"),
        ):
            return tree
    if re.match(rb"\s*<\?xml|\s*<\w*:?(?:searchRetrieve|explain)", body[:200]):
        raise Failed("bad_xml")
    raise Failed("not_sru", body[:80].decode("utf-8", "replace"))


def _records(body: bytes, tree: Any) -> bytes:
    """Return the bytes the records stand in: the answer itself, or what it holds as text."""
    packed = [
        str(one.text)
        for one in tree.iter("{*}recordData")
        if not len(one) and one.text and "<" in one.text
    ]
    return ("\n".join(packed)).encode() if packed else body


# Numbers of diagnostics that have a sentence of their own; 3 is Authentication error.
# Source: http://www.loc.gov/standards/sru/diagnostics/diagnosticsList.html
def _refuse_diagnostics(tree: Any, *, signed_in: bool) -> None:
    for one in tree.iter("{*}diagnostic"):
        if any(_name(above) in ("record", "recordData") for above in one.iterancestors()):
            continue
        uri, message, details = (_text(one, name) for name in ("uri", "message", "details"))
        number = uri.rstrip("/").rpartition("/")[2]
        said = " · ".join(filter(None, (number, message, details)))
        code = {"3": "sign_in_refused" if signed_in else "sign_in_needed", "5": "version_refused"}
        raise Failed(code.get(number, "diagnostic"), said)


def _number(tree: Any) -> int:
    text = _text(tree, "numberOfRecords")
    return min(int(text), 2_000_000_000) if text.isascii() and text.isdigit() else 0


def _name(tree: Any) -> str:
    return str(etree.QName(tree).localname)


def _text(tree: Any, name: str) -> str:
    found = tree.find(f"{{*}}{name}")
    return (found.text or "").strip() if found is not None else ""
