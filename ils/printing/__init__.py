"""Paper and spreadsheets: Typst templates to PDF, XLSX, barcodes and QR codes."""

from ils.printing.codes import barcode_svg, qr_svg
from ils.printing.pdf import typst_pdf
from ils.printing.spreadsheet import Official, Sheet, xlsx

__all__ = ["Official", "Sheet", "barcode_svg", "qr_svg", "typst_pdf", "xlsx"]
