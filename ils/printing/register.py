"""What printing brings to pages: barcodes and QR codes as pictures.

<img alt="{{ number }}" src="{{ number|bars }}">     <img alt="" src="{{ address|qr }}">
"""

import base64

from flask import Flask

from ils.printing.codes import barcode_svg, qr_svg


def register(app: Flask) -> None:
    """Give templates the filters ``bars`` and ``qr``."""
    app.jinja_env.filters.update(bars=_bars, qr=_qr)


def _bars(text: str) -> str:
    return _data(barcode_svg(text, height=60))


def _qr(text: str) -> str:
    return _data(qr_svg(text))


def _data(svg: str) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
