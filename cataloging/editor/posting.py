"""What a page of the editor sends, in whichever view it is, read as one record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from cataloging.editor.boxes import change_material, fresh, write
from cataloging.editor.materials import material, materials
from cataloging.editor.rows import Posted, decode
from cataloging.marc.model import Marc
from cataloging.marc.text import Problem, parse
from cataloging.marc.text import write as write_text

FORM, MARC, TEXT = "form", "marc", "text"
VIEWS = (FORM, MARC, TEXT)


@dataclass(frozen=True)
class OnPage:
    """What stands on a page. ``numbers`` names the row or line of each field in the views that
    have them; ``problems`` are rows or lines that make no sense, ``raw`` the text they stand in."""

    marc: Marc
    view: str = FORM
    material: str = "book"
    version: int = 0
    draft_id: int | None = None
    pinned: tuple[str, ...] = ()
    why: str = ""
    numbers: list[int] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    raw: str = ""

    @property
    def text(self) -> str:
        """The record as MARC text, or the text as typed while it cannot be read."""
        return self.raw if self.problems and self.view == TEXT else write_text(self.marc)


def read_page(posted: Posted) -> OnPage:
    """Read a page. Never fails: what makes no sense is in ``problems``."""
    view = _one(posted, "view")
    read = {MARC: _rows, TEXT: _text}.get(view, _boxes)
    found = read(posted)
    return replace(
        found,
        view=view if view in VIEWS else FORM,
        material=_one(posted, "material"),
        version=_number(posted, "version") or 0,
        draft_id=_number(posted, "draft"),
        pinned=tuple(posted.get("pin", ())),
        why=" ".join(_one(posted, "why").split())[:300],
    )


def as_material(page: OnPage, code: str, *, is_new: bool) -> OnPage:
    """Return the page with the form of another material; a new record becomes one of it."""
    if code not in materials() or code == page.material:
        return page
    marc = change_material(page.marc, material(code)) if is_new and not page.problems else page.marc
    return replace(page, marc=marc, material=code)


def _boxes(posted: Posted) -> OnPage:
    begun = fresh(material(_one(posted, "material")))
    base = parse(_one(posted, "text")).marc if "text" in posted else begun
    values = {n.removeprefix("b."): _one(posted, n) for n in posted if n.startswith("b.")}
    return OnPage(write(base, values))


def _rows(posted: Posted) -> OnPage:
    grid = decode(posted)
    return OnPage(grid.marc, numbers=grid.numbers, problems=grid.problems)


def _text(posted: Posted) -> OnPage:
    raw = _one(posted, "text").replace("\r\n", "\n")
    parsed = parse(raw)
    return OnPage(parsed.marc, numbers=parsed.lines, problems=parsed.problems, raw=raw)


def _one(posted: Mapping[str, Sequence[str]], name: str) -> str:
    return next(iter(posted.get(name, ())), "")


def _number(posted: Mapping[str, Sequence[str]], name: str) -> int | None:
    text = _one(posted, name)
    return int(text) if text.isdecimal() and len(text) < 10 else None
