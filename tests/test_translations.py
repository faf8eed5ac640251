"""Every sentence of the program is said in Vietnamese."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from ils.web.i18n import ROOT, catalogs

METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2.ext:babel_extract")]
KEYWORDS = {
    "_": None,
    "_l": None,
    "gettext": None,
    "lazy_gettext": None,
    "ngettext": (1, 2),
}
OPTIONS = {"**/templates/**.html": {"trimmed": "true", "silent": "false"}}


def sentences() -> Iterator[tuple[str, str]]:
    """Yield (place, msgid) of every sentence in the program."""
    for package in ("ils", "cataloging", "circulation", "opac"):
        found = extract_from_dir(
            ROOT / package, METHODS, OPTIONS, keywords=KEYWORDS, comment_tags=("Translators:",)
        )
        for file, line, message, _comments, _context in found:
            first = message[0] if isinstance(message, tuple) else message
            yield f"{package}/{file}:{line}", first


@pytest.fixture(scope="module")
def vietnamese() -> set[str]:
    """Return the msgids that have a translation in any catalog."""
    known: set[str] = set()
    for file in catalogs():
        with file.open("rb") as opened:
            for message in read_po(opened, locale="vi"):
                said = message.string if isinstance(message.string, str) else all(message.string)
                if message.id and said and not message.fuzzy:
                    known.add(message.id[0] if isinstance(message.id, tuple) else message.id)
    return known


def test_every_sentence_has_its_vietnamese(vietnamese: set[str]) -> None:
    missing = sorted({(text, place) for place, text in sentences() if text not in vietnamese})
    shown = "\n".join(f"{place}: {text!r}" for text, place in missing[:60])
    assert not missing, f"{len(missing)} sentences without Vietnamese:\n{shown}"


def test_catalogs_are_well_formed() -> None:
    for file in catalogs():
        with Path(file).open("rb") as opened:
            catalog = read_po(opened, locale="vi")
        for message in catalog:
            assert not list(message.check(catalog)), f"{file}: {message.id!r}"


def test_an_english_sentence_has_one_vietnamese() -> None:
    """The catalogs are one at run time: of two translations one would be said everywhere."""
    said: dict[tuple[str, str | None], dict[str, str]] = {}
    for file in catalogs():
        with Path(file).open("rb") as opened:
            for message in read_po(opened, locale="vi"):
                if message.id and message.string:
                    first = message.id if isinstance(message.id, str) else message.id[0]
                    place = str(file.relative_to(ROOT).parents[3])
                    said.setdefault((first, message.context), {})[str(message.string)] = place
    twice = {text: places for (text, _), places in said.items() if len(places) > 1}
    assert twice == {}
