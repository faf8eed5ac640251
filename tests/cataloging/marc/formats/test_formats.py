"""Every format: recognized by its content, read whole, damaged parts told, written back the same."""

import codecs
import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cataloging.marc import formats
from cataloging.marc.formats import Found, writers
from cataloging.marc.formats.characters import Reading
from cataloging.marc.formats.mrk import named
from cataloging.marc.model import Marc, data_field
from tests.cataloging.marc.formats.samples import book, iso, repairs, titles, written

BOOKS = [book("Dế Mèn", "a1"), book("Số $đỏ {x} \\ <&>", "a2"), book("Tắt đèn", "a3")]


@pytest.fixture
def read_bytes(tmp_path: Path):
    def read(data: bytes, **words) -> list[Found]:
        path = tmp_path / "file"
        path.write_bytes(data)
        return list(formats.read(path, **words))

    return read


def fields(found: list[Found]) -> list[object]:
    return [one.marc["fields"] for one in found if one.marc is not None]


@pytest.mark.parametrize("format", formats.WRITERS)
@pytest.mark.parametrize("packed", [False, True])
def test_what_is_written_is_recognized_and_read_the_same(tmp_path, format, packed):
    data = written(BOOKS, format)
    path = tmp_path / "no-name-tells"
    path.write_bytes(gzip.compress(data) if packed else data)
    guess = formats.recognize(path)
    assert guess.format == {"ndjson": "json"}.get(format, format)
    assert guess.compressed == packed
    found = list(formats.read(path))
    assert fields(found) == [one["fields"] for one in BOOKS]
    assert found[-1].byte_end == len(data)


VALUES = st.text(
    st.characters(blacklist_categories=("Cs", "Cc", "Cn"), blacklist_characters="ÐðƉɖ￾￿"),
    min_size=1,
    max_size=30,
).map(lambda text: __import__("unicodedata").normalize("NFC", text))
MARCS = st.lists(
    st.tuples(
        st.sampled_from(["245", "650", "9ZZ", "952"]),
        st.lists(st.tuples(st.sampled_from("abz9"), VALUES), min_size=1, max_size=4),
    ),
    min_size=1,
    max_size=6,
).map(
    lambda made: {
        "leader": "00000nam a2200000 a 4500",
        "fields": [{"001": "x1"}, *(data_field(t, "1", " ", *subs) for t, subs in made)],
    }
)


@settings(max_examples=120, deadline=None, derandomize=True)
@given(marcs=st.lists(MARCS, min_size=1, max_size=3), format=st.sampled_from(list(writers.WRITERS)))
def test_any_record_survives_being_written_and_read(tmp_path_factory, marcs: list[Marc], format):
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(written(marcs, format))
    words = {"format": {"ndjson": "json"}.get(format, format), "encoding": "utf-8"}
    assert fields(list(formats.read(path, **words))) == [one["fields"] for one in marcs]


