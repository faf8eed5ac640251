"""The one entry to searching, used by the public site, the desk and the API alike.

``search`` reads the query, asks the index as typed and, only when that finds nothing, tries what
may have been meant: raw keystrokes, one typo, not all of the words. Without an index the database
answers. No decision of the library ever rests on what the index says.
"""

import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.models import Record
from cataloging.search import fallback, index, spelling
from cataloging.search.facets import Counts, counts_of, labeled
from cataloging.search.fields import fields
from cataloging.search.lookup import copy_number, records_of_number
from cataloging.search.parse import Parsed, Word, parse
from cataloging.search.request import (
    MOST_ON_A_PAGE,
    Correction,
    SearchRequest,
    SearchResult,
)
from ils.text.typing_keys import readings
from ils.text.words import exact_words, folded_words

DEEPEST: Final = 20_000  # results behind this one are not paged to; filters get there
RARE: Final = 20  # a known word in so few records, and in few of all, may be a slip
MOST_SIDE_BY_SIDE: Final = 6  # words of a query tried as a title with one slip
ALL_CANDIDATES: Final = 24  # words tried in the place of each
# What readers call any book, and records do not say (sách, cuốn, quyển, tập, bộ).
ANY_BOOK: Final = frozenset({"sach", "cuon", "quyen", "tap", "bo", "book", "books"})
_KEPT: Final = 512
_PLAIN_WORD: Final = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Answer:
    """What the index says to one reading of a query."""

    total: int
    ids: tuple[int, ...]
    counts: Counts
    exact: int | None = None


def search(session: Session, request: SearchRequest) -> SearchResult:
    """Answer a reader's question. Never fails for what was typed."""
    request = _sound(request)
    if _only_signs(request.query):
        return SearchResult(total=0, page=1, pages=1, ids=())
    snapshot = index.snapshot()
    if snapshot is None:
        return fallback.search(session, request)
    engine = _Engine(snapshot, request)
    number, certain = copy_number(request.query)
    if certain and (found := _by_number(session, engine, number)):
        return found
    parsed = parse(request.query)
    answer = engine.ask(parsed)
    if answer.total:
        return _result(session, request, answer)
    if number and not certain and (found := _by_number(session, engine, number)):
        return found
    for kind, text, other in _otherwise(request.query, parsed, engine):
        answer = engine.ask(other)
        if answer.total:
            written = _with_marks(session, text or request.query, other, answer.ids)
            correction = Correction(kind, written)
            return replace(_result(session, request, answer), correction=correction)
    return _result(session, request, answer)


def matching_ids(session: Session, request: SearchRequest) -> Iterator[int]:
    """Yield the ids of everything a question finds as typed, in the order of ids (for exports)."""
    request = replace(_sound(request), facets=False, sort="relevance")
    if _only_signs(request.query):
        return
    snapshot = index.snapshot()
    if snapshot is None:
        yield from fallback.matching_ids(session, request)
        return
    yield from _Engine(snapshot, request).every_id(parse(request.query))


def _only_signs(query: str) -> bool:
    """Tell whether something was typed, and nothing of it is a letter or a digit: ``???``."""
    return bool(query.strip()) and not any(char.isalnum() for char in query)


