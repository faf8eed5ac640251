"""Every format, spoiled anywhere: nothing fails, every byte is told, reading goes on from anywhere."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cataloging.marc import formats
from cataloging.marc.formats.recognition import recognize
from cataloging.marc.model import data_field, first
from ils.text import legacy
from tests.cataloging.marc.formats.samples import book, repairs, titles, written

BOOKS = [book(f"Một đời {number}", f"n{number}") for number in range(4)]
ALEPH = b"".join(
    b"%09d LDR   L -----nam^^22^^^^^^a^4500\n%09d 24510 L $$aTitle %d$$bmore\n" % (n, n, n)
    for n in range(1, 5)
)
FILES = {name: written(BOOKS, name) for name in formats.WRITERS} | {"aleph": ALEPH}
# Signs that mean something in one format or another.
SIGNS = st.sampled_from([*b"&<{}[]$", *b'"\\\x00\x1d\x1e\x1f\xff\n\r']).map(
    lambda sign: bytes([sign])
) | st.sampled_from([b"<record>", b"</record>", b"<!--", b"<![CDATA[", b"=LDR  ", b"00026"])


@st.composite
def spoiled(draw: st.DrawFn) -> tuple[str, bytes]:
    """A file with some of its bytes taken out or replaced."""
    name = draw(st.sampled_from(list(FILES)))
    data = FILES[name]
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        put = draw(st.one_of(SIGNS, st.binary(max_size=2)))
        data = data[:at] + put + data[at + draw(st.sampled_from([0, 1, 2, 40])) :]
    return name, b" " + data  # never the mark of a compressed or UTF-16 file


@settings(max_examples=300, deadline=None, derandomize=True)
@given(file=spoiled(), share=st.floats(0, 1), is_told=st.booleans())
def test_a_spoiled_file_is_accounted_for_and_can_be_gone_on_with(
    tmp_path_factory: pytest.TempPathFactory,
    file: tuple[str, bytes],
    share: float,
    is_told: bool,
) -> None:
    name, data = file
    path = tmp_path_factory.getbasetemp() / "spoiled"
    path.write_bytes(data)
    kind = {"ndjson": "json"}.get(name, name) if is_told else recognize(path).format
    found = list(formats.read(path, format=kind))
    assert [one.byte_start for one in found] == [0, *(one.byte_end for one in found[:-1])]
    assert found[-1].byte_end == len(data)
    at = int(share * (len(found) - 1))
    reached = max(one.position for one in found[: at + 1])
    rest = formats.read(path, format=kind, start=found[at].byte_end, position=reached)
    assert [(one.position, one.byte_end, one.marc) for one in rest] == [
        (one.position, one.byte_end, one.marc) for one in found[at + 1 :]
    ]


@pytest.mark.parametrize("name", FILES)
def test_a_record_spoiled_in_the_middle_leaves_the_last_one_whole(tmp_path: Path, name: str):
    data = FILES[name]
    path = tmp_path / "file"
    middle = len(data) * 3 // 8
    path.write_bytes(data[:middle] + b"\x02\x03" + data[middle + 9 :])
    found = titles(formats.read(path, format={"ndjson": "json"}.get(name, name)))
    assert found[0] in ("Một đời 0", "Title 1")
    assert found[-1] in ("Một đời 3", "Title 4")


def test_odd_tags_survive_lines_of_text(tmp_path: Path):
    marc = book("Số đỏ")
    marc["fields"] += [
        data_field("0 2", "1", " ", ("a", "x")),
        data_field("Ì00", " ", "1", ("b", "y")),
    ]
    path = tmp_path / "odd.mrk"
    path.write_bytes(written([marc], "mrk"))
    found = list(formats.read(path))
    assert [one.marc["fields"] for one in found if one.marc] == [marc["fields"]]
    assert "tag" in repairs(found)


TEXT = "Truyện ngắn Việt Nam hiện đại: tuyển tập những truyện ngắn hay được bạn đọc yêu thích"
VNI = (
    "Truyeän ngaén Vieät Nam hieän ñaïi: tuyeån taäp nhöõng truyeän ngaén hay ñöôïc baïn ñoïc "
    "yeâu thích"
).encode("latin-1")
_VISCII = {legacy.decode(bytes([byte]), "viscii"): byte for byte in range(0x80, 0x100)}
VISCII = bytes(_VISCII.get(letter, ord(letter) & 0xFF) for letter in TEXT)


@pytest.mark.parametrize(("encoding", "raw"), [("vni", VNI), ("viscii", VISCII)])
def test_other_vietnamese_encodings_are_found(tmp_path: Path, encoding: str, raw: bytes):
    blank = b"Y" * len(raw)
    marc = {
        "leader": "00000nam  2200000 a 4500",
        "fields": [{"001": "1"}, data_field("245", "1", "0", ("a", blank.decode()))],
    }
    path = tmp_path / "old.mrc"
    path.write_bytes(written([marc] * 3, "iso2709").replace(blank, raw))
    guess = recognize(path)
    assert guess.encoding == encoding
    assert dict(guess.alternatives).keys() >= {"utf-8", "tcvn3", "vni", "viscii"}
    found = list(formats.read(path))
    assert [first(one.marc, "245", "a") for one in found if one.marc] == [TEXT] * 3
    assert "transcoded" in repairs(found)


@pytest.mark.parametrize("share", [1, 2, 3])
def test_old_records_among_unicode_ones_are_read_in_their_own_encoding(tmp_path: Path, share: int):
    blank = b"Y" * len(VNI)
    old = written([book(blank.decode())], "iso2709")
    old = old.replace("Nguyễn Văn Ấy".encode(), b"Nguyen Van Ay      ")
    old = old.replace("Văn học".encode(), b"Van hoc  ").replace("Việt".encode(), b"Viet  ")
    new = written([book(TEXT)], "iso2709")
    path = tmp_path / "mixed.mrc"
    path.write_bytes((new * share + old.replace(blank, VNI)) * 3)
    found = list(formats.read(path))
    assert titles(found) == [TEXT] * 3 * (share + 1)


@pytest.mark.parametrize("encoding", ["latin-1", "tcvn3"])
def test_text_that_was_stored_misread_is_undone_to_the_last_word(tmp_path: Path, encoding: str):
    if encoding == "latin-1":
        spoil = {one: one.encode().decode("latin-1") for one in (TEXT, "Nguyễn Văn Ấy")}
    else:
        spoil = {TEXT: "TruyÖn ng¾n ViÖt Nam hiÖn ®¹i", "Nguyễn Văn Ấy": "NguyÔn"}
    marc = book(spoil[TEXT])
    marc["fields"][2]["100"]["subfields"][0]["a"] = spoil["Nguyễn Văn Ấy"]  # type: ignore[index]
    marc["fields"].pop()
    path = tmp_path / "misread.mrc"
    path.write_bytes(written([marc] * 4, "iso2709"))
    found = list(formats.read(path))
    assert "mojibake" in repairs(found)
    for one in found:
        assert one.marc is not None
        assert TEXT.startswith(first(one.marc, "245", "a"))
        assert "Nguyễn Văn Ấy".startswith(first(one.marc, "100", "a"))


NO_CATALOGS = {
    "pdf": b"%PDF-1.7\n1 0 obj\x1e<<\x1f/Type /Catalog>>\n",
    "archive": b"PK\x03\x04" + bytes(range(1, 256)) * 40,
    "web page": b"<!DOCTYPE html><html><body>Not found</body></html>",
}


@pytest.mark.parametrize("name", NO_CATALOGS)
def test_what_is_no_catalog_gives_no_record_and_is_listed_whole(tmp_path: Path, name: str):
    path = tmp_path / "named.mrc"
    path.write_bytes(NO_CATALOGS[name])
    (one,) = formats.read(path)
    assert one.problem is not None
    assert one.problem.code == "unknown_format"
    assert (one.byte_start, one.byte_end) == (0, len(NO_CATALOGS[name]))


def test_a_mark_of_unicode_before_a_record_is_packing(tmp_path: Path):
    path = tmp_path / "marked.mrc"
    path.write_bytes((b"\xef\xbb\xbf" + written([BOOKS[0]], "iso2709")) * 2)
    found = list(formats.read(path))
    assert [one.is_packing for one in found] == [True, False, True, False]
