"""The sample's copies: which library holds what, since when, and at what price."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from circulation.sample.books import Book

# How much of the sample a library holds, and which share of its copies lies at which unit.
HOLDS = {"TVT": 0.72, "BS": 0.4, "PL": 0.34, "AH": 0.38}
PLACES = {
    "TVT": {"TVT-TS": 1.0},
    "BS": {"BS-TT": 0.6, "BS-CL": 0.28, "BS-DL": 0.12},
    "PL": {"PL-TT": 0.6, "PL-BD": 0.28, "PL-SM": 0.12},
    "AH": {"AH-TT": 0.7, "AH-TN": 0.3},
}
POPULAR = ("Nguyễn Nhật Ánh", "Tô Hoài", "J. K. Rowling", "Fujiko F. Fujio", "Aoyama Gosho")
ITEM_TYPES = {
    "book": "book",
    "comic": "comic",
    "textbook": "textbook",
    "reference": "reference",
    "local": "local",
    "serial": "periodical",
}
LIFECYCLES = ("active",) * 96 + ("repair", "damaged", "missing", "in_process")


@dataclass(frozen=True)
class Copy:
    """A copy to be accessioned. Opening stock has no voucher and counts as no addition."""

    book: int  # position in the list of books
    library: str
    branch: str
    collection: str
    item_type: str
    use: str
    volume: str
    price: int
    source: str
    voucher: str
    accessioned_on: date
    opening: bool
    lifecycle: str = "active"


def plan(rng: Random, stock: tuple[Book, ...], start: date, end: date) -> list[Copy]:
    """Choose all copies, in the order of their accession."""
    deliveries = _deliveries(start, end)
    copies: list[Copy] = []
    for number, book in enumerate(stock):
        libraries = [library for library in HOLDS if _held(rng, book, library)] or ["TVT"]
        for library in libraries:
            copies += _copies(rng, number, book, library, start, deliveries)
    return sorted(copies, key=lambda c: (c.accessioned_on, c.library, c.collection, c.book))


def _held(rng: Random, book: Book, library: str) -> bool:
    if book.rare:
        return library == "TVT"
    if book.kind == "local":
        return library == "TVT" or rng.random() < 0.3
    if book.kind in ("reference", "serial"):
        return library == "TVT" or rng.random() < 0.35
    if any(name in POPULAR for name in book.authors):
        return rng.random() < 0.8
    return rng.random() < HOLDS[library]


def _copies(
    rng: Random, number: int, book: Book, library: str, start: date, deliveries: list[date]
) -> Iterator[Copy]:
    late = deliveries and book.kind != "serial" and not book.rare and rng.random() < 0.2
    day = rng.choice(deliveries) if late else start - timedelta(days=rng.randint(40, 3900))
    price = book.price or _price(rng, book)
    source = rng.choices(["purchase", "gift", "allotted"], [6, 2, 2])[0]
    voucher = f"P{day:%y%m}-{1 + deliveries.index(day):02d}" if late else ""
    volumes = _volumes(book, library, rng)
    twice = 2 if book.kind in ("book", "textbook") and rng.random() < 0.18 else 1
    for volume in volumes:
        for _ in range(twice):
            yield Copy(
                book=number,
                library=library,
                branch=_branch(rng, book, library),
                collection=_collection(book),
                item_type=ITEM_TYPES[book.kind],
                use=_use(book),
                volume=volume,
                price=price,
                source=source,
                voucher=voucher,
                accessioned_on=day,
                opening=not late,
                lifecycle=rng.choice(LIFECYCLES) if not late and not book.rare else "active",
            )


def _volumes(book: Book, library: str, rng: Random) -> list[str]:
    if book.kind == "serial":
        return ["2023", "2024"] if library == "TVT" else ["2024"]
    if not book.volumes:
        return [""]
    last = book.volumes if library == "TVT" or book.volumes < 4 else rng.randint(2, 4)
    return [f"T.{n}" for n in range(1, last + 1)]


def _branch(rng: Random, book: Book, library: str) -> str:
    places = PLACES[library]
    if library == "AH":
        places = {"AH-TN": 0.75, "AH-TT": 0.25} if book.child else {"AH-TT": 1.0}
    if book.kind in ("reference", "local", "serial"):
        return next(iter(places)) if library != "AH" else "AH-TT"
    return rng.choices(list(places), list(places.values()))[0]


def _collection(book: Book) -> str:
    if book.kind == "local":
        return "DC"
    if book.kind == "serial":
        return "BTC"
    if book.kind == "reference" or book.rare:
        return "D"
    return "TN" if book.child else "M"


def _use(book: Book) -> str:
    if book.rare:
        return "restricted"
    return "reading_room" if book.kind in ("reference", "local", "serial") else "loan"


def _price(rng: Random, book: Book) -> int:
    low, high = {
        "comic": (18, 30),
        "textbook": (15, 40),
        "reference": (90, 350),
        "local": (80, 300),
        "serial": (50, 120),
    }.get(book.kind, (40, 160))
    return rng.randint(low, high) * 1000


def _deliveries(start: date, end: date) -> list[date]:
    """Return the days on which purchases arrive: before school, at year's end, at Book Day."""
    days = [
        date(year, month, day)
        for year in range(start.year, end.year + 1)
        for month, day in ((4, 15), (8, 20), (10, 22), (12, 16))
    ]
    return [day for day in days if start < day < end - timedelta(days=10)]


def ranks(rng: Random, stock: tuple[Book, ...]) -> list[int]:
    """Return how wanted each book is, 1 first: chance, but stories and great names lead."""
    draw = [rng.random() * _dullness(book) for book in stock]
    order = sorted(range(len(stock)), key=lambda n: draw[n])
    found = [0] * len(stock)
    for rank, number in enumerate(order, 1):
        found[number] = rank
    return found


def _dullness(book: Book) -> float:
    if any(name in POPULAR for name in book.authors):
        return 0.25
    if book.languages[0] != "vie":
        return 3.0
    if book.kind == "comic":
        return 0.4
    return 0.8 if book.class_number.startswith("8") else 1.5
