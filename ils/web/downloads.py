"""Answers that are files: their names reach the browser whole, in any letters."""

import unicodedata
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from flask import Response

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PDF = "application/pdf"


def name_file(answer: Response, name: str, *, shown: bool = False) -> None:
    """Name the file an answer is, and say whether the browser shows it or saves it (RFC 6266).

    A header holds plain letters only: the name goes without its marks, and whole beside it.
    """
    plain = unicodedata.normalize("NFKD", name.replace("Đ", "D").replace("đ", "d"))
    plain = plain.encode("ascii", "ignore").decode()
    plain = "".join(c for c in plain if c.isprintable() and c not in '"\\') or "file"
    words = [f'filename="{plain}"']
    if plain != name:
        words.append(f"filename*=UTF-8''{quote(name, safe='')}")
    answer.headers["Content-Disposition"] = "; ".join(["inline" if shown else "attachment", *words])


def as_file(content: bytes | Iterable[Any], name: str, mimetype: str) -> Response:
    """Answer with a file: a PDF is shown in the browser, anything else is saved."""
    answer = Response(content, mimetype=mimetype)
    name_file(answer, name, shown=mimetype == PDF)
    return answer
