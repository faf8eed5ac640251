"""Readers' questions put to the real books of the sample, counted against the records themselves.

The counting here knows nothing of the index: it folds the words of each record's fields by the
standard library alone, and asks which records have all the words of a question.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from cataloging.marc.model import Marc, control, fields, subfields
from cataloging.records import create_record
from circulation.sample.books import books, to_marc
from ils.accounts.actor import system_actor
from ils.core import db
from tests import factories

PARTS = {
    **{"245": "abcnp", "246": "abnp", "100": "a", "110": "ab", "700": "a", "710": "a"},
    **{"653": "a", "264": "ab", "520": "a", "500": "a", "521": "a", "310": "a", "082": "ab"},
}

# As typed by readers: with marks, without, half marked, old and new places of the tone mark,
# y for i, capitals, decomposed letters, authors with titles, subjects, publishers, foreign names.
QUESTIONS = """
truyện kiều|truyen kieu|truyện kieu|TRUYỆN KIỀU|kiều truyện|truyện kiều nguyễn du
dế mèn phiêu lưu ký|de men phieu luu ki|nguyễn nhật ánh|nguyen nhat anh|nhat anh mat biec
hoà bình|hòa bình|hoa binh|chiến tranh|chien tranh|thùy trâm|thuỳ trâm|quý|quí|lý|lí|khoẻ|khỏe
đất rừng phương nam|doan gioi|Ðất rừng|tô hoài|to hoai|vũ trọng phụng số đỏ|so do|nam cao
lịch sử việt nam|lich su viet nam|lịch su viet nam|địa chí|sài gòn|cây thuốc|nong nghiep
trồng cây|tin học|toán|tiếng anh|harry potter|doremon|conan|truyện tranh nhật bản|victor hugo
khong gia dinh|hai vạn dặm|jules verne|kim đồng|văn học|hồ chí minh|nhật ký trong tù
nguyễn đình chiểu|thơ|thơ mới|xuân quỳnh|khoa học viễn tưởng|cổ tích|andersen|thiếu nhi
món ăn|nau an|luật|y hoc|báo|tuổi trẻ|the|english|saint exupery|exupéry|truyện ngắn nam bộ
""".replace("\n", "|")

# Typed otherwise than meant, and what was meant: these must find the same books.
MEANT = {
    "truyeejn kieefu": "truyện kiều",
    "truye65n kie62u": "truyện kiều",
    "DDaats rwngf phuwowng nam": "đất rừng phương nam",
    "nguyeenx nhaajt anhs": "nguyễn nhật ánh",
    "nguye64n nha65t a1nh": "nguyễn nhật ánh",
    "dees mefn phieeu luwu kys": "dế mèn phiêu lưu ký",
    "tieesng vieejt": "tiếng việt",
    "tie61ng vie65t": "tiếng việt",
    "xua6n quy2nh": "xuân quỳnh",
    "hary potter": "harry potter",
    "de men phieu luw ky": "dế mèn phiêu lưu ký",
    "hai vạng dặm": "hai vạn dặm",
    "đắt nhân tâm": "đắc nhân tâm",
    "khong gia dih": "khong gia dinh",
    "sherlok holmes": "sherlock holmes",
    "sách nấu ăn": "nấu ăn",
}

PHRASES = ("đất rừng", "chiến tranh", "truyện kiều", "nhật ánh", "con chó nhỏ", "hồ chí minh")


def folded(text: str) -> list[str]:
    """Cut a text into words without marks, y for i at the end of a syllable."""
    plain = unicodedata.normalize("NFD", re.sub("[đðÐ]", "d", text.lower().replace("ð", "d")))
    bare = "".join(c for c in plain if not unicodedata.combining(c)).replace("'", "")
    words = re.findall(r"[^\W_]+", bare)
    return [re.sub(r"^([hklmst]|qu)y$", r"\1i", word) for word in words]


def texts(marc: Marc) -> Iterator[list[str]]:
    """Yield the words of each part that readers may ask for."""
    for tag, codes in PARTS.items():
        for field in fields(marc, tag):
            yield from (folded(value) for value in subfields(field, *codes))


@pytest.fixture
def shelved(app: Any, province: Any, indexed: Any) -> dict[int, Marc]:
    """All books of the sample; every other one in our library, every third in the other."""
    made: dict[int, Marc] = {}
    with db.transaction() as session:
        for at, book in enumerate(books()):
            marc = to_marc(book, f"SH{at:05d}", "260101")
            record = create_record(session, system_actor(), marc, why="test")
            made[record.id] = marc
            if at % 2 == 0:
                factories.create_item(session, province.branch, record)
            if at % 3 == 0:
                factories.create_item(session, province.foreign_branch, record)
    indexed()
    return made


def ask(client: Any, words: str, **more: Any) -> dict[str, Any]:
    answer = client.get("/api/v1/search", query_string={"q": words, "size": 100, **more})
    assert answer.status_code == 200
    return answer.json  # type: ignore[no-any-return]


def test_totals_and_counts_are_what_the_records_say(client: Any, shelved: dict[int, Marc]) -> None:
    spoken = {rid: {w for text in texts(marc) for w in text} for rid, marc in shelved.items()}
    questions = [q for q in QUESTIONS.split("|") if q]
    assert len(questions) >= 70
    wrong = []
    for question in questions:
        wanted = set(folded(question))
        expected = {rid for rid, words in spoken.items() if wanted <= words}
        found = ask(client, question, facets=1)
        if not expected or found["total"] != len(expected):
            wrong.append((question, found["total"], len(expected)))
        if len(expected) <= 100:
            assert {r["id"] for r in found["records"]} == expected, question
        languages = Counter(language for rid in expected for language in spoken_in(shelved[rid]))
        counted = {v["value"]: v["count"] for v in found["facets"]["language"]}
        assert counted == dict(languages), question
    assert wrong == []


def test_phrases_and_slips_find_what_was_meant(client: Any, shelved: dict[int, Marc]) -> None:
    runs = {rid: [" ".join(text) for text in texts(marc)] for rid, marc in shelved.items()}
    for phrase in PHRASES:
        expected = {r for r, parts in runs.items() if any(in_row(phrase, p) for p in parts)}
        assert ask(client, f'"{phrase}"')["total"] == len(expected) > 0, phrase
    for meant in MEANT:
        found, aimed = ask(client, meant), ask(client, MEANT[meant])
        assert found["total"] > 0, meant
        assert found["records"][0] == aimed["records"][0], meant


def spoken_in(marc: Marc) -> set[str]:
    """Return the languages of a record: 041, else 008."""
    several = {value for field in fields(marc, "041") for value in subfields(field, "a")}
    return several or {control(marc, "008")[35:38]}


def in_row(phrase: str, words: str) -> bool:
    return f" {' '.join(folded(phrase))} " in f" {words} "


def test_each_order_pages_through_all_and_each_library_has_its_own(
    client: Any, province: Any, shelved: dict[int, Marc]
) -> None:
    for order in ("newest", "title", "author", "year", "oldest"):
        pages = [ask(client, "", sort=order, page=n)["records"] for n in range(1, 7)]
        seen = [one["id"] for page in pages for one in page]
        assert sorted(seen) == sorted(shelved), order
    ours = {rid for at, rid in enumerate(shelved) if at % 2 == 0}
    theirs = {rid for at, rid in enumerate(shelved) if at % 3 == 0}
    assert ask(client, "", library=province.library.slug)["total"] == len(ours)
    counts = {int(v["value"]): v["count"] for v in ask(client, "", facets=1)["facets"]["library"]}
    assert counts[province.library.id] == len(ours)
    assert counts[province.foreign_library.id] == len(theirs)
    assert ask(client, "", available="1")["total"] == len(ours | theirs)
