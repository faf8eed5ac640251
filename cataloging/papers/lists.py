"""Lists of titles for readers: new books (thư mục thông báo sách mới) and bibliographies on a theme.

Numbered through, grouped by class (or subject or author), each with its description, abstract and
copies; with an index of authors and titles at the end.
"""

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from cataloging.papers.chosen import Title
from cataloging.papers.described import paragraph, stretches, subjects, summary, title_proper
from ils.core import clock
from ils.org.office import office_of
from ils.printing import Sheet, typst_pdf, xlsx
from ils.text.filing import filing_key

TEMPLATE = Path(__file__).with_name("print") / "list.typ"
BY_CLASS, BY_SUBJECT, BY_AUTHOR, BY_TITLE = "class", "subject", "author", "title"
ORDERS = (BY_CLASS, BY_SUBJECT, BY_AUTHOR, BY_TITLE)
OTHER = "Khác"


@dataclass(frozen=True)
class Entry:
    """A title on the list. ``copies`` are its numbers by stock: ``Kho mượn: BM.00012-00014``."""

    number: int
    heading: str
    text: str
    summary: str
    subjects: str
    call_number: str
    copies: str
    author: str
    title: str


@dataclass(frozen=True)
class Group:
    """Entries under one heading; with no heading the list is not parted."""

    heading: str
    entries: tuple[Entry, ...]


@cache
def class_names() -> dict[str, str]:
    """Return the headings of the main classes."""
    return tomllib.loads(Path(__file__).with_name("classes.toml").read_text("utf-8"))


def grouped(titles: Iterable[Title], order: str) -> list[Group]:
    """Part titles into groups and number them through."""
    parts: dict[str, list[Title]] = {}
    for title in titles:
        parts.setdefault(_heading(title, order), []).append(title)
    groups, number = [], 0
    for heading in sorted(parts, key=lambda name: _order(name, order)):
        entries = []
        for title in sorted(parts[heading], key=_filed):
            number += 1
            entries.append(_entry(number, title))
        groups.append(Group(_named(heading, order), tuple(entries)))
    return groups


def _heading(title: Title, order: str) -> str:
    if order == BY_CLASS:
        return title.main_class if title.main_class in class_names() else "x"
    if order == BY_SUBJECT:
        return next(iter(subjects(title.marc)), OTHER)
    return ""


def _order(heading: str, order: str) -> tuple[bool, str]:
    last = heading in ("x", OTHER)
    return last, heading if order == BY_CLASS else filing_key(heading)


def _named(heading: str, order: str) -> str:
    if order != BY_CLASS:
        return heading
    name = class_names()[heading]
    return name if heading == "x" else f"{heading}00 {name}"


def _filed(title: Title) -> tuple[str, str]:
    heading, _ = paragraph(title.marc)
    return filing_key(heading) if heading else title.title_sort, title.title_sort


def _entry(number: int, title: Title) -> Entry:
    heading, text = paragraph(title.marc)
    stocks: dict[str, list[str]] = {}
    for copy in title.copies:
        if copy.number:
            stocks.setdefault(copy.stock, []).append(copy.number)
    copies = "; ".join(
        f"{stock}: {stretches(numbers)}" if stock else stretches(numbers)
        for stock, numbers in stocks.items()
    )
    return Entry(
        number=number,
        heading=heading,
        text=text,
        summary=summary(title.marc),
        subjects=" ; ".join(subjects(title.marc)),
        call_number=title.call_number or title.class_number,
        copies=copies,
        author=title.author,
        title=title_proper(title.marc) or title.title,
    )


def index_of(groups: Sequence[Group], by: str) -> list[tuple[str, str]]:
    """Return an index of a list, ``author`` or ``title``: (words, numbers of entries), as filed."""
    found: dict[str, list[int]] = {}
    for group in groups:
        for entry in group.entries:
            word = entry.author if by == BY_AUTHOR else entry.title
            if word:
                found.setdefault(word, []).append(entry.number)
    return [(word, ", ".join(map(str, found[word]))) for word in sorted(found, key=filing_key)]


def print_list(
    session: Session, library_id: int, title: str, about: str, groups: Sequence[Group], order: str
) -> bytes:
    """Return the list as a PDF, with the heading of the library's papers."""
    office = office_of(session, library_id)
    day = clock.today()
    data: dict[str, Any] = {
        "office": office.to_json(),
        "day": f"ngày {day.day:02d} tháng {day.month:02d} năm {day.year}",
        "title": title,
        "about": about,
        "total": sum(len(group.entries) for group in groups),
        "groups": [
            {"heading": group.heading, "entries": [vars(entry) for entry in group.entries]}
            for group in groups
        ],
        "authors": index_of(groups, BY_AUTHOR) if order != BY_AUTHOR else [],
        "titles": index_of(groups, BY_TITLE) if order != BY_TITLE else [],
    }
    return typst_pdf(TEMPLATE, data)


def list_xlsx(title: str, about: str, groups: Sequence[Group]) -> bytes:
    """Return the list as a spreadsheet, a line for each title."""
    headers = ("STT", "Nhóm", "Tác giả", "Mô tả", "Tóm tắt", "Từ khóa", "Ký hiệu xếp giá", "Bản")
    rows = [
        (
            entry.number,
            group.heading,
            entry.author,
            entry.text,
            entry.summary,
            entry.subjects,
            entry.call_number,
            entry.copies,
        )
        for group in groups
        for entry in group.entries
    ]
    heading = [line for line in (title, about) if line]
    return xlsx([Sheet("Thư mục", headers, rows, heading=heading, wide=(3, 4, 5), landscape=True)])
