"""Covers in the house style, for books that have none. Pure: the same words give the same cover.

The color follows the main class (Dewey), the ornament and the layout follow the seed. Ornaments
are of the country: bronze drum, lotus, terraced fields, karst hills, brocade, bamboo, waves, moon.
"""

import math
import re
import unicodedata
import zlib
from collections.abc import Callable
from functools import lru_cache
from html import escape

WIDTH, HEIGHT = 200, 300

# main class → (ground, letters, ornament), three of a family
PALETTES: dict[str, tuple[tuple[str, str, str], ...]] = {
    "0": (("#3c4a57", "#f6efe2", "#9db2c2"), ("#e9e4d8", "#2f3b46", "#7690a3")),
    "1": (("#553b58", "#f8eee6", "#c39bc0"), ("#efe3e6", "#4a2f4d", "#a77aa6")),
    "2": (("#8a4b12", "#fdf1dc", "#f0b65c"), ("#fbead0", "#6b3708", "#d99334")),
    "3": (("#7d2f26", "#fbeee2", "#e59a7d"), ("#f7e3d7", "#6b241c", "#cf7a60")),
    "4": (("#1f5a57", "#f3f1e2", "#8cc7b8"), ("#e2eee6", "#17494a", "#5ba396")),
    "5": (("#26416a", "#f2efe6", "#93b2dc"), ("#e3e9ee", "#1f3559", "#6f92c2")),
    "6": (("#4f5422", "#f7f2dd", "#c3c376"), ("#f0edd3", "#41451a", "#9a9c46")),
    "7": (("#933f5a", "#fdeeea", "#f1b0bd"), ("#fae4e6", "#7c2c47", "#d9849a")),
    "8": (
        ("#1d4d3c", "#fbf4e4", "#e7a9bd"),
        ("#f4ead6", "#1d4d3c", "#cf8aa2"),
        ("#2e6b5e", "#fdf6e6", "#f0c987"),
        ("#f7dfe0", "#5d2340", "#c26488"),
        ("#22433f", "#f6e7c9", "#c9a25b"),
        ("#e4ebdb", "#23432f", "#7fa174"),
    ),
    "9": (("#7a5410", "#fdf3da", "#ecc263"), ("#f8e9c4", "#5f3f08", "#c9952f")),
    "x": (("#51443a", "#f6ecdd", "#c9ac8b"), ("#efe5d3", "#463a30", "#b08f6b")),
}


@lru_cache(maxsize=1000)  # about 2 MB: the same books are on every front page
def cover_svg(title: str, author: str, class_number: str, seed: int) -> str:
    """Return an SVG of 200 × 300 units with the title and author set on it.

    ``class_number`` is a Dewey number or anything else; ``seed`` (the record's id) chooses among
    ornaments. Text of any length and script is accepted; what is too long ends in an ellipsis.
    """
    mixed = zlib.crc32(f"sen{seed}".encode())
    ground, ink, accent = _palette(class_number, mixed)
    name = _clean(title) or "—"
    by = _clean(author)
    ornament = ORNAMENTS[(mixed >> 5) % len(ORNAMENTS)]
    layout = LAYOUTS[(mixed >> 15) % len(LAYOUTS)]
    inside = layout(name, by, _shown_class(class_number), ornament(mixed >> 3), ground, ink, accent)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f"font-family=\"ui-serif,Cambria,'Noto Serif','Palatino Linotype',serif\">"
        f'<rect width="200" height="300" fill="{ground}"/>{inside}'
        f'<path d="M9 0v300" stroke="#000" stroke-opacity=".13" stroke-width="2"/></svg>'
    )


def _palette(class_number: str, mixed: int) -> tuple[str, str, str]:
    family = PALETTES.get(class_number[:1], PALETTES["x"])
    return family[(mixed >> 22) % len(family)]


def _clean(text: str) -> str:
    kept = "".join(" " if unicodedata.category(c)[0] == "C" else c for c in text or "")
    return re.sub(r"\s+", " ", kept).strip(" /:;,")[:400]


def _shown_class(class_number: str) -> str:
    return _clean(class_number)[:16]


# Layouts: where words and ornament stand.


def _ornament_below(
    name: str, by: str, number: str, ornament: str, ground: str, ink: str, accent: str
) -> str:
    return (
        f'<g transform="translate(0 150)" fill="{accent}" stroke="{accent}">{ornament}</g>'
        f"{_words(name, by, ink, top=22, height=116, anchor='start', x=20)}"
        f"{_foot(number, ink, ground)}"
    )


def _ornament_above(
    name: str, by: str, number: str, ornament: str, ground: str, ink: str, accent: str
) -> str:
    return (
        f'<g fill="{accent}" stroke="{accent}">{ornament}</g>'
        f'<rect y="142" width="200" height="158" fill="{ground}"/>'
        f'<path d="M20 150h36" stroke="{accent}" stroke-width="3"/>'
        f"{_words(name, by, ink, top=156, height=112, anchor='start', x=20)}"
        f"{_foot(number, ink, ground)}"
    )


