"""``./sen bench search``: how fast readers are answered, at a million records by default.

Makes the records in a scratch folder through the catalogue's writer, builds the index as
``./sen search rebuild`` does, then asks what readers ask: the same function the pages use, always
with facets and the exact total, and never twice the same question to the program's memory.
"""

import gc
import threading
import time
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Final

from bench.books import SEED, book
from bench.measure import Results, memory_mb, scratch, scratch_database, size_mb, tell
from bench.province import Library, found_province, stock
from cataloging.search import SearchRequest, follow, search
from cataloging.search.query import forget_answers
from ils.core.config import Config
from ils.core.db import reading
from ils.text.normal import exact, fold

RECORDS: Final = 1_000_000
LIBRARIES: Final = 15
EACH: Final = 60  # questions of each kind
COMMON: Final = ("giới thiệu", "gioi", "và", "học", "Việt", "truyen", "văn", "của")

_TELEX_TONE: Final = {"\u0300": "f", "\u0301": "s", "\u0309": "r", "\u0303": "x", "\u0323": "j"}
_TELEX_SHAPE: Final = {"\u0302": "", "\u0306": "w", "\u031b": "w"}


def run(records: int | None = None, as_json: bool = False) -> None:
    """Measure and print."""
    count = records or RECORDS
    with scratch("search") as folder, scratch_database(folder) as config:
        _measure(config, count).show(as_json=as_json)


def _measure(config: Config, records: int) -> Results:
    results = Results("search", {"records": records, "libraries": LIBRARIES})
    tell(f"making {records:,} records")
    began = time.perf_counter()
    libraries = found_province(LIBRARIES)
    stock(libraries, records)
    results.add("make", "records made and stored", records / _since(began), "records/s")
    tell("building the index")
    began = time.perf_counter()
    follow.rebuild()
    results.add("build", "index built (from stored records)", records / _since(began), "records/s")
    results.add("index_mb", "index", size_mb(config.index_dir), "MB")
    results.add("database_mb", "database", _database_mb(config), "MB")
    results.add("build_memory_mb", "peak memory while building", memory_mb(what="VmHWM"), "MB")
    tell("asking")
    gc.collect()
    gc.freeze()  # as the web server does once it is loaded
    _ask(results, questions(records, libraries))
    _ask_page(results, config, records)
    results.add("memory_mb", "memory while answering", memory_mb(), "MB")
    return results


def _database_mb(config: Config) -> float:
    return sum(size_mb(file) for file in config.data_dir.glob("sen.db*"))


def _since(began: float) -> float:
    return max(1e-9, time.perf_counter() - began)


# What readers ask.


@dataclass(frozen=True)
class Question:
    """A request and which kind it is."""

    kind: str
    request: SearchRequest


def questions(records: int, libraries: list[Library], each: int = EACH) -> list[Question]:
    """Return the mix, each kind ``each`` times, shuffled; the same for the same size."""
    dice = Random(SEED)
    found = []
    for kind, write in KINDS.items():
        for _ in range(each):
            request = SearchRequest(query=write(dice, dice.randrange(records)), facets=True)
            if dice.random() < 0.3:  # a library's own site
                request = replace(request, library_id=dice.choice(libraries).id)
            found.append(Question(kind, request))
    for _ in range(each):
        words = _title_words(dice, dice.randrange(records), 1)
        found.append(Question("filters chosen", _narrowed(dice, words, libraries)))
    dice.shuffle(found)
    return found


def common_questions(pages: int = 5) -> list[Question]:
    """Return questions of one very common word alone, over their first pages."""
    return [
        Question("common word", SearchRequest(query=word, facets=True, page=page))
        for word in COMMON
        for page in range(1, pages + 1)
    ]


def _narrowed(dice: Random, words: str, libraries: list[Library]) -> SearchRequest:
    filters: dict[str, tuple[str, ...]] = {"language": ("vie",), "year": ("2010", "2020")}
    if dice.random() < 0.5:
        filters = {"available": ("1",), "library": (str(dice.choice(libraries).id),)}
    sort = dice.choice(("relevance", "title", "year"))
    return SearchRequest(query=words, filters=filters, sort=sort, facets=True)


def _title_words(dice: Random, number: int, least: int = 2) -> str:
    words = book(number).title.split()
    count = min(len(words), dice.randint(least, 4))
    start = dice.randint(0, len(words) - count)
    return " ".join(words[start : start + count])


