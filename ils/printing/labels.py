"""Sheets of labels: where they lie on the paper, and what is printed on each."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from ils.printing.codes import barcode_svg
from ils.printing.pdf import typst_pdf


@dataclass(frozen=True)
class LabelSheet:
    """A sheet or a strip of a roll with labels; all lengths in millimetres.

    ``shift_x`` and ``shift_y`` are how far a printer must be led right and down to hit the labels.
    """

    code: str
    name: str
    columns: int
    rows: int
    width: float
    height: float
    left: float
    top: float
    gap_x: float = 0.0
    gap_y: float = 0.0
    page_width: float = 210.0
    page_height: float = 297.0
    shift_x: float = 0.0
    shift_y: float = 0.0

    @property
    def places(self) -> int:
        """Labels on one sheet."""
        return self.columns * self.rows


LABEL_SHEETS = {
    sheet.code: sheet
    for sheet in (
        LabelSheet("3x8", "A4, 3 × 8 (70 × 36 mm)", 3, 8, 70.0, 36.0, 0.0, 4.5),
        LabelSheet("4x11", "A4, 4 × 11 (48,5 × 25,4 mm)", 4, 11, 48.5, 25.4, 8.0, 8.8),
        LabelSheet("5x13", "A4, 5 × 13 (38 × 21,2 mm)", 5, 13, 38.0, 21.2, 10.0, 10.7),
    )
}


@dataclass(frozen=True)
class Label:
    """One label. ``text`` is printed and, on barcode labels, is what the scanner reads.

    ``volume`` tells the parts of one work from each other: ``T.2``.
    """

    text: str
    name: str = ""
    call: str = ""
    volume: str = ""


def barcode_labels(
    labels: Iterable[Label],
    sheet: LabelSheet,
    *,
    start: int = 1,
    outline: bool = False,
    spine: bool = False,
) -> bytes:
    """Return a PDF of labels, the first one on place ``start`` of the sheet (1 is top left).

    ``spine`` prints call numbers line by line instead of bars. Raises ``ValueError`` for a text
    Code 128 cannot hold.
    """
    rows: Sequence[dict[str, object]] = [
        {
            "text": one.text,
            "name": one.name,
            "call": " ".join(part for part in (one.call, one.volume) if part),
            "call_lines": one.call.split(),
            "volume": one.volume,
            "bars": "" if spine else barcode_svg(one.text),
        }
        for one in labels
    ]
    first = min(max(1, start), sheet.places)
    data = {"sheet": asdict(sheet), "start": first, "outline": outline, "labels": rows}
    return typst_pdf("labels.typ", data)


def calibration_page(sheet: LabelSheet) -> bytes:
    """Return a PDF to lay against a sheet of labels: their edges, a cross and a ruler in each corner."""
    return typst_pdf("labels.typ", {"sheet": asdict(sheet), "calibrate": True, "labels": []})
