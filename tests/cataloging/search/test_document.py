"""What the index holds of a record."""

from cataloging.marc.project import Projection, project
from cataloging.search.document import ItemFacts, RecordFacts, build_document, facet_values
from cataloging.search.fields import fields
from tests.cataloging.search.corpus import BOOKS, marc_of

BOOK = Projection(
    title="Dế Mèn phiêu lưu ký",
    title_sort="DEa4 MEN1",
    subtitle="truyện dài",
    other_titles=("Con dế mèn",),
    author="Tô Hoài",
    authors=("Tô Hoài", "Ngô Mạnh Lân"),
    subjects=("truyện thiếu nhi", "Loài vật."),
    year=1941,
    languages=("vie", "fre"),
    isbns=("9786041004757",),
    issns=("1859-2871",),
    class_number="895.9223",
)


def test_words_are_kept_folded_and_exact():
    document = build_document(BOOK, RecordFacts(7, 3))
    assert document["title"] == "de men phieu luu ki truyen dai ¦ con de men"
    assert document["title_exact"] == "dế mèn phiêu lưu kí truyện dài ¦ con dế mèn"
    assert document["author"] == "to hoai ¦ ngo manh lan"
    assert document["title_whole"] == ["de men phieu luu ki", "con de men"]
    assert "hoai" in document["every"].split()
    assert "hoài" in document["every_exact"].split()
    assert "¦" not in document["every"]
    assert len(document["every"].split()) == len(set(document["every"].split()))


def test_numbers_and_facets():
    document = build_document(BOOK, RecordFacts(7, 3))
    assert document["id"] == 7
    assert document["version"] == 3
    assert document["isbn"] == ["9786041004757"]
    assert document["issn"] == ["18592871"]
    assert document["facet_year"] == 1941
    assert document["facet_language"] == ["vie", "fre"]
    assert document["facet_subject"] == ["Truyện thiếu nhi", "Loài vật"]
    assert "hidden" not in document
    assert "facet_library" not in document


def test_copies_tell_where_it_is_and_where_it_can_be_had():
    items = (ItemFacts(1, 11, True, "895 T450H"), ItemFacts(1, 12, False), ItemFacts(2, 21, False))
    document = build_document(BOOK, RecordFacts(7, 3, hidden=True, items=items))
    assert document["facet_library"] == [1, 2, 11, 12, 21]
    assert document["facet_available_at"] == [0, 1, 11]
    assert document["shelf"] == "895 9223 ¦ 895 t450h"
    assert document["hidden"] == 1


def test_an_empty_record_has_a_document_that_sorts_last():
    document = build_document(Projection(), RecordFacts(1, 1))
    assert document["title_sort"] == "~"
    assert document["every"] == ""


def test_facet_values_are_leveled():
    assert facet_values(["tiểu thuyết", "Tiểu thuyết.", " ", "thơ ;"]) == ["Tiểu thuyết", "Thơ"]


def test_every_field_named_in_the_file_is_an_attribute_of_the_projection():
    for part in (*fields().words, *fields().numbers):
        for source in part.sources:
            for name in source.split():
                assert hasattr(BOOK, name), name


def test_every_book_of_the_list_makes_a_document():
    for book in BOOKS:
        document = build_document(project(marc_of(book)), RecordFacts(1, 1))
        assert document["title"]