def _half_typed(dice: Random, number: int) -> str:
    words = _title_words(dice, number, 3).split()
    return " ".join(fold(exact(w)) if at % 2 else w for at, w in enumerate(words))


def _telex(dice: Random, number: int) -> str:
    return telex_keys(_title_words(dice, number))


def telex_keys(text: str) -> str:
    """Return the keystrokes that write a text by Telex, as they look with the keyboard off."""
    return " ".join(map(_word_keys, text.lower().split()))


def _word_keys(word: str) -> str:
    keys, tone, last = "", "", ""
    for char in unicodedata.normalize("NFD", word.replace("đ", "dd")):
        if char in _TELEX_TONE:
            tone = _TELEX_TONE[char]
        elif char in _TELEX_SHAPE:
            keys += _TELEX_SHAPE[char] or last
        else:
            keys += char
            last = char
    return keys + tone


def _with_typo(dice: Random, number: int) -> str:
    words = fold(exact(_title_words(dice, number))).split()
    at = max(range(len(words)), key=lambda one: len(words[one]))
    word = words[at]
    cut = dice.randrange(max(1, len(word) - 1))
    if len(word) > 2:
        words[at] = word[:cut] + dice.choice("bcdghlmnprstvx") + word[cut + 1 :]
    return " ".join(words)


KINDS: Final[dict[str, Callable[[Random, int], str]]] = {
    "marks typed": _title_words,
    "marks not typed": lambda dice, n: fold(exact(_title_words(dice, n))),
    "marks half typed": _half_typed,
    "title and author": lambda dice, n: f"{_title_words(dice, n)} {book(n).author.split()[-1]}",
    "telex keystrokes": _telex,
    "one typo": _with_typo,
    "phrase": lambda dice, n: f'"{_title_words(dice, n)}"',
    "isbn": lambda dice, n: book(n - n % 5 + 1).isbn,
    "call number": lambda dice, n: book(n).call_number,
    "whole title": lambda dice, n: book(n).title,
    "barcode": lambda dice, n: book(n).barcode,
}


# Asking.


def _ask(results: Results, asked: list[Question]) -> None:
    for question in asked[:20]:  # files into memory, as after a morning's use
        _timed(question.request)
    forget_answers()
    times: dict[str, list[float]] = {}
    for question in asked:
        times.setdefault(question.kind, []).append(_timed(question.request))
    every = [one for several in times.values() for one in several]
    results.times("mix", "search, facets and total, whole mix", every, p95_at_most=50)
    for kind in [*KINDS, "filters chosen"]:
        ordered = times.get(kind, [])
        key = kind.replace(" ", "_")
        results.times(key, kind, ordered)
    forget_answers()
    common = [_timed(question.request) for question in common_questions()]
    results.times("common", "one very common word alone", common, p95_at_most=100)
    again = [_timed(question.request) for question in common_questions()]
    results.times("again", "the same asked again", again)
    forget_answers()
    _ask_together(results, asked)


def _timed(request: SearchRequest) -> float:
    began = time.perf_counter()
    with reading() as session:
        search(session, request)
    return time.perf_counter() - began


def _ask_together(results: Results, asked: list[Question]) -> None:
    """Ask from two threads at once, as two cores allow."""
    began = time.perf_counter()
    halves = [asked[::2], asked[1::2]]
    threads = [
        threading.Thread(target=lambda half=half: [_timed(one.request) for one in half])
        for half in halves
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    results.add("rate", "two threads at once", len(asked) / _since(began), "searches/s")


def _ask_page(results: Results, config: Config, records: int) -> None:
    """Ask for the public results page, whole, in process: search, rows, template, gzip."""
    from ils.app import create_app
    from opac.visits import flush

    client: Any = create_app(config).test_client()
    dice, times = Random(SEED + 1), []
    headers = {"Accept-Encoding": "gzip"}
    client.get("/search?q=s%C3%A1ch", headers=headers)
    for _ in range(EACH):
        words = _title_words(dice, dice.randrange(records))
        began = time.perf_counter()
        answer = client.get("/search", query_string={"q": words}, headers=headers)
        times.append(time.perf_counter() - began)
        assert answer.status_code == 200, answer.status
    flush()
    results.times("page", "results page, whole, without the network", times)
