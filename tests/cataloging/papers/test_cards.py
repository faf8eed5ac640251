"""Catalogue cards: one for each entry, described as the National Library does."""

import subprocess
from datetime import date
from typing import Any

import pytest

from cataloging.marc.model import Marc, data_field
from cataloging.papers.cards import CLASS, KINDS, MAIN, cards_of, print_cards
from cataloging.papers.chosen import Copy, Title
from cataloging.papers.described import number_of_part, stretches
from ils.core import clock
from ils.printing.pdf import typst_pdf

MARC: Marc = {
    "leader": "00000nam a2200000 a 4500",
    "fields": [
        {"082": {"ind1": "0", "ind2": "4", "subfields": [{"a": "895.9223"}, {"b": "D250M"}]}},
        {"100": {"ind1": "0", "ind2": " ", "subfields": [{"a": "Tô Hoài"}]}},
        {
            "245": {
                "ind1": "1",
                "ind2": "0",
                "subfields": [{"a": "Dế Mèn phiêu lưu ký /"}, {"c": "Tô Hoài ; Minh họa: Tạ Huy Long"}],
            }
        },
        {"264": {"ind1": " ", "ind2": "1", "subfields": [{"a": "H. :"}, {"b": "Kim Đồng,"}, {"c": "2015"}]}},
        {"300": {"ind1": " ", "ind2": " ", "subfields": [{"a": "143tr. ;"}, {"c": "21cm"}]}},
        {"520": {"ind1": " ", "ind2": " ", "subfields": [{"a": "Chú dế đi khắp nơi."}]}},
        {"653": {"ind1": " ", "ind2": " ", "subfields": [{"a": "Văn học thiếu nhi"}]}},
        {"700": {"ind1": "0", "ind2": " ", "subfields": [{"a": "Tạ Huy Long"}]}},
    ],
}  # fmt: skip


def title(marc: Marc = MARC, **more: Any) -> Title:
    facts: dict[str, Any] = {
        "id": 1,
        "marc": marc,
        "title": "Dế Mèn phiêu lưu ký",
        "title_sort": "de men phieu luu ky",
        "author": "Tô Hoài",
        "author_sort": "to hoai",
        "main_class": "8",
        "class_number": "895.9223",
        "call_number": "895.9223 D250M",
        "copies": (Copy("TN.00012", "Kho thiếu nhi"), Copy("TN.00013", "Kho thiếu nhi")),
    }
    return Title(**facts | more)


def test_each_entry_has_a_card_and_the_main_one_says_where_the_others_are() -> None:
    cards = cards_of([title()], KINDS, filed=False)
    assert [card.entry for card in cards] == [
        "",
        "Dế Mèn phiêu lưu ký",
        "Tạ Huy Long",
        "Văn học thiếu nhi",
        "895.9223",
    ]
    main = cards[0]
    assert main.heading == "TÔ HOÀI"
    assert main.text.startswith("Dế Mèn phiêu lưu ký / Tô Hoài")
    assert main.tracing == "1. Văn học thiếu nhi. I. Tạ Huy Long. II. Nhan đề"
    assert (main.call, main.numbers) == (("895.9223", "D250M"), "TN.00012-00013")


def test_a_title_without_author_stands_under_its_title_once() -> None:
    bare: Marc = {**MARC, "fields": [f for f in MARC["fields"] if "100" not in f]}
    cards = cards_of([title(bare)], ["main", "title"], filed=False)
    assert [card.filed_under for card in cards] == ["Dế Mèn phiêu lưu ký"]


def test_the_drawer_files_by_vietnamese_letters() -> None:
    names = ("Đoàn Giỏi", "Bùi Hiển", "Dương Hướng")
    titles = []
    for name in names:
        fields = [
            {"100": {"ind1": "0", "ind2": " ", "subfields": [{"a": name}]}} if "100" in one else one
            for one in MARC["fields"]
        ]
        titles.append(title({**MARC, "fields": fields}))
    filed = cards_of(titles, [MAIN], filed=True)
    assert [card.heading for card in filed] == ["BÙI HIỂN", "DƯƠNG HƯỚNG", "ĐOÀN GIỎI"]


def test_accession_numbers_in_a_row_are_written_as_a_stretch() -> None:
    numbers = ["BM.00012", "BM.00013", "BM.00014", "BM.00020", "TN.00021", "X"]
    assert stretches(numbers) == "BM.00012-00014, BM.00020, TN.00021, X"


@pytest.mark.parametrize(
    ("said", "short"), [("Tập 2 :", "T.2"), ("T. 3", "T. 3"), ("Quyển hạ", "Quyển hạ"), ("", "")]
)
def test_the_part_of_a_work_is_short_on_its_spine(said: str, short: str) -> None:
    marc: Marc = {"leader": "", "fields": [data_field("245", "1", "0", ("a", "x"), ("n", said))]}
    assert number_of_part(marc) == short


def pages(pdf: bytes) -> list[str]:
    said = subprocess.run(
        ["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True
    )
    return said.stdout.decode().split("\f")[:-1]


def test_four_cards_go_on_a_sheet_and_many_are_set_by_a_process_of_their_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cards = cards_of([title()], KINDS, filed=False)
    with clock.at(clock.at_local(date(2026, 3, 6))):
        here = print_cards(cards)
        assert len(pages(here)) == 2
        monkeypatch.setattr("ils.printing.pdf.LARGE", 0)
        assert print_cards(cards) == here
    with pytest.raises(RuntimeError, match="does not contain"):
        typst_pdf("labels.typ", {})


def test_a_long_description_goes_on_to_further_cards() -> None:
    long: Marc = {
        **MARC,
        "fields": [*MARC["fields"], {"520": {"ind1": " ", "ind2": " ", "subfields": [{"a": "lời " * 900}]}}],
    }  # fmt: skip
    cards = cards_of([title(long)], KINDS, filed=False)
    alone = pages(print_cards(cards, paper="card"))
    assert len(pages(print_cards(cards, start=4))) == 1 + -(-(len(alone) - 1) // 4)
    assert len(alone) > len(cards), "the main card goes on"
    main = alone[: len(alone) - len(cards) + 1]
    assert sum(page.count("lời") for page in main) == 900, "nothing is lost"
    assert "Nhan đề" in main[-1]
    assert all("xem tiếp phích sau" in page for page in main[:-1])
    assert all("TÔ HOÀI (tiếp theo)" in page for page in main[1:])
    added = alone[len(main) :]
    assert not any("lời" in page or "tiếp" in page for page in added), "it stands on the main card"
    assert all("Dế Mèn phiêu lưu ký" in page and "895.9223" in page for page in added)
    assert cards_of([title(class_number="")], [CLASS], filed=False) == []