def _label(
    name: str, by: str, number: str, ornament: str, ground: str, ink: str, accent: str
) -> str:
    light = ground if _is_light(ground) else ink
    dark = ink if _is_light(ground) else ground
    return (
        f'<g fill="{accent}" stroke="{accent}">{ornament}'
        f'<g transform="matrix(1 0 0 -1 0 300)">{ornament}</g></g>'
        f'<rect x="24" y="62" width="158" height="158" fill="{light}"/>'
        f'<rect x="29.500" y="67.500" width="147" height="147" fill="none" stroke="{dark}" stroke-opacity=".5"/>'
        f"{_words(name, by, dark, top=78, height=126, anchor='middle', x=103, room=132)}"
        f"{_foot(number, ink, ground)}"
    )


LAYOUTS: tuple[Callable[[str, str, str, str, str, str, str], str], ...] = (
    _ornament_below,
    _ornament_above,
    _ornament_below,
    _label,
)


def _is_light(color: str) -> bool:
    return int(color[1:3], 16) + int(color[3:5], 16) > 300


def _foot(number: str, ink: str, ground: str) -> str:
    if not number:
        return ""
    wide = 12 + 5.9 * len(number)
    return (
        f'<rect x="20" y="273" width="{wide:.0f}" height="16" fill="{ground}"/>'
        f'<text x="26" y="285" font-size="10" font-family="monospace" fill="{ink}" '
        f'fill-opacity=".85">{escape(number)}</text>'
    )


def _words(
    name: str, by: str, ink: str, *, top: int, height: int, anchor: str, x: int, room: int = 164
) -> str:
    by_lines = _wrapped(by, 11.5, room, 2)
    left = height - 15 * len(by_lines) - 6
    size, lines = _fitted(name, room, left)
    y = float(top)
    shown = []
    for line in by_lines:
        y += 12
        shown.append(f'<tspan x="{x}" y="{y:.0f}">{escape(line)}</tspan>')
        y += 3
    author = "".join(shown)
    y += 4
    shown = []
    for line in lines:
        y += size * 1.02
        shown.append(f'<tspan x="{x}" y="{y:.0f}">{escape(line)}</tspan>')
        y += size * 0.22
    where = f' text-anchor="{anchor}"' if anchor != "start" else ""
    return (
        f'<g fill="{ink}"{where}><text font-size="11.5" fill-opacity=".9" '
        f"font-family=\"system-ui,'Noto Sans',sans-serif\">{author}</text>"
        f'<text font-size="{size:g}" font-weight="600">{"".join(shown)}</text></g>'
    )