class TestXml:
    """MARCXML, also where it is wrapped or damaged."""

    INNER = writers.marcxml(BOOKS[0]).decode().strip()

    def test_records_within_sru_and_oai_are_found_once(self, read_bytes):
        sru = (
            '<?xml version="1.0"?><z:searchRetrieveResponse xmlns:z="http://www.loc.gov/zing/srw/">'
            f"<z:records><z:record><z:recordData>{self.INNER}</z:recordData></z:record></z:records>"
            "</z:searchRetrieveResponse>"
        )
        assert titles(read_bytes(sru.encode())) == ["Dế Mèn"]
        oai = (
            "<OAI-PMH><ListRecords><record><header><identifier>oai:x:1</identifier></header>"
            f"<metadata>{self.INNER}</metadata></record><record><header status='deleted'>"
            "<identifier>oai:x:2</identifier></header></record></ListRecords></OAI-PMH>"
        )
        found = read_bytes(oai.encode())
        assert titles(found) == ["Dế Mèn"]
        (gone,) = [one.problem for one in found if one.problem]
        assert (gone.code, gone.detail) == ("deleted_at_source", "oai:x:2")

    def test_a_broken_record_harms_no_neighbor(self, read_bytes):
        broken = self.INNER.replace("</subfield>", "", 1).replace("</datafield>", "", 1)
        data = f"<collection>{self.INNER}\n{broken}<</b>\n{self.INNER}</collection>"
        found = read_bytes(data.encode())
        assert titles(found).count("Dế Mèn") >= 2
        assert sum(one.position > 0 for one in found) == 3

    def test_bare_signs_are_mended_and_told(self, read_bytes):
        found = read_bytes(self.INNER.replace("Dế Mèn", "Dế & Mèn < 3").encode())
        assert titles(found) == ["Dế & Mèn < 3"]
        assert repairs(found) == {"xml"}

    def test_no_entity_reads_a_file(self, read_bytes, tmp_path):
        secret = tmp_path / "secret"
        secret.write_text("bí mật")
        evil = f'<!DOCTYPE r [<!ENTITY x SYSTEM "file://{secret}">]>' + self.INNER.replace(
            "Dế Mèn", "&x;"
        )
        assert "bí mật" not in str(fields(read_bytes(evil.encode())))

    @pytest.mark.parametrize("coding", ["utf-16-le", "utf-16-be"])
    def test_utf16_is_read(self, read_bytes, coding):
        bom = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}[coding]
        data = bom + f"<collection>{self.INNER}</collection>".encode(coding)
        assert titles(read_bytes(data)) == ["Dế Mèn"]


