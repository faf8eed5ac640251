"""The sample's readers: made-up names and ages, the same on every run."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

from circulation.patrons.patrons import PatronFacts
from circulation.rules.school_year import school_year_on
from circulation.sample.province import Units, data

AGES = {
    "child": (6, 11),
    "pupil": (12, 16),
    "student": (18, 23),
    "official": (25, 58),
    "worker": (20, 45),
    "farmer": (28, 65),
    "forces": (20, 45),
    "retired": (60, 80),
    "other": (22, 60),
}


@dataclass(frozen=True)
class Reader:
    """A reader to be registered: facts, day of registration and how eagerly they borrow."""

    facts: PatronFacts
    library: str
    registered_on: date
    eagerness: float


def readers(rng: Random, units: Units, start: date, end: date) -> list[Reader]:
    """Make up the readers of all libraries, in the order of their registration.

    Two in five were there before ``start``; the others come most of all when school begins.
    """
    given = data("people")
    minority = list(given["minority"])
    rng.shuffle(minority)
    used: set[str] = set()
    made = [
        _reader(rng, units, library, category, minority, used, (start, end))
        for library, wanted in given["readers"].items()
        for category, count in wanted.items()
        for _ in range(count)
    ]
    return sorted(made, key=lambda reader: reader.registered_on)


def _reader(
    rng: Random,
    units: Units,
    library: str,
    category: str,
    minority: list[list[str]],
    used: set[str],
    span: tuple[date, date],
) -> Reader:
    start, end = span
    given = data("people")
    name, sex, people = _person(rng, minority, used)
    low, high = AGES[category]
    registered_on = _registration(rng, start, end)
    born = registered_on - timedelta(days=rng.randint(low * 366, high * 365 + 364))
    commune = rng.choice(given["communes"][library])
    school, school_class = _school(rng, library, (end - born).days // 365)
    young = category in ("child", "pupil")
    facts = PatronFacts(
        name=name,
        category=category,
        branch_id=units[_branch(rng, library, category)].id,
        born_on=born,
        sex=sex,
        ethnicity=people,
        occupation=rng.choice(given["occupations"].get(category, [""])),
        school=school if young else "",
        school_class=school_class if young else "",
        school_year=school_year_on(end) if young else "",
        commune=commune,
        address=f"{rng.choice(['Tổ', 'Thôn', 'Khu phố'])} {rng.randint(1, 9)}, {commune}",
        phone="" if category == "child" else f"0600{rng.randint(100000, 999999)}",
        guardian_name=_guardian(rng, name) if young else "",
        guardian_phone=f"0600{rng.randint(100000, 999999)}" if young else "",
        consent=True,
    )
    return Reader(facts, library, registered_on, rng.paretovariate(1.6))


def _person(rng: Random, minority: list[list[str]], used: set[str]) -> tuple[str, str, str]:
    if minority and rng.random() < 0.1:
        name, sex, people = minority.pop()
        return name, sex, people
    given = data("people")
    while True:
        sex = rng.choice("mf")
        parts = (given["family"], given[f"middle_{sex}"], given[f"given_{sex}"])
        name = " ".join(rng.choice(part) for part in parts)
        # Namesakes are usual: one repeated name in ten is kept.
        if name not in used or rng.random() < 0.1:
            used.add(name)
            return name, sex, "Kinh"


def _guardian(rng: Random, child: str) -> str:
    given: dict[str, Any] = data("people")
    family = child.split(maxsplit=1)[0]
    sex = rng.choice("mf")
    if family not in given["family"]:
        family = rng.choice(given["family"])
    return f"{family} {rng.choice(given[f'middle_{sex}'])} {rng.choice(given[f'given_{sex}'])}"


def _branch(rng: Random, library: str, category: str) -> str:
    """Choose the home branch; the reading points have a few readers each."""
    choices = {
        "TVT": (("TVT-TS", 1.0),),
        "BS": (("BS-TT", 0.62), ("BS-CL", 0.28), ("BS-DL", 0.1)),
        "PL": (("PL-TT", 0.62), ("PL-BD", 0.28), ("PL-SM", 0.1)),
        "AH": (("AH-TT", 0.75), ("AH-TN", 0.25)),
    }[library]
    if library == "AH" and category == "child":
        choices = (("AH-TN", 0.8), ("AH-TT", 0.2))
    return rng.choices([c for c, _ in choices], [w for _, w in choices])[0]


def _school(rng: Random, library: str, age: int) -> tuple[str, str]:
    schools = data("people")["schools"][library]
    grade = min(12, max(1, age - 5))
    level = 0 if grade <= 5 else 1 if grade <= 9 else 2
    return schools[level], f"{grade}{rng.choice('ABC')}"


def _registration(rng: Random, start: date, end: date) -> date:
    if rng.random() < 0.4:
        return start - timedelta(days=rng.randint(5, 330))
    days = list(_season(start, end))
    return rng.choices([d for d, _ in days], [w for _, w in days])[0]


def _season(start: date, end: date) -> Iterator[tuple[date, float]]:
    for n in range(max(1, (end - start).days - 2)):
        day = start + timedelta(days=n)
        yield day, {9: 3.0, 10: 2.2, 6: 1.8, 1: 0.6, 2: 0.5}.get(day.month, 1.0)
