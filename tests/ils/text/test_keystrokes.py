"""Raw Telex and VNI keystrokes, and barcodes that an input method spoiled."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ils.text.typing_keys import barcode_readings, readings, telex, vni

TELEX = {
    "tieesng": "tiếng", "tieengs": "tiếng", "tienges": "tiếng", "vieejt": "việt", "vietej": "việt",
    "truwowngf": "trường", "truongwf": "trường", "dduowngf": "đường", "dangd": "đang",
    "thuw": "thư", "thw": "thư", "vieenj": "viện", "quyeenr": "quyển", "giuwax": "giữa",
    "hoaf": "hoà", "nguwowif": "người", "thieeus": "thiếu", "nuowsc": "nước", "rwowuj": "rượu",
    "cuar": "của", "gif": "gì", "quas": "quá", "muaw": "mưa", "khoong": "không", "xuaan": "xuân",
}  # fmt: skip
VNI = {
    "tie61ng": "tiếng", "tie6ng1": "tiếng", "vie65t": "việt", "sa1ch": "sách", "thu7": "thư",
    "d9u7o7ng2": "đường", "d9uo7ng2": "đường", "tru7o72ng": "trường", "ho5c": "học", "tra8ng": "trăng",
    "nghie65p": "nghiệp", "u7o71c": "ước", "d9e6m": "đêm", "no6ng": "nông", "quye63n": "quyển",
}  # fmt: skip


@pytest.mark.parametrize(("keys", "word"), TELEX.items())
def test_telex_keys_write_a_word(keys, word):
    assert telex(keys) == word
    assert telex(keys.upper()) == word


@pytest.mark.parametrize(("keys", "word"), VNI.items())
def test_vni_keys_write_a_word(keys, word):
    assert vni(keys) == word


@pytest.mark.parametrize(
    "word", ["sach", "thieu", "nhi", "library", "java", "1945", "tập", "", "book"]
)
def test_ordinary_words_are_no_keystrokes(word):
    assert telex(word) is None
    assert vni(word) is None


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("tieesng vieejt", "tiếng việt"),
        ("tie61ng vie65t", "tiếng việt"),
        ("sach thieeus nhi", "sach thiếu nhi"),
        ("sa1ch thie61u nhi", "sách thiếu nhi"),
        ("truyeenj kieeuf nguyen du", "truyện kiều nguyen du"),
        ("lịch sử ddangr", "lịch sử đảng"),
        ("thuvien", "thu vien"),
    ],
)
def test_queries_are_read_word_by_word(typed, first):
    assert readings(typed)[0] == first


def test_words_that_exist_are_kept_before_they_are_read():
    assert readings("test tieesng", {"test"}.__contains__)[0] == "test tiếng"
    assert "tét tiếng" in readings("test tieesng", {"test"}.__contains__)


def test_a_query_without_keystrokes_has_no_other_reading():
    assert readings("sach thieu nhi") == ()


@given(st.text(max_size=30))
def test_reading_never_fails_and_never_returns_the_query(text):
    assert " ".join(text.split()) not in readings(text)


@pytest.mark.parametrize(
    ("came", "scanned"),
    [
        ("Đ001", "DD001"), ("Đ001", "D9001"), ("Á", "A1"), ("Á", "AS"), ("ĐA01", "DAD01"),
        ("Ê12", "EE12"), ("TƯ01", "TW01"), ("HÓA1", "HOAS1"), ("HÓA1", "HOSA1"), ("ưƠ3", "UOW3"),
        ("Â-5", "AA-5"), ("Ă77", "AW77"), ("Ô.9", "OO.9"), ("Ệ4", "EEJ4"), ("&é\"'(", "12345"),
        ("VVàààà&", "VV00001"), ("ăâêô", "1234"), ("!@#)", "1230"), ("VV19", "VV19"), ("vv 19", "VV19"),
    ],
)  # fmt: skip
def test_spoiled_barcodes_are_read_back(came, scanned):
    assert scanned in barcode_readings(came)


def test_a_french_keyboard_moves_letters_as_well_as_digits():
    assert "QA001" in barcode_readings("AQàà&")
    assert "WZ-12" in barcode_readings("ZW)&é")
    assert "VN00123" in barcode_readings('VNàà&é"')


def test_the_barcode_as_it_came_is_tried_first():
    assert barcode_readings("Đ001")[0] == "Đ001"
    assert barcode_readings("TKC-000123") == ("TKC-000123",)
    assert barcode_readings("  ") == ()


@given(st.from_regex(r"[BCDGHKLMNPQTV]{1,3}[AEOU]{1,2}[CGHMNPT]{0,2}[0-9]{2,6}", fullmatch=True))
def test_every_label_that_telex_can_spoil_reversibly_is_read_back(label):
    letters = label.rstrip("0123456789")
    written = telex(letters)
    if written is not None:
        assert label in barcode_readings(written.upper() + label[len(letters) :])


@given(st.text(max_size=24))
def test_readings_of_anything_are_few_and_distinct(text):
    found = barcode_readings(text)
    assert len(found) <= 48
    assert len(set(found)) == len(found)
