"""Encodings from before Unicode: tables, guesses and repairs."""

import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ils.text import legacy
from ils.text.alphabet import TONED
from ils.text.legacy import SURE, decode, guess_encoding, repair

TEXT = "Thư viện tỉnh: Lịch sử Đảng bộ và những người khốn khổ, tập hai; Hương rừng Cà Mau"
ICONV = {"tcvn3": "TCVN5712-1", "viscii": "VISCII", "windows-1258": "CP1258"}
needs_iconv = pytest.mark.skipif(shutil.which("iconv") is None, reason="iconv is not installed")


def _iconv(text: str, encoding: str) -> bytes:
    command = ["iconv", "-f", "UTF-8", "-t", ICONV[encoding]]
    return subprocess.run(command, input=text.encode(), capture_output=True, check=True).stdout


def _vni(text: str) -> str:
    back = {char: written for written, char in legacy._VNI_TABLE.items()}
    back |= {char.upper(): written.upper() for char, written in back.items()}
    return "".join(back.get(char, char) for char in text)


@needs_iconv
@pytest.mark.parametrize("encoding", ["tcvn3", "viscii"])
def test_tables_agree_with_iconv(encoding):
    for code in range(0x80, 0x100):
        command = ["iconv", "-f", ICONV[encoding], "-t", "UTF-8"]
        ours = decode(bytes([code]), encoding)
        theirs = subprocess.run(command, input=bytes([code]), capture_output=True, check=True)
        assert ours == theirs.stdout.decode(), hex(code)


@needs_iconv
@pytest.mark.parametrize("encoding", ICONV)
def test_text_in_a_legacy_encoding_is_recognized_and_read(encoding):
    data = _iconv(TEXT, encoding)
    guess = guess_encoding(data)
    assert guess.encoding == encoding
    assert guess.confidence >= SURE
    assert decode(data, encoding) == TEXT


def test_vni_is_recognized_and_read():
    written = _vni(TEXT)
    assert guess_encoding(written.encode("cp1252")).encoding == "vni"
    assert decode(written.encode("cp1252"), "vni") == TEXT
    assert repair(written).text == TEXT


def test_vni_writes_every_letter_of_the_alphabet():
    letters = "".join(TONED.values()) + "đ"
    assert decode(_vni(letters), "vni") == letters
    assert decode(_vni(letters.upper()), "vni") == letters.upper()
    assert decode("Aùnh", "vni") == "Ánh"


@pytest.mark.parametrize(
    ("shown", "meant"),
    [
        ("Th− viÖn Khoa häc x· héi", "Thư viện Khoa học xã hội"),
        ("Bé v¨n ho¸, thÓ thao vµ du lÞch", "Bộ văn hoá, thể thao và du lịch"),
        ("B¶n ®å", "Bản đồ"),
        ("Tr-êng ®¹i häc Hµ Néi", "Trường đại học Hà Nội"),
        ("Th\u00ad viÖn tØnh", "Thư viện tỉnh"),
        ("Kü thuËt trång lóa - n­íc s¹ch", "Kỹ thuật trồng lúa - nước sạch"),
        ("Lòch söû Vieät Nam", "Lịch sử Việt Nam"),
        ("Nhaø xuaát baûn Treû", "Nhà xuất bản Trẻ"),
        ("Viá»‡t Nam", "Việt Nam"),
        ("Luật Đất đai".encode().decode("latin-1"), "Luật Đất đai"),
    ],
)
def test_mojibake_met_in_real_lists_is_repaired(shown, meant):
    repaired = repair(shown)
    assert repaired.text == meant
    assert repaired.encoding


@pytest.mark.parametrize(
    "text",
    [
        "Thư viện tỉnh", "Ánh trăng", "à", "Le thé du matin", "L'économie française à l'été",
        "Größe und Übermut für Kinder", "Niña española", "Smørrebrød på dansk", "Garðar Hólm",
        "São Tomé e Príncipe", "Война и мир", "中国历史", "Ðất nước", "plain", "5 µm ± 2°",
        "Café", "© 2008 Nhà xuất bản Trẻ", "Hòa - Bình", "Émile Zola, Thérèse Raquin",
    ],
)  # fmt: skip
def test_text_in_order_is_left_alone(text):
    repaired = repair(text)
    assert repaired.encoding is None
    assert repaired.text == text


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"plain", "ascii"),
        ("Việt".encode(), "utf-8"),
        ("Émile Zola à Paris".encode("cp1252"), "windows-1252"),
    ],
)
def test_bytes_that_are_not_legacy_vietnamese_are_named(data, name):
    assert guess_encoding(data).encoding == name


def test_a_dash_that_is_no_letter_stays():
    assert decode("Hµ Néi - Sµi Gßn, x· héi-kinh tÕ", "tcvn3") == "Hà Nội - Sài Gòn, xã hội-kinh tế"


def test_an_unknown_encoding_is_an_error():
    with pytest.raises(LookupError):
        decode(b"x", "klingon")


@given(st.text(max_size=60), st.sampled_from(legacy.ENCODINGS))
def test_no_text_breaks_a_reader(text, encoding):
    decode(text, encoding)
    guess = guess_encoding(text)
    assert 0 <= guess.confidence <= 1
    repair(text)


@given(st.binary(max_size=60), st.sampled_from(legacy.ENCODINGS))
def test_no_bytes_break_a_reader(data, encoding):
    decode(data, encoding)
    guess_encoding(data)