def _fitted(name: str, room: float, height: float) -> tuple[float, list[str]]:
    """Return the largest size at which the whole title fits, and its lines."""
    for size in (27.0, 23.0, 19.5, 16.5, 14.0):
        most = int(height // (size * 1.24))
        lines = _wrapped(name, size, room, 99)
        if len(lines) <= most and all(_width(line, size) <= room for line in lines):
            return size, lines
    return 14.0, _wrapped(name, 14.0, room, max(1, int(height // 17.4)))


def _wrapped(text: str, size: float, room: float, most: int) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        for piece in _pieces(word, size, room):
            if lines and _width(f"{lines[-1]} {piece}", size) <= room:
                lines[-1] = f"{lines[-1]} {piece}"
            else:
                lines.append(piece)
    if len(lines) > most:
        lines = lines[:most]
        lines[-1] = lines[-1].rstrip(" ,;:.") + "…"
    return lines


def _pieces(word: str, size: float, room: float) -> list[str]:
    """Cut a word that is wider than the cover."""
    if _width(word, size) <= room:
        return [word]
    step = max(4, int(room / (size * 0.6)))
    return [word[i : i + step] for i in range(0, len(word), step)]


def _width(text: str, size: float) -> float:
    """Estimate how wide a line is set; a little too wide rather than too narrow."""
    total = 0.0
    for c in unicodedata.normalize("NFD", text):
        if unicodedata.combining(c):
            continue
        if c in "iIíjl.,:;'!|()[]- ft":
            total += 0.37
        elif c in "mwMW—…" or ord(c) > 0x2E80:
            total += 1.0
        elif c.isupper():
            total += 0.78
        else:
            total += 0.65  # of the widest serif a browser may fall back on
    return total * size


# Ornaments: each draws in a field of 200 × 150, in the color of the group around it.


def _drum(n: int) -> str:
    x, y = 60 + n % 90, 92
    rings = "".join(
        f'<circle cx="{x}" cy="{y}" r="{r}" fill="none" stroke-width="{w}"{d}/>'
        for r, w, d in (
            (26, 2, ""),
            (36, 5, ' stroke-dasharray="2 4"'),
            (46, 1.5, ""),
            (60, 9, ' stroke-dasharray="9 6"'),
            (73, 1.5, ""),
            (88, 6, ' stroke-dasharray="1.500 5"'),
            (100, 2, ""),
        )
    )
    points = []
    for i in range(24):
        r = 21 if i % 2 == 0 else 8
        a = math.pi * i / 12
        points.append(f"{x + r * math.sin(a):.1f} {y - r * math.cos(a):.1f}")
    return f'<path stroke="none" d="M{"L".join(points)}z"/>{rings}'


def _lotus(n: int) -> str:
    x = 70 + n % 60
    petals = "".join(
        f'<path transform="translate({x} 118) rotate({a})" fill-opacity="{o}" stroke="none" '
        f'd="M0 0c-21-22-25-56 0-92 25 36 21 70 0 92z"/>'
        for a, o in ((-78, 0.3), (78, 0.3), (-52, 0.45), (52, 0.45), (-26, 0.6), (26, 0.6), (0, 1))
    )
    water = "".join(
        f'<path fill="none" stroke-width="1.500" d="M{10 + k * 14} {126 + k * 7}h{180 - k * 28}"/>'
        for k in range(4)
    )
    return petals + water


def _fields(n: int) -> str:
    bend = 18 + n % 26
    return "".join(
        f'<path stroke="none" fill-opacity="{0.22 + 0.11 * k:.2f}" '
        f'd="M0 {22 + k * 19}c50 {bend - k * 4} 80 {-bend + k * 6} 120 -4s50 -{10 + k * 2} 80 {2 + k}V150H0z"/>'
        for k in range(7)
    )


def _karst(n: int) -> str:
    x = 40 + n % 120
    return (
        f'<circle cx="{x}" cy="44" r="25" stroke="none" fill-opacity=".9"/>'
        '<path stroke="none" fill-opacity=".35" d="M0 92c10-30 18-42 28-20 8-44 26-50 34-6 12-30 24-22 30 8 10-40 28-36 34-2 14-26 26-18 32 8 10-22 26-20 42-4v74H0z"/>'
        '<path stroke="none" fill-opacity=".6" d="M0 118c16-34 26-28 36-4 12-46 32-40 40 2 18-26 28-18 36 2 14-36 34-32 42 4 16-18 30-14 46 0v28H0z"/>'
        '<path fill="none" stroke-width="1.500" d="M14 132h60M92 136h80M40 142h44M112 145h60"/>'
    )


def _brocade(n: int) -> str:
    turn = n % 2
    rows = []
    for k, y in enumerate((14, 52, 90, 128)):
        if (k + turn) % 2:
            points = "".join(f"l10 {-14 if i % 2 else 14}" for i in range(20))
            rows.append(f'<path fill="none" stroke-width="3" d="M0 {y - 7}{points}"/>')
        else:
            gems = "".join(f"M{i * 25 + 12.5} {y - 13}l10 13-10 13-10-13z" for i in range(8))
            rows.append(f'<path stroke="none" d="{gems}"/>')
        rows.append(f'<path fill="none" stroke-width="1.500" d="M0 {y + 18}h200"/>')
    return "".join(rows)


def _bamboo(n: int) -> str:
    stems = []
    for i, (x, w) in enumerate(((28, 9), (58, 14), (104, 8), (142, 16), (178, 7))):
        shift = (n >> i) % 24
        joints = "".join(f"M{x - w / 2 - 3} {y}h{w + 6}" for y in range(12 + shift, 150, 44))
        stems.append(
            f'<path fill="none" stroke-opacity="{0.45 + 0.1 * i:.2f}" stroke-width="{w}" d="M{x} 0v150"/>'
            f'<path fill="none" stroke-width="2.500" d="{joints}"/>'
        )
    return "".join(stems)


def _waves(n: int) -> str:
    rows = []
    for k in range(6):
        start = -20 if (k + n) % 2 else -40
        for r, w in ((20, 1.6), (12, 1.6), (5, 1.6)):
            arcs = f"a{r} {r} 0 0 1 {2 * r} 0m{40 - 2 * r} 0" * 7
            rows.append(
                f'<path fill="none" stroke-width="{w}" d="M{start + 20 - r} {32 + k * 22}{arcs}"/>'
            )
    return "".join(rows)


def _moon(n: int) -> str:
    x = 56 + n % 88
    lines = "".join(
        f'<path fill="none" stroke-width="2" d="M{x - w} {96 + k * 8}h{2 * w}"/>'
        for k, w in enumerate((44, 30, 52, 22, 38, 14, 26))
    )
    return f'<circle cx="{x}" cy="50" r="38" stroke="none"/>{lines}'


def _leaves(n: int) -> str:
    tilt = -14 + n % 28
    leaves = []
    for k in range(6):
        y = 138 - k * 22
        for side in (-1, 1):
            leaves.append(
                f'<path stroke="none" fill-opacity="{0.45 + 0.09 * k:.2f}" '
                f'd="M100 {y}c{side * 14} -26 {side * 44} -30 {side * 66} -22'
                f'c{-side * 12} 18 {-side * 40} 30 {-side * 66} 22z"/>'
            )
    stem = '<path fill="none" stroke-width="2" d="M100 150V4"/>'
    return f'<g transform="rotate({tilt} 100 150)">{stem}{"".join(leaves)}</g>'


ORNAMENTS: tuple[Callable[[int], str], ...] = (
    _drum,
    _lotus,
    _fields,
    _karst,
    _brocade,
    _bamboo,
    _waves,
    _moon,
    _leaves,
)
