"""Records given out: every format is what its readers expect, and loses nothing it has room for."""

import csv
import io
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from cataloging.export import FORMATS, pieces
from cataloging.marc.model import Marc, data_field
from ils.core.db import transaction
from tests.factories import Province, create_record
from tests.setup import find

NAMES = {"m": "http://www.loc.gov/mods/v3", "dc": "http://purl.org/dc/elements/1.1/"}
FIXED = "260101s2020    vm a          000 1 vie d"
# A Vietnamese novel, a translation from English, an article with what other formats could trip over.
NOVEL: Marc = {
    "leader": "00000nam a2200000 i 4500",
    "fields": [
        {"001": "sen00000001"},
        {"003": "VN-Sen"},
        {"008": FIXED},
        data_field("020", " ", " ", ("a", "9786042012348")),
        data_field("082", "0", "4", ("2", "23"), ("a", "895.922334")),
        data_field("100", "0", " ", ("a", "Nguyễn, Nhật Ánh,"), ("e", "tác giả.")),
        data_field("245", "1", "0", ("a", "Mắt biếc :"), ("b", "truyện dài /"), ("c", "N.N. Ánh.")),
        data_field("264", " ", "1", ("a", "H. :"), ("b", "Trẻ,"), ("c", "2020")),
        data_field("300", " ", " ", ("a", "300 tr. ;"), ("c", "20 cm")),
        data_field("650", " ", "7", ("a", "Văn học"), ("z", "Việt Nam"), ("2", "bộ TĐC")),
        data_field("700", "0", " ", ("a", "Đỗ Hoàng Tường"), ("e", "minh họa")),
    ],
}
TRANSLATION: Marc = {
    "leader": "00000nam a2200000 i 4500",
    "fields": [
        {"001": "sen00000002"},
        {"008": FIXED},
        data_field("100", "1", " ", ("a", "Rowling, J. K.")),
        data_field("245", "1", "4", ("a", "The {odd} & <strange> $5_title")),
        data_field("264", " ", "1", ("a", "H."), ("b", "Trẻ"), ("c", "2001")),
        data_field("520", " ", " ", ("a", "=1+1 is no formula;\nER  - is no end.")),
        data_field("700", "0", " ", ("a", "Lý Lan"), ("e", "dịch")),
    ],
}
ARTICLE: Marc = {
    "leader": "00000nab a2200000 i 4500",
    "fields": [
        {"001": "sen00000003"},
        data_field("110", "2", " ", ("a", "Sở Văn hóa and Thể thao")),
        data_field("245", "1", "0", ("a", "Lễ hội làng Sen")),
        data_field("773", "0", " ", ("t", "Văn hóa Nghệ An"), ("g", "Số 5 (2019), tr. 12-19")),
    ],
}
BOOKS = [(1, NOVEL), (2, TRANSLATION), (3, ARTICLE)]


def written(format: str, books: list[tuple[int, Marc]] | None = None) -> str:
    return b"".join(pieces(BOOKS if books is None else books, format)).decode()


def run(*words: str | Path) -> str:
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


@pytest.mark.skipif(not find("yaz-marcdump"), reason="YAZ is not installed")
@pytest.mark.parametrize(("format", "called"), [("iso2709", "marc"), ("marcxml", "marcxml")])
def test_yaz_reads_what_is_given_out_field_for_field(
    tmp_path: Path, format: str, called: str
) -> None:
    file = tmp_path / "out"
    file.write_text(written(format), "utf-8")
    lines = run("yaz-marcdump", "-i", called, "-o", "line", file).splitlines()
    read = [line for line in lines if line and not re.match(r"\d{5}", line)]
    wanted = sum(len(marc["fields"]) for _, marc in BOOKS)
    assert len([line for line in read if re.match(r"\d{3} ", line)]) == wanted
    assert "264  1 $a H. : $b Trẻ, $c 2020" in read


@pytest.mark.skipif(not find("MARC/Lint.pm"), reason="MARC::Lint is not installed")
def test_marc_lint_finds_nothing_wrong_with_how_a_record_is_written(tmp_path: Path) -> None:
    file = tmp_path / "out.mrc"
    file.write_text(written("iso2709", BOOKS[:1]), "utf-8")
    program = (
        "use MARC::Batch; use MARC::Lint; my $l = MARC::Lint->new;"
        "my $b = MARC::Batch->new('USMARC', $ARGV[0]);"
        "while (my $r = $b->next) { $l->check_record($r);"
        ' print "$_\\n" for $b->warnings, $r->warnings, $l->warnings; }'
    )
    said = run("perl", "-e", program, file).splitlines()
    assert said == []


def test_dublin_core_says_who_made_what(tmp_path: Path) -> None:
    found = etree.fromstring(written("dc").encode())
    first = found[0]
    assert [e.text for e in first.findall("dc:creator", NAMES)] == ["Nguyễn Nhật Ánh"]
    assert [e.text for e in first.findall("dc:contributor", NAMES)] == ["Đỗ Hoàng Tường"]
    assert first.findtext("dc:title", namespaces=NAMES) == "Mắt biếc : truyện dài"
    assert first.findtext("dc:date", namespaces=NAMES) == "2020"
    assert "URN:ISBN:9786042012348" in [e.text for e in first.findall("dc:identifier", NAMES)]
    assert found[1].findtext("dc:title", namespaces=NAMES) == "The {odd} & <strange> $5_title"


