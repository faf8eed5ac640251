"""The made-up books: always the same, well-formed, skewed as real titles are."""

from collections import Counter

from bench.books import book, isbn_of, marc_of
from bench.province import Library
from bench.search import KINDS, questions, telex_keys
from cataloging.marc.numbers import isbn13
from cataloging.marc.project import project
from ils.text.typing_keys import telex
from ils.text.words import exact_words, folded_words


def test_a_book_depends_on_its_number_alone() -> None:
    backwards = {n: book(n) for n in reversed(range(200))}
    assert [book(n) for n in range(200)] == [backwards[n] for n in range(200)]
    assert len({book(n).title for n in range(200)}) > 180


def test_isbns_have_right_check_digits_and_differ() -> None:
    made = [isbn_of(n) for n in range(2000)]
    assert all(isbn13(one) == one for one in made)
    assert len(set(made)) == len(made)


def test_a_record_projects_to_the_book_it_was_made_of() -> None:
    for number in range(50):
        one = book(number)
        seen = project(marc_of(one))
        assert seen.title == one.title
        assert seen.author == one.author
        assert seen.year == one.year
        assert seen.language == one.language
        assert list(seen.isbns) == ([one.isbn] if one.isbn else [])
        assert seen.class_number == one.class_number
        assert set(one.subjects) <= set(seen.subjects)


def test_few_words_are_common_and_most_are_rare() -> None:
    titles = [folded_words(exact_words(book(n).title)) for n in range(5000)]
    found = Counter(word for title in titles for word in set(title.split()))
    commonest = found.most_common(1)[0][1] / len(titles)
    assert 0.08 < commonest < 0.3
    assert sum(count <= 2 for count in found.values()) > len(found) / 2


def test_telex_keys_are_read_back_as_what_was_meant() -> None:
    for word in ("tiếng", "việt", "đường", "lịch", "sử", "người", "trẻ", "hoàng", "ăn"):
        assert telex(telex_keys(word)) == word


def test_questions_are_the_same_each_time_and_of_every_kind() -> None:
    libraries = [Library(1, "a", (2,)), Library(3, "b", (4,))]
    asked = questions(1000, libraries, each=4)
    assert asked == questions(1000, libraries, each=4)
    assert Counter(one.kind for one in asked) == dict.fromkeys([*KINDS, "filters chosen"], 4)
    assert all(one.request.facets and one.request.query for one in asked)
