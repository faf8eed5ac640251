"""Cleaning, folding and the exact form, by table and by property."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ils.text.alphabet import MARKS, TONED, VOWELS
from ils.text.normal import clean, cleaned, exact, fold, is_marked

vietnamese = st.text(alphabet="".join(TONED.values()) + "bcdđghklmnpqrstvx ,.'-", max_size=60)


@pytest.mark.parametrize(
    ("given_text", "wanted", "repairs"),
    [
        ("Thư viện", "Thư viện", ()),
        (unicodedata.normalize("NFD", "Thư viện"), "Thư viện", ("nfc",)),
        ("Vie\u0302\u0323t", "Việt", ("nfc",)),
        ("Vi\u1ec7t\u200b Nam\ufeff", "Việt Nam", ("invisible",)),
        ("Việt\u00a0Nam", "Việt Nam", ("space",)),
        ("thư\u00adviện", "thưviện", ("invisible",)),
        ("Ðất nước", "Đất nước", ("eth",)),
        ("Ðại học", "Đại học", ("eth",)),
        ("HÐND huyện", "HĐND huyện", ("eth",)),
        ("QÐ-UBND", "QĐ-UBND", ("eth",)),
        ("ÐỒNG Ɖức", "ĐỒNG Đức", ("eth",)),
        ("Ðoàn Thị Ðiểm", "Đoàn Thị Điểm", ("eth",)),
        ("plain", "plain", ()),
    ],
)
def test_cleaning_repairs_what_is_encoded_oddly_and_says_so(given_text, wanted, repairs):
    assert clean(given_text) == wanted
    assert cleaned(given_text).repairs == repairs


@pytest.mark.parametrize("icelandic", ["MAÐUR", "Guðmundur", "Ðæt wæs god cyning", "Garðar Hólm"])
def test_a_real_eth_stays(icelandic):
    assert clean(icelandic) == icelandic


def test_khmer_keeps_the_zero_width_spaces_between_its_words():
    assert clean("ភាសា\u200bខ្មែរ") == "ភាសា\u200bខ្មែរ"


@given(st.text(max_size=80))
def test_cleaning_twice_changes_nothing_more(text):
    once = clean(text)
    assert clean(once) == once
    assert cleaned(once).repairs == ()
    assert unicodedata.is_normalized("NFC", once)


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("Đường về quê", "duong ve que"),
        ("ĐẮC NHÂN TÂM", "dac nhan tam"),
        (unicodedata.normalize("NFD", "Đường"), "duong"),
        ("Ðất", "dat"),
        ("Straße, Œuvre, Ærø", "strasse, oeuvre, aero"),
        ("Łódź", "lodz"),
        ("Война и мир", "война и мир"),
    ],
)
def test_folding_takes_marks_off(written, wanted):
    assert fold(written) == wanted


@pytest.mark.parametrize("vowel", VOWELS)
def test_every_toned_vowel_folds_to_its_plain_letter(vowel):
    plain = unicodedata.normalize("NFD", vowel)[0]
    for tone in range(len(MARKS)):
        for form in ("NFC", "NFD"):
            char = unicodedata.normalize(form, TONED[vowel, tone])
            assert fold(char) == plain
            assert fold(char.upper()) == plain


@given(vietnamese)
def test_folded_vietnamese_is_plain_ascii_and_folds_to_itself(text):
    assert fold(text).isascii()
    assert fold(fold(text)) == fold(text)


SAME_WORDS = [
    ("hòa", "hoà"), ("thủy", "thuỷ"), ("khỏe", "khoẻ"), ("Hòa Bình", "Hoà Bình"),
    ("kỹ thuật", "kĩ thuật"), ("lý", "lí"), ("Mỹ", "Mĩ"), ("tỷ", "tỉ"), ("hy vọng", "hi vọng"),
    ("sỹ quan", "sĩ quan"), ("Lê Quý Đôn", "Lê Quí Đôn"), ("tòan", "toàn"), ("qủa", "quả"),
    ("đừơng", "đường"), ("tíên", "tiến"), ("huỵch", "hụych"), ("gìa", "già"), ("hụê", "huệ"),
    ("khúyu", "khuýu"), ("ngòai", "ngoài"), ("thủơ", "thuở"), ("CÔNG TY", "công ti"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), SAME_WORDS)
def test_spellings_of_one_word_have_one_exact_form(one, other):
    assert exact(one) == exact(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ma", "má"), ("mà", "mả"), ("thuý", "thúi"), ("hoàn", "hoạn"), ("án", "an"),
        ("thể", "thế"), ("ty", "tay"), ("y", "i"), ("vỹ", "vĩ"), ("thy", "thi"), ("mùa", "muà "),
    ],
)  # fmt: skip
def test_different_words_keep_different_exact_forms(one, other):
    assert exact(one) != exact(other)


@given(vietnamese)
def test_the_exact_form_is_stable_and_folds_as_the_text_does(text):
    assert exact(exact(text)) == exact(text)
    assert fold(exact(text)).replace("y", "i") == fold(text).replace("y", "i")


@pytest.mark.parametrize(
    ("text", "marked"),
    [("sách", True), ("sach", False), ("đ", True), ("Ž", True), ("война", False), ("中国", False)],
)
def test_marks_typed_are_told_from_letters_of_other_scripts(text, marked):
    assert is_marked(text) is marked