def _sound(request: SearchRequest) -> SearchRequest:
    """Bring page, size and sort within bounds."""
    sort = request.sort if request.sort in fields().sorts else "relevance"
    if sort == "relevance" and not request.query.strip():
        sort = "newest"
    size = max(1, min(request.page_size, MOST_ON_A_PAGE))
    page = max(1, min(request.page, DEEPEST // size))
    filters = {name: tuple(values) for name, values in request.filters.items() if values}
    return replace(request, sort=sort, page_size=size, page=page, filters=filters)


def _by_number(session: Session, engine: "_Engine", number: str) -> SearchResult | None:
    ids = records_of_number(session, number, hidden=engine.request.hidden)
    if not ids:
        return None
    answer = engine.ask_records(ids)
    if not answer.total and not engine.request.filters and engine.request.library_id is None:
        answer = Answer(len(ids), ids, {})  # too new for the index
    return _result(session, engine.request, answer) if answer.total else None


def _result(session: Session, request: SearchRequest, answer: Answer) -> SearchResult:
    reachable = min(answer.total, DEEPEST)
    return SearchResult(
        total=answer.total,
        page=request.page,
        pages=max(1, -(-reachable // request.page_size)),
        ids=answer.ids,
        facets=labeled(session, answer.counts, request) if request.facets else {},
        exact=answer.exact,
    )


# What may have been meant.


def _otherwise(typed: str, parsed: Parsed, engine: "_Engine") -> Iterator[tuple[str, str, Parsed]]:
    """Yield other readings of a query that finds nothing: kind, text if known, query."""

    def known(word: str) -> bool:
        return all(map(engine.frequency, folded_words(exact_words(word)).split()))

    for text in readings(typed, known):
        yield "keystrokes", text, parse(text)
    for change in _slips(parsed, engine):
        if change:
            yield "spelling", "", parsed.with_words(change)
    yield from _some_words(parsed, engine)


def _slips(parsed: Parsed, engine: "_Engine") -> Iterator[dict[Word, Word]]:
    """Yield what may stand for mistyped words, the surest first."""
    words = [word for word in _mendable(parsed) if not word.prefix]

    def mended(doubt: Callable[[Word, "_Engine"], bool]) -> dict[Word, Word]:
        return _mended([word for word in words if doubt(word, engine)], engine.frequency)

    yield mended(_unknown)
    yield from _side_by_side(parsed, engine)
    yield mended(_unknown_marks)
    yield mended(_rare)


def _mendable(parsed: Parsed) -> list[Word]:
    return [
        word
        for either in parsed.clauses
        for clause in either
        if not clause.excluded
        for word in clause.words
    ]


def _unknown(word: Word, engine: "_Engine") -> bool:
    return not engine.frequency(word.folded)


def _unknown_marks(word: Word, engine: "_Engine") -> bool:
    """Tell whether nobody ever wrote the word so, though others are written like it (vạng)."""
    return _unknown(word, engine) or (word.marked and not engine.exact_frequency(word.exact))


def _rare(word: Word, engine: "_Engine") -> bool:
    """Tell whether a word may be a slip although it occurs; marks found as typed speak for it."""
    if _unknown_marks(word, engine):
        return True
    return not word.marked and engine.frequency(word.folded) <= min(RARE, engine.records // 100)


def _mended(words: list[Word], frequency: Callable[[str], int]) -> dict[Word, Word]:
    """Return words with what else will do. An unknown word is replaced, a known one joined."""
    found: dict[Word, Word] = {}
    for word in words:
        count = frequency(word.folded)
        likelier = 1 if word.marked else 2 * count
        others = spelling.candidates(word.folded, frequency, at_least=max(1, likelier))
        if others:
            found[word] = replace(word, folded=word.folded if count else "", others=others)
    return found


def _side_by_side(parsed: Parsed, engine: "_Engine") -> Iterator[dict[Word, Word]]:
    """Yield the change of one word that makes all of them stand together in a title or a name.

    Mends a common word typed for another (*đắt nhân tâm*), which alone says nothing of a slip.
    """
    words = parsed.free
    if not 2 <= len(words) <= MOST_SIDE_BY_SIDE or len(parsed.clauses) != len(words):
        return
    for at, word in enumerate(words):
        before, after = words[:at], words[at + 1 :]
        for other in spelling.candidates(word.folded, engine.frequency, most=ALL_CANDIDATES):
            folded = [*(w.folded for w in before), other, *(w.folded for w in after)]
            if engine.together(folded):
                yield {word: replace(word, folded="", others=(other,))}


def _some_words(parsed: Parsed, engine: "_Engine") -> Iterator[tuple[str, str, Parsed]]:
    """Leave out one word: a name for any book first, then, of three or more, the rarest first,
    which is oftenest the wrong one.
    """
    words = parsed.free
    if not 2 <= len(words) <= 12:
        return
    named = [word for word in words if word.folded in ANY_BOOK]
    others = sorted(set(words).difference(named), key=lambda word: engine.frequency(word.folded))
    for left_out in [*named, *(others if len(words) > 2 else ())]:
        clauses = tuple(
            tuple(
                replace(clause, words=tuple(w for w in clause.words if w is not left_out))
                for clause in either
            )
            for either in parsed.clauses
        )
        kept = tuple(either for either in clauses if all(clause.words for clause in either))
        yield "some_words", "", replace(parsed, clauses=kept)


def _with_marks(session: Session, typed: str, parsed: Parsed, ids: tuple[int, ...]) -> str:
    """Write a mended query as the records found write its words; marks typed stay as typed."""
    rows = session.execute(select(Record.title, Record.author).where(Record.id.in_(ids[:10])))
    written: dict[str, dict[str, int]] = {}
    for title, author in rows:
        for word in _PLAIN_WORD.findall(f"{title} {author}".lower()):
            forms = written.setdefault(folded_words(exact_words(word)), {})
            forms[word] = forms.get(word, 0) + 1
    own = {exact_words(word): word for word in typed.lower().split()}

    def said(word: Word) -> str:
        forms = next((written[term] for term in word.terms if term in written), {})
        if word.marked or not forms:
            return own.get(word.exact, word.exact)
        return max(forms, key=lambda form: forms[form])

    return " ".join(said(word) for word in _mendable(parsed))


# Asking the index.

_cache: OrderedDict[tuple[Any, ...], Answer] = OrderedDict()
_cache_lock = threading.Lock()


def forget_answers() -> None:
    """Forget what was asked before (to measure what an answer costs)."""
    with _cache_lock:
        _cache.clear()


class _Engine:
    """One request against one snapshot."""

    def __init__(self, snapshot: index.Snapshot, request: SearchRequest) -> None:
        from cataloging.search.compile import Compiler  # needs the engine's wheel

        self.request = request
        self._searcher = snapshot.searcher
        self._state = snapshot.state
        self._compiler = Compiler(snapshot)

    @property
    def records(self) -> int:
        """How many records there are."""
        return int(self._searcher.num_docs)

    def frequency(self, folded: str) -> int:
        """Return in about how many records a folded word occurs."""
        return int(self._searcher.doc_freq("every", folded))

    def exact_frequency(self, exact: str) -> int:
        """Return in about how many records a word occurs with these marks."""
        return int(self._searcher.doc_freq("every_exact", exact))

    def together(self, folded: list[str]) -> bool:
        """Tell whether folded words stand side by side in a title or an author's name."""
        return bool(self._searcher.search(self._compiler.together(folded), 1, count=False).hits)

    def ask(self, parsed: Parsed) -> Answer:
        """Return one page of what a query finds, from memory if it was just asked."""
        request = self.request
        key = (
            self._state, parsed, request.library_id, tuple(sorted(request.filters.items())),
            request.sort, request.page, request.page_size, request.facets, request.hidden,
        )  # fmt: skip
        with _cache_lock:
            if key in _cache:
                _cache.move_to_end(key)
                return _cache[key]
        answer = self._ask(parsed)
        with _cache_lock:
            _cache[key] = answer
            while len(_cache) > _KEPT:
                _cache.popitem(last=False)
        return answer

    def ask_records(self, ids: tuple[int, ...]) -> Answer:
        """Return known records as a result, within the scope and the chosen facet values."""
        return self._run([self._compiler.records(ids)], [], None)

    def _ask(self, parsed: Parsed) -> Answer:
        matching = self._compiler.matching(parsed)
        by_relevance = self.request.sort == "relevance"
        ranking = self._compiler.ranking(parsed) if by_relevance else []
        fast = self._compiler.single_word(parsed) if by_relevance else None
        answer = self._run(matching, ranking, fast)
        if parsed.marked and answer.total:
            answer = replace(answer, exact=self._exact(parsed, matching, answer.total))
        return answer

    def _exact(self, parsed: Parsed, matching: Any, total: int) -> int:
        """Count the results with every mark as typed; phrases find no others anyway."""
        in_phrases = {word for words in parsed.phrases for word in words}
        if in_phrases.issuperset(parsed.marked):
            return total
        return self._count([*matching, *self._compiler.exactly(parsed), *self._chosen()])

    def _chosen(self, without: str = "") -> Any:
        request = self.request
        return self._compiler.chosen(
            request.library_id, request.filters, hidden=request.hidden, without=without
        )

    def _run(self, matching: Any, ranking: Any, fast: Any) -> Answer:
        """Search and count. ``fast`` may stand for the whole query while nothing is chosen."""
        request, chosen = self.request, self._chosen()
        counts: Counts = {}
        if request.facets:
            counts = counts_of(
                self._searcher,
                lambda without: self._combined([*matching, *self._chosen(without)]),
                tuple(request.filters),
            )
        if fast is not None and not chosen:
            ids, _ = self._page(fast, count=False)
            total = self._count(matching)
        else:
            ids, total = self._page(self._combined([*matching, *chosen, *ranking]), count=True)
        return Answer(total, ids, counts)

    def _page(self, query: Any, *, count: bool) -> tuple[tuple[int, ...], int]:
        request, sort = self.request, fields().sorts[self.request.sort]
        ordered = (
            {"order_by_field": sort.field, "order": self._compiler.order(sort.descending)}
            if sort.field
            else {}
        )
        found = self._searcher.search(
            query,
            request.page_size,
            count=count,
            offset=(request.page - 1) * request.page_size,
            **ordered,
        )
        return self._ids(found), found.count if count else 0

    def _ids(self, found: Any) -> tuple[int, ...]:
        addresses = [address for _, address in found.hits]
        values = self._searcher.fast_field_values("id", addresses) if addresses else []
        return tuple(int(value) for value in values)

    def _count(self, clauses: Any) -> int:
        return int(self._searcher.search(self._combined(clauses), 1, count=True).count)

    def _combined(self, clauses: Any) -> Any:
        return self._compiler.combined(clauses)

    def every_id(self, parsed: Parsed, batch: int = 5000) -> Iterator[int]:
        """Yield all ids found, in ascending order."""
        clauses = [*self._compiler.matching(parsed), *self._chosen()]
        last = 0
        while True:
            query = self._combined([*clauses, self._compiler.after(last)])
            order = self._compiler.order(descending=False)
            ids = self._ids(
                self._searcher.search(query, batch, count=False, order_by_field="id", order=order)
            )
            yield from ids
            if len(ids) < batch:
                return
            last = ids[-1]
