"""ISO 2709 that systems, disks and mail have spoiled: one fault each, and what is recovered."""

from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cataloging.marc import formats
from cataloging.marc.formats import Found
from cataloging.marc.model import Marc, data_field
from tests.cataloging.marc.formats.samples import book, iso, repairs, titles

FIRST, SECOND, THIRD = book("Dế Mèn"), book("Số đỏ"), book("Tắt đèn")
WHOLE = iso(FIRST, SECOND, THIRD)
ONE = iso(SECOND)


@pytest.fixture
def read_bytes(tmp_path: Path):
    def read(data: bytes, **words: str) -> list[Found]:
        path = tmp_path / "file"
        path.write_bytes(data)
        found = list(formats.read(path, **words))
        at = 0
        for one in found:
            assert one.byte_start == at
            at = one.byte_end
        assert at == len(data)
        return found

    return read


def among(spoiled: bytes) -> bytes:
    """Put a record between two good ones."""
    return iso(FIRST) + spoiled + iso(THIRD)


def test_sound_records_are_read_as_they_are(read_bytes):
    found = read_bytes(WHOLE)
    assert [one.marc["fields"] for one in found] == [m["fields"] for m in (FIRST, SECOND, THIRD)]
    assert repairs(found) == set()


@pytest.mark.parametrize(
    ("name", "spoiled", "told"),
    [
        ("length too great", b"09999" + ONE[5:], "length"),
        ("length too small", b"00030" + ONE[5:], "length"),
        ("length is no number", b"abcde" + ONE[5:], "length"),
        ("no end of record", ONE[:-1], "terminator"),
        ("base address wrong", ONE[:12] + b"00000" + ONE[17:], "base_address"),
        ("base address is no number", ONE[:12] + b"x0y00" + ONE[17:], "base_address"),
        ("a directory entry too long", ONE[:27] + b"9999" + ONE[31:], "directory"),
        ("letters in the directory", ONE[:27] + b"00a5" + ONE[31:], "directory"),
        ("stray line ends between", b"\r\n\r\n" + ONE + b"\n", ""),
        ("zeros between", b"\x00\x00" + ONE, ""),
    ],
)
def test_a_record_with_one_fault_is_recovered(read_bytes, name, spoiled, told):
    found = read_bytes(among(spoiled))
    assert titles(found) == ["Dế Mèn", "Số đỏ", "Tắt đèn"], name
    assert told == "" or told in repairs(found), name


def test_a_record_cut_off_by_the_end_of_the_file_is_told(read_bytes):
    found = read_bytes(iso(FIRST) + ONE[: len(ONE) // 2])
    assert titles(found) == ["Dế Mèn"]
    assert found[-1].problem.code in ("truncated", "unreadable")


def test_rubbish_between_records_is_told_with_its_place(read_bytes):
    rubbish = b"this is no record at all\x1d"
    found = read_bytes(among(rubbish))
    assert titles(found) == ["Dế Mèn", "Tắt đèn"]
    (told,) = [one for one in found if one.problem]
    assert (told.byte_start, told.byte_end) == (len(iso(FIRST)), len(iso(FIRST)) + len(rubbish))


def test_a_little_rubbish_does_not_take_the_leader_of_a_spoiled_record(read_bytes):
    spoiled = ONE[:24] + b"XXXXXXXXXXXX" + ONE[36:]
    found = read_bytes(among(b"rubbish\x1d" + spoiled))
    assert titles(found) == ["Dế Mèn", "Số đỏ", "Tắt đèn"]
    assert [one.marc is None for one in found] == [False, True, False, False]
    assert found[2].marc["leader"][5:8] == SECOND["leader"][5:8]


def test_a_leader_alone_is_no_record(read_bytes):
    found = read_bytes(among(b"00026nam a2200025 a 4500\x1e\x1d"))
    assert titles(found) == ["Dế Mèn", "Tắt đèn"]
    assert [one.problem.code for one in found if one.problem] == ["empty"]


def test_a_record_over_99999_bytes_is_whole(read_bytes):
    notes = [data_field("520", " ", " ", ("a", f"{n} " + "chữ " * 1000)) for n in range(60)]
    large: Marc = {"leader": SECOND["leader"], "fields": [*SECOND["fields"], *notes]}
    assert formats.is_too_long(large)
    assert len(iso(large)) > 250_000
    found = read_bytes(among(iso(large)))
    assert found[1].marc["fields"] == large["fields"]


def test_decomposed_letters_are_composed_and_eth_becomes_d(read_bytes):
    given = book("Ða\u0323o Du\u031b\u0323c Vie\u0302\u0323t")
    found = read_bytes(iso(given))
    assert titles(found) == ["Đạo Dực Việt"]
    assert repairs(found) == {"nfc", "eth"}


def test_bytes_that_are_no_letters_are_kept_and_told(read_bytes):
    spoiled = iso(book("Vi?t Nam")).replace(b"?", b"\xff")
    found = read_bytes(among(spoiled))
    assert titles(found)[1].startswith("Vi")
    assert {"bad_bytes", "transcoded"} & repairs(found)


def test_marc8_becomes_unicode(read_bytes):
    marc: Marc = {
        "leader": "00000nam  2200000 a 4500",
        "fields": [data_field("245", "1", "0", ("a", "Caf?e"))],
    }
    raw = iso(marc).replace(b"f?e", b"f\xe2e")
    assert titles(read_bytes(raw)) == ["Café"]


def test_other_systems_blanks_and_versions_in_the_leader_are_told(read_bytes):
    found = read_bytes(ONE.replace(b"nam a22", b"nam  22").replace(b"4500", b"45  "))
    assert found[0].marc["leader"][9:12] == "a22"
    assert {"leader_coding", "leader_structure"} <= repairs(found)


def test_reading_goes_on_from_any_place_reached(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(among(b"\n\n" + ONE[:-1] + b"\n"))
    whole = list(formats.read(path))
    for at, one in enumerate(whole):
        rest = list(
            formats.read(
                path, start=one.byte_end, position=max(f.position for f in whole[: at + 1])
            )
        )
        assert [(f.position, f.byte_start, f.marc) for f in rest] == [
            (f.position, f.byte_start, f.marc) for f in whole[at + 1 :]
        ]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    st.lists(
        st.tuples(st.integers(0, len(WHOLE) - 1), st.binary(max_size=3), st.integers(0, 4)),
        min_size=1,
        max_size=6,
    )
)
def test_whatever_is_spoiled_nothing_fails_and_every_byte_is_accounted_for(changes):
    from cataloging.marc.formats import iso2709
    from cataloging.marc.formats.characters import Reading
    from cataloging.marc.formats.window import Window

    data = WHOLE
    for at, put, cut in changes:
        data = data[:at] + put + data[at + cut :]
    end = 0
    for one in iso2709.read(Window(BytesIO(data)), Reading()):
        assert one.byte_start == end
        end = one.byte_end
    assert end == len(data)