def test_mods_keeps_names_roles_and_the_parts_of_subjects() -> None:
    found = etree.fromstring(written("mods").encode())
    novel, translation, article = found

    def value(at: Any, path: str) -> list[str]:
        return [str(e.text) for e in at.findall(path, NAMES)]

    assert value(novel, "m:name/m:namePart") == ["Nguyễn Nhật Ánh", "Đỗ Hoàng Tường"]
    assert value(novel, "m:name/m:role/m:roleTerm") == ["aut", "ill"]
    assert value(novel, "m:subject/m:topic") == ["Văn học"]
    assert value(novel, "m:subject/m:geographic") == ["Việt Nam"]
    assert value(novel, "m:titleInfo/m:subTitle") == ["truyện dài"]
    assert value(novel, "m:originInfo/m:issuance") == ["single unit"]
    assert value(novel, "m:classification[@authority='ddc']") == ["895.922334"]
    assert value(translation, "m:titleInfo/m:nonSort") == ["The"]
    assert value(article, "m:relatedItem[@type='host']/m:titleInfo/m:title") == ["Văn hóa Nghệ An"]


def test_ris_has_one_entry_a_title_and_names_in_their_own_order() -> None:
    lines = written("ris").split("\r\n")
    assert [line for line in lines if line.startswith("TY")] == [
        *("TY  - BOOK", "TY  - BOOK", "TY  - JOUR"),
    ]
    assert lines.count("ER  - ") == 3
    assert all(re.match(r"[A-Z][A-Z0-9]  - ", line) for line in lines if line)
    assert "AU  - Nguyễn Nhật Ánh" in lines
    assert "AU  - Rowling, J. K." in lines
    assert "A4  - Lý Lan" in lines
    assert {"T2  - Văn hóa Nghệ An", "SP  - 12", "EP  - 19"} <= set(lines)


def entries(text: str) -> dict[str, dict[str, str]]:
    """Read BibTeX by counting braces: key → fields."""
    found = {}
    for match in re.finditer(r"@(\w+)\{([\w]+),\n", text):
        depth, at = 1, match.end()
        while depth:
            char = text[at]
            if char == "\\":
                at += 1
            depth += (char == "{") - (char == "}")
            at += 1
        body = text[match.end() : at - 1]
        rows = re.findall(r"^  (\w+) = \{(.*)\},?$", body, re.MULTILINE)
        found[match.group(2)] = {"": match.group(1), **dict(rows)}
    return found


def test_bibtex_never_divides_a_vietnamese_name_and_escapes_what_means_something() -> None:
    found = entries(written("bibtex"))
    assert list(found) == ["nguyennhatanh2020_1", "rowlingjk2001_2", "sovanhoaandthethao_3"]
    assert found["nguyennhatanh2020_1"]["author"] == "{Nguyễn Nhật Ánh}"
    strange = found["rowlingjk2001_2"]
    assert strange["author"] == "Rowling, J. K."
    assert strange["title"] == r"{The \{odd\} \& <strange> \$5\_title}"
    article = found["sovanhoaandthethao_3"]
    assert article["author"] == "{Sở Văn hóa and Thể thao}"
    assert (article[""], article["journal"], article["pages"]) == (
        *("article", "Văn hóa Nghệ An", "12--19"),
    )


def test_a_table_opens_in_a_spreadsheet_and_begins_no_formula() -> None:
    text = written("csv")
    assert text.startswith("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    assert rows[0]["title"] == "Mắt biếc"
    assert rows[1]["summary"].startswith("'=1+1")


@pytest.mark.parametrize("format", FORMATS)
def test_a_file_of_no_records_is_a_whole_file(format: str) -> None:
    text = written(format, [])
    if "xml" in FORMATS[format].ending:
        assert len(etree.fromstring(text.encode())) == 0
    elif format == "json":
        assert text == "[]\n"
    elif format == "csv":
        assert text.count("\n") == 1
    else:
        assert text == ""


def test_staff_export_what_they_narrowed_a_search_down_to(
    staff_client: Callable[..., Any], province: Province
) -> None:
    with transaction() as session:
        for title, language in (("Số đỏ", "vie"), ("Số phận", "rus")):
            create_record(session, title, fields=[data_field("041", " ", " ", ("a", language))])
    staff = staff_client("cataloguer")
    address = "/staff/export/?q=số&language=vie&format=csv&act=download"
    text = staff.get(address).data.decode()
    assert "Số đỏ" in text
    assert "Số phận" not in text
    assert text.splitlines()[0].startswith("\ufeffSố biểu ghi")


def test_a_reader_takes_a_title_and_a_list_along_but_nothing_hidden(
    client: Any, province: Province
) -> None:
    with transaction() as session:
        shown, hidden = (create_record(session, title) for title in ("Số đỏ", "Số kín"))
        hidden.suppressed = True
        session.flush()
        ids = shown.id, hidden.id
    one = client.get(f"/record/{ids[0]}/export/ris")
    assert "TI  - Số đỏ" in one.data.decode()
    assert client.get(f"/record/{ids[1]}/export/ris").status_code == 404
    assert client.get(f"/record/{ids[0]}/export/json").status_code == 404
    listed = client.get("/search/export?q=số&format=bibtex").data.decode()
    assert "Số đỏ" in listed
    assert "Số kín" not in listed
