"""Turning a query as understood into queries of the index: what matches, and what ranks first.

Matching is done on few, cheap fields (``every``: all words of a record, without positions).
Ranking adds, only for what matches: where a word stands (title before note), whether the words
stand together, and, above all else, how many words have their marks exactly as typed.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

import tantivy

from cataloging.search.chosen import available_places, numbers_in, year_spans
from cataloging.search.fields import Words, fields
from cataloging.search.index import Snapshot
from cataloging.search.parse import Clause, Parsed, Word

Clauses = list[tuple[Any, Any]]

# One word with its marks as typed outweighs everything else together.
EXACT: Final = 1000.0
WHOLE_TITLE: Final = 300.0
PHRASE: Final = {"title": 6.0, "author": 6.0, "subject": 3.0, "series": 2.0, "note": 1.0}
PAIR: Final = 1.5
AS_TYPED: Final = 0.5  # a title word without marks, for a word typed without marks
LIGHTEST: Final = 1.0  # parts of a lower weight match but do not rank
# With so many records having each word, notes no longer decide who is on the first pages.
COMMON: Final = 10_000

MUST: Final = tantivy.Occur.Must
SHOULD: Final = tantivy.Occur.Should
MUST_NOT: Final = tantivy.Occur.MustNot

_BASIC: Final = frozenset({"every", "every_exact", "title_whole"})


class Compiler:
    """Builds queries against one snapshot of the index."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._schema = snapshot.schema
        self._parts: dict[str, Words] = {part.name: part for part in fields().words}
        self._searcher = snapshot.searcher
        self._any_hidden = snapshot.searcher.doc_freq("hidden", 1) > 0

    # What matches.

    def matching(self, parsed: Parsed) -> Clauses:
        """Return the clauses that decide whether a record is a result."""
        found: Clauses = []
        for either in parsed.clauses:
            if either[0].excluded:
                found.append((MUST_NOT, self._clause(either[0])))
            else:
                found.append((MUST, self._any([self._clause(clause) for clause in either])))
        for name, keys in parsed.numbers:
            found.append((MUST, self._any([self._raw(name, key) for key in keys])))
        if parsed.years:
            found.append((MUST, self._years(*parsed.years)))
        return found

    def exactly(self, parsed: Parsed) -> Clauses:
        """Return the further clauses that keep only records with every mark as typed."""
        return [(MUST, self._term("every_exact", word.exact)) for word in parsed.marked]

    def _clause(self, clause: Clause) -> Any:
        if clause.phrase:
            return self._phrase(clause)
        queries = [self._word(word, clause.part or "every") for word in clause.words]
        return self._all(queries)

    def _word(self, word: Word, field: str) -> Any:
        if word.prefix:
            return tantivy.Query.regex_query(
                self._schema, field, word.folded.replace("+", r"\+") + ".*"
            )
        return self._any([self._term(field, term) for term in word.terms])

    def _phrase(self, clause: Clause) -> Any:
        """Match words side by side in one part; where marks were typed, with these marks."""
        folded = [word.folded for word in clause.words]
        exact = [word.exact for word in clause.words]
        marked = [self._term("every_exact", word.exact) for word in clause.words if word.marked]
        parts = [self._parts[clause.part]] if clause.part else list(self._parts.values())
        found = []
        for part in parts:
            if marked and part.exact:
                found.append(self._phrase_in(f"{part.name}_exact", exact))
            else:
                found.append(self._all([self._phrase_in(part.name, folded), *marked]))
        return self._any(found)

    # What ranks first.

    def ranking(self, parsed: Parsed) -> Clauses:
        """Return the clauses that only add to the score of what matches."""
        found: list[Any] = []
        for either in parsed.clauses:
            for clause in either:
                if not clause.excluded:
                    found += self._where(clause)
        for word in parsed.marked:
            found.append(
                tantivy.Query.const_score_query(self._term("every_exact", word.exact), EXACT)
            )
        for words in (parsed.free, *parsed.phrases):
            found += self._together(words)
        return [(SHOULD, query) for query in found]

    def _where(self, clause: Clause) -> Iterator[Any]:
        """Score a word by the part it stands in, once more where it has its marks there."""
        parts = [self._parts[clause.part]] if clause.part else self._parts.values()
        for part in parts:
            if part.weight < LIGHTEST and not clause.part:
                continue
            for word in clause.words:
                for term in word.terms:
                    yield self._boosted(self._term(part.name, term), part.weight)
                if word.marked and part.exact:
                    term = self._term(f"{part.name}_exact", word.exact)
                    yield self._boosted(term, part.weight)

    def _together(self, words: Sequence[Word]) -> Iterator[Any]:
        """Score words that stand side by side, and a title that is nothing but the words."""
        folded = [word.terms[0] for word in words if not word.prefix]
        if not folded:
            return
        whole = self._term("title_whole", " ".join(folded))
        yield tantivy.Query.const_score_query(whole, WHOLE_TITLE)
        if len(folded) < 2:
            return
        exact = [word.exact for word in words if not word.prefix]
        seen = 1.0 if any(word.marked for word in words) else AS_TYPED
        common = min(self._searcher.doc_freq("every", word) for word in folded) > COMMON
        for name, weight in PHRASE.items():
            if common and self._parts[name].weight < LIGHTEST:
                continue
            yield self._boosted(self._phrase_in(name, folded), weight)
            if self._parts[name].exact:
                yield self._boosted(self._phrase_in(f"{name}_exact", exact), weight * seen)
        if 3 <= len(folded) <= 6:
            for pair in pairwise(folded):
                yield self._boosted(self._phrase_in("title", list(pair)), PAIR)

    def together(self, folded: list[str]) -> Any:
        """Return a query for words side by side in a title or an author's name."""
        return self._any([self._phrase_in(name, folded) for name in ("title", "author")])

    def single_word(self, parsed: Parsed) -> Any | None:
        """Return a plain union of terms for a query of one unmarked word, else None.

        The engine skips most of the postings of such a union when nobody asks for the count.
        """
        words = parsed.free
        if len(words) != 1 or len(parsed.clauses) != 1 or parsed.numbers or parsed.years:
            return None
        word = words[0]
        if word.marked or word.prefix or word.others:
            return None
        terms = [(SHOULD, self._term("every", word.folded))]
        for part in self._parts.values():
            if part.weight >= LIGHTEST:
                query = self._boosted(self._term(part.name, word.folded), part.weight)
                terms.append((SHOULD, query))
        whole = self._boosted(self._term("title_whole", word.folded), part_weight("title"))
        bare = self._boosted(self._term("title_exact", word.exact), AS_TYPED)
        return tantivy.Query.boolean_query([*terms, (SHOULD, whole), (SHOULD, bare)])

    # What is chosen beside the words.

    def chosen(
        self,
        library_id: int | None,
        filters: Mapping[str, tuple[str, ...]],
        *,
        hidden: bool,
        without: str = "",
    ) -> Clauses:
        """Return the clauses of the scope and the chosen facet values, one facet left out."""
        found: Clauses = []
        if library_id is not None:
            found.append((MUST, self._integer("facet_library", library_id)))
        for name, values in sorted(filters.items()):
            if values and name != without:
                found.append((MUST, self._values(name, values, library_id, filters)))
        if self._any_hidden and not hidden:
            found.append((MUST_NOT, self._integer("hidden", 1)))
        return found

    def _values(
        self,
        name: str,
        values: Sequence[str],
        library_id: int | None,
        filters: Mapping[str, tuple[str, ...]],
    ) -> Any:
        if name == "available":
            places = available_places(library_id, filters)
            return self._any([self._integer("facet_available_at", place) for place in places])
        if name == "year":
            return self._any([self._years(*span) for span in year_spans(values)])
        kinds = {facet.name: facet.kind for facet in fields().facets}
        if kinds.get(name) == "integer":
            return self._any([self._integer(f"facet_{name}", n) for n in numbers_in(values)])
        if name not in kinds:
            return tantivy.Query.empty_query()
        return self._any([self._raw(f"facet_{name}", value) for value in values])

    def records(self, ids: Iterable[int]) -> tuple[Any, Any]:
        """Return the clause that keeps only these records."""
        return MUST, self._any([self._integer("id", one) for one in ids])

    def after(self, record_id: int) -> tuple[Any, Any]:
        """Return the clause that keeps only records with a higher id."""
        kind = tantivy.FieldType.Integer
        highest = 2**62
        return MUST, tantivy.Query.range_query(self._schema, "id", kind, record_id + 1, highest)

    @staticmethod
    def combined(clauses: Clauses) -> Any:
        """Return one query of clauses; without a positive one, of all records but the excluded."""
        if not clauses:
            return tantivy.Query.all_query()
        if all(occur == MUST_NOT for occur, _ in clauses):
            clauses = [(MUST, tantivy.Query.all_query()), *clauses]
        return tantivy.Query.boolean_query(clauses)

    @staticmethod
    def order(descending: bool) -> Any:
        """Return the engine's word for a direction."""
        return tantivy.Order.Desc if descending else tantivy.Order.Asc

    # Pieces.

    def _term(self, field: str, text: str) -> Any:
        option = "basic" if field in _BASIC else "position"
        return tantivy.Query.term_query(self._schema, field, text, option)

    def _raw(self, field: str, text: str) -> Any:
        return tantivy.Query.term_query(self._schema, field, text, "basic")

    def _integer(self, field: str, value: int) -> Any:
        return tantivy.Query.term_query(self._schema, field, value, "basic")

    def _phrase_in(self, field: str, words: list[str]) -> Any:
        return tantivy.Query.phrase_query(self._schema, field, list(words))

    def _years(self, first: int, last: int) -> Any:
        kind = tantivy.FieldType.Integer
        return tantivy.Query.range_query(self._schema, "facet_year", kind, first, last)

    def _boosted(self, query: Any, weight: float) -> Any:
        return tantivy.Query.boost_query(query, weight)

    def _any(self, queries: list[Any]) -> Any:
        if len(queries) == 1:
            return queries[0]
        if not queries:
            return tantivy.Query.empty_query()
        return tantivy.Query.boolean_query([(SHOULD, query) for query in queries])

    def _all(self, queries: list[Any]) -> Any:
        if len(queries) == 1:
            return queries[0]
        return tantivy.Query.boolean_query([(MUST, query) for query in queries])


def part_weight(name: str) -> float:
    """Return the weight of a part."""
    return next(part.weight for part in fields().words if part.name == name)
