"""PDF from Typst templates. Only Typst's own fonts are used, so paper looks the same everywhere.

A template reads its data with ``#let data = json(bytes(sys.inputs.data))`` and takes the parts all
papers share from ``/ils/printing/templates/official.typ`` (the root is the folder of the program).
"""

from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from ils.core import clock
from ils.printing.apart import set_apart

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = Path(__file__).with_name("templates")
LARGE = 150_000  # letters of data: a paper that is set in a process of its own


def typst_pdf(template: Path | str, data: dict[str, Any], *, at: datetime | None = None) -> bytes:
    """Return the PDF a template makes of its data.

    ``template`` is a path, or the name of a file in ``ils/printing/templates``. The data may hold
    text, numbers, booleans, dates (written dd/mm/yyyy), lists and dicts. ``at`` is the moment of
    making written into the file: the same for a reprint that must equal its first print.
    """
    return bytes(_compile(template, data, "pdf", at=at))


def typst_pages(template: Path | str, data: dict[str, Any], ppi: float = 96) -> list[bytes]:
    """Return the pages a template makes of its data as PNG images, to show before printing."""
    pages = _compile(template, data, "png", ppi=ppi)
    return pages if isinstance(pages, list) else [pages]


def _compile(
    template: Path | str,
    data: dict[str, Any],
    format_: Any,
    *,
    at: datetime | None = None,
    **words: Any,
) -> Any:
    import typst

    path = Path(template)
    source = path if path.is_absolute() else TEMPLATES / path
    packed = orjson.dumps(
        data, default=_written, option=orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_NON_STR_KEYS
    ).decode()
    made_at = int((at or clock.now()).timestamp())
    if format_ == "pdf" and len(packed) > LARGE:
        return set_apart(source, ROOT, packed, made_at)
    compiler = typst.Compiler(source, root=ROOT, font_paths=_fonts(), sys_inputs={"data": packed})
    return compiler.compile(format=format_, timestamp=made_at, **words)


@cache
def _fonts() -> Any:
    import typst

    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True)


def _written(value: Any) -> str:
    if isinstance(value, datetime):
        return clock.local(value).strftime("%d/%m/%Y %H:%M")
    if isinstance(value, date):
        return value.strftime("%d/%m/%Y")
    return str(value)
