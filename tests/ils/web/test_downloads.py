"""Files carry their names whole, in headers that hold plain letters only."""

from urllib.parse import unquote

import pytest
from werkzeug.http import parse_options_header

from ils.web.downloads import PDF, XLSX, as_file


@pytest.mark.parametrize(
    "name", ["Danh sách, đợt 2.xlsx", "sach.xlsx", 'hai "ba".xlsx', "漢喃.xlsx", "a\r\nb.xlsx"]
)
def test_a_name_reaches_the_browser_whole(name: str) -> None:
    header = as_file(b"x", name, XLSX).headers["Content-Disposition"]
    assert header.isascii()
    assert header.isprintable()
    how, words = parse_options_header(header)
    assert how == "attachment"
    assert unquote(words["filename"]) == name


def test_a_paper_is_shown_and_a_name_without_marks_stands_beside_it() -> None:
    header = as_file(b"x", "Đơn mua.pdf", PDF).headers["Content-Disposition"]
    assert header.startswith('inline; filename="Don mua.pdf"; ')