class TestJson:
    """MARC-in-JSON and its dialects."""

    def test_pretty_printed_objects_one_after_another_are_read(self, read_bytes):
        data = "\n".join(json.dumps(one, ensure_ascii=False, indent=1) for one in BOOKS)
        assert fields(read_bytes(data.encode())) == [one["fields"] for one in BOOKS]

    def test_the_other_dialect_is_read(self, read_bytes):
        one = {
            "leader": BOOKS[0]["leader"],
            "fields": [
                {"tag": "001", "value": "a1"},
                {
                    "tag": "245",
                    "ind1": "1",
                    "ind2": "0",
                    "subfields": [{"code": "a", "value": "Dế Mèn"}],
                },
            ],
        }
        assert titles(read_bytes(json.dumps([one, one]).encode())) == ["Dế Mèn", "Dế Mèn"]

    def test_a_broken_line_harms_no_neighbor(self, read_bytes):
        lines = written(BOOKS, "ndjson").splitlines()
        lines[1] = lines[1][: len(lines[1]) // 2]
        found = read_bytes(b"\n".join(lines))
        assert titles(found) == ["Dế Mèn", "Tắt đèn"]
        (told,) = [one for one in found if one.problem]
        assert (told.problem.code, told.control_number) == ("json_damaged", "a2")

    def test_a_comma_too_many_is_mended_and_what_is_no_record_is_told(self, read_bytes):
        data = b'{"leader": "", "fields": [{"001": "x"},], "_id": 5}'
        found = read_bytes(data)
        assert {"json", "members", "leader_missing"} <= repairs(found)

    def test_a_name_given_twice_loses_nothing(self, read_bytes):
        data = '{"leader":"","fields":[{"650":{"ind1":" ","ind2":" ","subfields":[{"a":"1","a":"2"}]}}]}'
        (one,) = read_bytes(data.encode())
        assert one.marc["fields"][0]["650"]["subfields"] == [{"a": "1"}, {"a": "2"}]


class TestLines:
    """Formats of lines."""

    def test_names_in_braces_are_written_out(self):
        assert (
            named("5{dollar} {lcub}x{rcub} {Dstrok}a{acute}o {unknown}")
            == "5$ {x} Đao\u0301 {unknown}"
        )

    def test_mrk_with_lines_gone_on_and_crlf(self, read_bytes):
        data = "=LDR  00000nam\\a2200000\\a\\4500\r\n=245  10$aDế Mèn\r\nphiêu lưu ký\r\n\r\n=245  00$aHai\r\n"
        found = read_bytes(data.encode())
        assert titles(found) == ["Dế Mèn phiêu lưu ký", "Hai"]
        assert {"line_breaks", "leader_missing"} <= repairs(found)

    def test_aleph_sequential(self, read_bytes):
        data = (
            "000000001 LDR   L ^^^^^nam^a22^^^^^^a^4500\n000000001 008   L 2019^^\n"
            "000000001 24510 L $$aDế Mèn$$bphiêu lưu ký\n000000001 FMT   L BK\n"
            "000000002 LDR   L -----nam-a22------a-4500\n000000002 008   L 2019--\n"
            "000000002 2450  L $$aSố đỏ\n"
        )
        found = read_bytes(data.encode())
        assert titles(found) == ["Dế Mèn", "Số đỏ"]
        assert [one.control_number for one in found] == ["000000001", "000000002"]
        assert found[0].marc["fields"][1] == found[1].marc["fields"][1] == {"008": "2019  "}
        assert {"FMT": "BK"} in found[0].marc["fields"]
        assert "control_number" in repairs(found)


class TestEncodings:
    """Vietnamese from before Unicode."""

    TEXT = "Truyện ngắn Việt Nam hiện đại: tuyển tập những truyện ngắn hay được bạn đọc yêu thích"
    TCVN3 = "TruyÖn ng¾n ViÖt Nam hiÖn ®¹i: tuyÓn tËp nh÷ng truyÖn ng¾n hay ®­îc b¹n ®äc yªu thÝch"

    def file(self) -> bytes:
        marc = book("Đ" * 40)
        raw = iso(*[marc] * 3)
        old = self.TCVN3.encode("latin-1")
        return raw.replace(("Đ" * 40).encode(), old[:80]).replace(
            "Nguyễn Văn Ấy".encode(), b"x" * 19
        )

    def test_tcvn3_is_found_and_can_be_chosen_otherwise(self, tmp_path):
        path = tmp_path / "old.mrc"
        path.write_bytes(
            self.file()
            .replace("Văn học".encode(), b"V\xa8n h\xe4c  ")
            .replace("Việt".encode(), b"Vi\xd6t  ")
        )
        guess = formats.recognize(path)
        assert guess.encoding == "tcvn3"
        assert self.TEXT[:20] in dict(guess.alternatives)["tcvn3"]
        assert titles(formats.read(path))[0].startswith("Truyện ngắn Việt Nam hiện đại")
        chosen = titles(formats.read(path, encoding="windows-1252"))[0]
        assert chosen.startswith("TruyÖn ng¾n")

    def test_a_file_in_unicode_made_of_misread_text_is_repaired(self, tmp_path):
        path = tmp_path / "old.mrc"
        path.write_bytes(iso(*[book(self.TCVN3)] * 3))
        found = list(formats.read(path))
        assert titles(found)[0] == self.TEXT
        assert "mojibake" in repairs(found)

    def test_an_unknown_encoding_is_refused(self, tmp_path):
        path = tmp_path / "f"
        path.write_bytes(iso(BOOKS[0]))
        with pytest.raises(KeyError):
            list(formats.read(path, encoding="klingon"))
        assert Reading().is_plain


def test_a_damaged_archive_gives_what_is_before_the_damage(tmp_path):
    data = gzip.compress(iso(*BOOKS * 400), mtime=0)
    path = tmp_path / "f.gz"
    path.write_bytes(data[: len(data) * 2 // 3])
    found = list(formats.read(path))
    assert len(titles(found)) > 100
    assert found[-1].problem.code == "compression_damaged"


def test_what_nobody_knows_is_listed_whole(read_bytes):
    (one,) = read_bytes(b"Kinh gui thu vien")
    assert (one.problem.code, one.byte_start, one.byte_end) == ("unknown_format", 0, 17)
