"""The limited markup of news."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opac.markup import plain, rendered


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("", ""),
        ("Một\nhai\n\nba", "<p>Một<br>hai</p>\n<p>ba</p>"),
        ("## Giờ\n- một\n- hai", "<h2>Giờ</h2>\n<ul><li>một</li><li>hai</li></ul>"),
        ("1. a\n2. b", "<ol><li>a</li><li>b</li></ol>"),
        ("**đậm** và *nghiêng*", "<p><strong>đậm</strong> và <em>nghiêng</em></p>"),
        ("[trang](/about)", '<p><a href="/about">trang</a></p>'),
        (
            "[x](https://a.vn/?b=1&c=2)",
            '<p><a href="https://a.vn/?b=1&amp;c=2">x</a></p>',
        ),
        ("2 * 3 * 4", "<p>2 * 3 * 4</p>"),
        ("<b>x</b>", "<p>&lt;b&gt;x&lt;/b&gt;</p>"),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>"),
        ('[x](https://a"onclick=b)', '<p><a href="https://a&#34;onclick=b">x</a></p>'),
    ],
)
def test_markup_is_rendered(typed: str, shown: str) -> None:
    assert str(rendered(typed)) == shown


@given(st.text(alphabet="<>\"'&*[]()#-/: \nab1.h", max_size=80))
def test_no_text_brings_its_own_tags(typed: str) -> None:
    shown = str(rendered(typed))
    for allowed in ("p", "br", "h2", "ul", "ol", "li", "strong", "em", "a"):
        shown = shown.replace(f"<{allowed}>", "").replace(f"</{allowed}>", "")
    shown = shown.replace('<a href="', "")
    assert "<" not in shown


def test_a_summary_is_cut_at_a_word() -> None:
    assert plain("## Tiêu đề\n\n- **một** [hai](/x) ba", 100) == "Tiêu đề một hai ba"
    assert plain("một hai ba bốn", 8) == "một hai…"
