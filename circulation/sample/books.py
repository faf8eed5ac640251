"""The sample's books: real titles, one line each, made into MARC records.

A line of ``data/books/*.psv`` has eleven boxes parted by ``|``: authors (parted by ``;``), title
(`` : `` before the subtitle), contributors (``role=name``), place, publisher, year, extent, class
(Dewey as the National Library writes it), keywords, summary, extras (``key=value``). What is not
known for sure is left empty. No ISBN is there unless a source shows it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from cataloging.marc.model import Marc, data_field

FOLDER = Path(__file__).with_name("data") / "books"
AGENCY = "VN-SenHo"

PLACES = {
    "H": "H.",
    "S": "Tp. Hồ Chí Minh",
    "SG": "Sài Gòn",
    "ĐN": "Đà Nẵng",
    "ĐNai": "Đồng Nai",
    "BH": "Biên Hòa",
}

# Where the facts of a line come from; without ``src`` it is common bibliographic knowledge.
SOURCES = {
    "": "kiến thức thư mục phổ biến",
    "press": "báo chí viết về tác phẩm",
    "hue": "huengaynay.vn, bài về tiểu thuyết Tuổi thơ dữ dội",
    "kenosa": "kenosa.vn, trang giới thiệu sách",
    "wikimirror": "Wikipedia tiếng Việt (bản sao): Nguyễn Nhật Ánh",
    "yale": "Nhà xuất bản Đại học Yale, trang giới thiệu sách",
    "bookshop": "trang bán sách nêu ISBN của lần in",
}
WIKIPEDIA = "wiki:"
PAGE = "web:"  # a page that names the book, by its site and heading

BODIES = ("cơ quan", "biên soạn")  # roles of bodies, whose names hold commas

KINDS = ("book", "comic", "textbook", "reference", "local", "serial")


@dataclass(frozen=True)
class Book:
    """One line of the sample. ``volumes`` is the number of volumes, 0 for a single book."""

    title: str
    subtitle: str
    authors: tuple[str, ...]
    contributors: tuple[tuple[str, str], ...]  # role in Vietnamese, name
    place: str
    publisher: str
    year: int | None
    extent: str
    class_number: str
    keywords: tuple[str, ...]
    summary: str
    source: str
    kind: str = "book"
    child: bool = False
    languages: tuple[str, ...] = ("vie",)
    volumes: int = 0
    volume: str = ""  # of a book that is one volume of a series described apart
    isbn: str = ""
    price: int | None = None
    size: str = ""
    original_title: str = ""
    first_published: str = ""
    note: str = ""
    country: str = "vm"
    frequency: str = ""
    rare: bool = False
    corporate: bool = False
    extras: dict[str, str] = field(default_factory=dict, compare=False)


@cache
def books() -> tuple[Book, ...]:
    """Return all books; a comic of several volumes counts as one book a volume."""
    return tuple(
        one
        for file in sorted(FOLDER.glob("*.psv"))
        for line in file.read_text("utf-8").splitlines()
        if line.strip() and not line.startswith("#")
        for one in _volumes(parse_line(line))
    )


def _volumes(book: Book) -> Iterator[Book]:
    if book.kind != "comic" or not book.volumes:
        yield book
        return
    for n in range(1, book.volumes + 1):
        yield replace(book, volumes=0, volume=f"T.{n}")


def parse_line(line: str) -> Book:
    """Read one line. Raises ``ValueError`` for a line of the wrong shape."""
    boxes = [box.strip() for box in line.split("|")]
    if not 10 <= len(boxes) <= 11:
        raise ValueError(f"{len(boxes)} boxes: {line}")
    authors, title, others, place, publisher, year, extent, number, keywords, summary = boxes[:10]
    extras = dict(_pair(part) for part in _parts(boxes[10] if len(boxes) == 11 else ""))
    main, _, rest = title.partition(" : ")
    return Book(
        title=main,
        subtitle=rest,
        authors=_parts(authors),
        contributors=tuple(
            (role, name.strip())
            for role, names in (_pair(p) for p in _parts(others))
            for name in ([names] if role in BODIES else names.split(","))
        ),
        place=PLACES.get(place, place),
        publisher=publisher,
        year=int(year) if year else None,
        extent=extent,
        class_number=number,
        keywords=_parts(keywords),
        summary=summary,
        source=_source(extras.get("src", "")),
        kind=extras.get("kind", "book"),
        child=extras.get("aud") == "c",
        languages=tuple(extras.get("lang", "vie").split(",")),
        volumes=int(extras.get("vols", 0)),
        isbn=extras.get("isbn", ""),
        price=int(extras["price"]) if "price" in extras else None,
        size=extras.get("size", ""),
        original_title=extras.get("orig", ""),
        first_published=extras.get("first", ""),
        note=extras.get("note", ""),
        country=extras.get("country", "vm"),
        frequency=extras.get("freq", ""),
        rare="rare" in extras,
        corporate="corp" in extras,
        extras=extras,
    )


def _parts(text: str) -> tuple[str, ...]:
    return tuple(p.strip() for p in text.split(";") if p.strip())


def _pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name.strip(), value.strip()


def _source(code: str) -> str:
    if code.startswith(WIKIPEDIA):
        return f"Wikipedia tiếng Việt: {code.removeprefix(WIKIPEDIA)}"
    return code.removeprefix(PAGE) if code.startswith(PAGE) else SOURCES[code]


def to_marc(book: Book, control_number: str, entered: str, title_code: str = "") -> Marc:
    """Make the MARC record of a book.

    ``entered`` is the day of entry as yymmdd, ``title_code`` the code of the title for the label.
    """
    kind = "as" if book.kind == "serial" else "am"
    fields: list[dict[str, Any]] = [
        {"001": control_number},
        {"003": AGENCY},
        {"008": _fixed(book, entered)},
        *_numbers(book, title_code),
        *_names_before(book),
        *_title(book),
        *_imprint(book),
        *_notes(book),
        *(data_field("653", " ", " ", ("a", word)) for word in book.keywords),
        *_names_after(book),
    ]
    return {"leader": f"00000n{kind} a2200000 a 4500", "fields": fields}


def _fixed(book: Book, entered: str) -> str:
    """Return 008. Source: MARC 21 Bibliographic, 008 (books; continuing resources)."""
    country, language = f"{book.country:<3}", book.languages[0]
    year = str(book.year) if book.year else "uuuu"
    if book.kind == "serial":
        form = "n" if "Báo" in book.keywords else "p"
        dates = f"c{year}9999"
        details = f"{book.frequency or ' '}r {form}       0   b0"
    else:
        dates = f"{'s' if book.year else 'n'}{year}    "
        audience = "j" if book.child else " "
        fiction = "1" if book.class_number.startswith(("895.9223", "8")) else "0"
        details = f"    {audience}      000 {fiction} "
    return f"{entered}{dates}{country}{details}{language} d"


def _numbers(book: Book, title_code: str) -> Iterator[dict[str, Any]]:
    price = (("c", f"{book.price}đ"),) if book.price else ()
    if book.isbn:
        yield data_field("020", " ", " ", ("a", book.isbn), *price)
    elif price:
        yield data_field("020", " ", " ", *price)
    yield data_field("040", " ", " ", ("a", AGENCY), ("b", "vie"))
    if len(book.languages) > 1 or book.original_title or "trans" in book.extras:
        translated = "1" if book.original_title or "trans" in book.extras else "0"
        yield data_field("041", translated, " ", *(("a", code) for code in book.languages))
    code = (("b", title_code),) if title_code else ()
    yield data_field("082", "0", "4", ("2", "23"), ("a", book.class_number), *code)


def _names_before(book: Book) -> Iterator[dict[str, Any]]:
    if book.authors and book.corporate:
        yield data_field("110", "1", " ", ("a", "Việt Nam"), ("b", book.authors[0]))
    elif book.authors:
        yield data_field("100", "1", " ", ("a", book.authors[0]))


def _title(book: Book) -> Iterator[dict[str, Any]]:
    said = "; ".join(
        [", ".join(book.authors)] * bool(book.authors)
        + [f"{role}: {', '.join(names)}" for role, names in _by_role(book).items()]
    )
    after = [(code, text) for code, text in (("b", book.subtitle), ("c", said)) if text]
    marks = {"b": " :", "c": " /"}
    subs: list[tuple[str, str]] = [("a", book.title)]
    if book.volume:
        subs = [("a", f"{book.title}."), ("n", book.volume)]
    for code, text in after:
        subs[-1] = (subs[-1][0], subs[-1][1] + marks[code])
        subs.append((code, text))
    yield data_field("245", "1" if book.authors else "0", "0", *subs)
    if book.original_title:
        yield data_field("246", "1", " ", ("i", "Nhan đề gốc:"), ("a", book.original_title))


def _by_role(book: Book) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for role, name in book.contributors:
        found.setdefault(role[:1].upper() + role[1:], []).append(name)
    return found


def _imprint(book: Book) -> Iterator[dict[str, Any]]:
    year = f"{book.year}-" if book.kind == "serial" and book.year else str(book.year or "")
    boxes = [("a", book.place), ("b", book.publisher), ("c", year)]
    subs = [(code, text) for code, text in boxes if text]
    marks = {"b": " :", "c": ","}
    for i in range(1, len(subs)):
        subs[i - 1] = (subs[i - 1][0], subs[i - 1][1] + marks[subs[i][0]])
    if subs:
        yield data_field("264", " ", "1", *subs)
    extent = book.extent or (f"{book.volumes} tập" if book.volumes else "")
    if extent and book.size:
        yield data_field("300", " ", " ", ("a", f"{extent} ;"), ("c", book.size))
    elif extent:
        yield data_field("300", " ", " ", ("a", extent))
    if book.frequency:
        names = {"d": "Hằng ngày", "w": "Hằng tuần", "m": "Hằng tháng", "b": "Hai tháng một kỳ"}
        yield data_field("310", " ", " ", ("a", names[book.frequency]))


def _notes(book: Book) -> Iterator[dict[str, Any]]:
    if book.first_published:
        yield data_field("500", " ", " ", ("a", f"Ra đời: {book.first_published}"))
    yield data_field("520", " ", " ", ("a", book.summary))
    if book.child:
        yield data_field("521", " ", " ", ("a", "Thiếu nhi"))
    doubt = f" {book.note}." if book.note else ""
    yield data_field("588", " ", " ", ("a", f"Dữ liệu mẫu.{doubt} Nguồn: {book.source}."))


def _names_after(book: Book) -> Iterator[dict[str, Any]]:
    for name in book.authors[1:]:
        yield data_field("700", "1", " ", ("a", name))
    for role, name in book.contributors:
        if role == "cơ quan" or name.startswith(("Thư viện ", "Viện ", "Bộ ", "Quốc sử quán")):
            yield data_field("710", "2", " ", ("a", name), ("e", role))
        else:
            yield data_field("700", "1", " ", ("a", name), ("e", role))
