"""Barcodes (Code 128) and QR codes as SVG. Bars only: the text beside them is the template's."""

import io
from functools import lru_cache
from xml.sax.saxutils import quoteattr

QUIET = 10  # modules of white either side, as the standard asks


@lru_cache(maxsize=512)
def barcode_modules(text: str) -> str:
    """Return the bars and gaps of a text in Code 128 as a string of 1 and 0, without quiet zones.

    Raises ``ValueError`` for text Code 128 cannot hold (letters with marks, or nothing).
    """
    from barcode.codex import Code128

    if not text or not text.isascii() or not text.isprintable():
        raise ValueError(f"not a barcode text: {text!r}")
    return str(Code128(text).build()[0])


def barcode_svg(text: str, *, height: float = 40.0) -> str:
    """Return a Code 128 barcode as SVG, one module wide per unit, to be scaled by the page."""
    modules = barcode_modules(text)
    width = len(modules) + 2 * QUIET
    path = "".join(f"M{start} 0h{length}v{height:g}h-{length}z" for start, length in _bars(modules))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height:g}"'
        f' width="{width}" height="{height:g}" role="img" aria-label={quoteattr(text)}'
        f' shape-rendering="crispEdges"><rect width="{width}" height="{height:g}" fill="#fff"/>'
        f'<path d="{path}" fill="#000"/></svg>'
    )


def _bars(modules: str) -> list[tuple[int, int]]:
    found, start = [], None
    for place, module in enumerate(modules + "0"):
        if module == "1" and start is None:
            start = place
        elif module == "0" and start is not None:
            found.append((start + QUIET, place - start))
            start = None
    return found


def qr_svg(text: str, *, scale: int = 4) -> str:
    """Return a QR code of a text (UTF-8) as SVG with its quiet zone."""
    import segno

    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        out, kind="svg", scale=scale, border=4, xmldecl=False, dark="#000", light="#fff"
    )
    return out.getvalue().decode().strip()
