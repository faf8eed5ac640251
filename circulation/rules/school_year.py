"""Which class follows which when the school year begins, and who leaves the school."""

import re
from datetime import date

from ils.text.normal import fold

# words in a school's name → its highest grade
_LEVELS = (
    (12, ("thpt", "trung hoc pho thong", "gdtx", "giao duc thuong xuyen")),
    (9, ("thcs", "trung hoc co so")),
    (5, ("tieu hoc",)),
)
HIGHEST = 12


def school_year_on(day: date) -> str:
    """Return the school year of a day; it begins in summer, when lists for autumn are made."""
    first = day.year if day.month >= 6 else day.year - 1
    return f"{first}–{first + 1}"


def final_grade(school: str) -> int:
    """Return the highest grade of a school, by its name; a name that says nothing: 12."""
    name = f" {fold(school)} "
    return next((top for top, words in _LEVELS if any(w in name for w in words)), HIGHEST)


def grade_of(name: str) -> int | None:
    """Return the grade of a class: 6A, Lớp 10A1, 6/2; None where it names none."""
    found = re.search(r"\d{1,2}", name)
    grade = int(found[0]) if found else 0
    return grade if 1 <= grade <= HIGHEST else None


def next_class(name: str, school: str) -> str | None:
    """Return the class that follows: 6A → 7A; empty after the final one; None: nobody can tell."""
    grade = grade_of(name)
    if grade is None:
        return None
    if grade >= final_grade(school):
        return ""
    return re.sub(r"\d{1,2}", str(grade + 1), name, count=1)
