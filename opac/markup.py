"""The limited markup of news and of the page about a library. Pure.

Paragraphs are divided by empty lines; ``## `` begins a heading, ``- `` a list line, ``1. `` a
numbered one; ``**bold**``, ``*italic*`` and ``[words](https://…)``. Everything else is text: no
HTML comes through.
"""

import re

from markupsafe import Markup, escape

_LINK = re.compile(r"\[([^\]\n]{1,300})\]\(((?:https?://|/|mailto:|tel:)[^\s()<>]{1,500})\)")
_BOLD = re.compile(r"\*\*([^*\n]+)\*\*")
_ITALIC = re.compile(r"(?<![*\w])\*(?!\s)([^*\n]+)(?<!\s)\*(?![*\w])")


def rendered(text: str) -> Markup:
    """Return limited markup as safe HTML."""
    blocks: list[tuple[str, list[Markup]]] = []
    for line in (text or "").replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        kind, words = _kind(line.strip())
        if not blocks or blocks[-1][0] != kind or kind == "h2":
            blocks.append((kind, []))
        blocks[-1][1].append(_inline(words))
    return Markup("\n").join(_block(kind, lines) for kind, lines in blocks if kind)


def plain(text: str, most: int = 200) -> str:
    """Return the text without its marks, cut at a word, for summaries."""
    bare = _LINK.sub(r"\1", text or "")
    bare = re.sub(r"^\s*(##+|-|\d+\.)\s+", "", bare, flags=re.MULTILINE)
    bare = re.sub(r"\s+", " ", bare.replace("*", "")).strip()
    return bare if len(bare) <= most else bare[:most].rsplit(" ", 1)[0] + "…"


def _kind(line: str) -> tuple[str, str]:
    """Return what a line belongs to and its words; '' is an empty line."""
    if not line:
        return "", ""
    if line.startswith("## "):
        return "h2", line[3:]
    if line.startswith("- "):
        return "ul", line[2:]
    if re.match(r"\d{1,3}\. ", line):
        return "ol", line.split(". ", 1)[1]
    return "p", line


def _block(kind: str, lines: list[Markup]) -> Markup:
    if kind in ("ul", "ol"):
        inside = Markup("").join(Markup("<li>{}</li>").format(line) for line in lines)
    else:
        inside = Markup("<br>").join(lines)
    return Markup("<{0}>{1}</{0}>").format(Markup(kind), inside)


def _inline(text: str) -> Markup:
    """Escape first, then set the marks; a link's address was checked by its pattern."""
    safe = str(escape(text))
    safe = _LINK.sub(r'<a href="\2">\1</a>', safe)
    safe = _BOLD.sub(r"<strong>\1</strong>", safe)
    return Markup(_ITALIC.sub(r"<em>\1</em>", safe))
