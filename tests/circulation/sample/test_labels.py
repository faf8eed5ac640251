"""What stands on the spines of the sample's books."""

import re

from circulation.sample.accession import label_code
from circulation.sample.books import books


def test_every_book_has_a_code_for_its_label() -> None:
    assert all(re.fullmatch(r"[0-9A-ZĐƠƯÂÊÔĂ]{2,8}", label_code(b.title)) for b in books())
    codes = [label_code(title) for title in ("Truyện Kiều", "Đôrêmon", "10 vạn câu hỏi")]
    assert codes == ["TR527K", "DOR", "10V"]
