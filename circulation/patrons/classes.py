"""Lists of school classes brought in: who is new is registered, who is known gets the new class.

A pupil is known by card number, student code, or name and date of birth; so the same list again
changes nobody and adds nobody. A row that cannot be taken is given back with its reason. The whole
list is one act that can be taken back (``batches``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from circulation.patrons.batch_models import PatronBatch
from circulation.patrons.batches import Batch
from circulation.patrons.cards import card_number_key, issue_card
from circulation.patrons.models import Patron, PatronCard
from circulation.patrons.patrons import (
    EDIT,
    PatronFacts,
    normal_phone,
    patron_for,
    register_patron,
)
from circulation.patrons.photo_zip import Photos, PhotoZip, keep_photos
from circulation.patrons.spreadsheet import Sheet, born_cell, sex_cell, shown
from circulation.rules.school_year import school_year_on
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.errors import IlsError, Invalid
from ils.org.units import library_of
from ils.text.normal import clean, fold

MOST_PUPILS = 2000  # in one act
BOXES = (
    *("name", "student_code", "born", "sex", "school_class", "school_year", "school", "card"),
    *("guardian_name", "guardian_phone", "phone", "email", "ethnicity", "commune", "address"),
)
_UPDATED = (
    *("student_code", "school_class", "school_year", "school", "guardian_name", "guardian_phone"),
    *("phone", "email", "ethnicity", "commune", "address"),
)
ADDED, CHANGED, SAME = "added", "changed", "same"


@dataclass(frozen=True)
class ListFacts:
    """What holds for every row of a list that does not say otherwise."""

    branch_id: int
    category: str
    school: str = ""
    school_class: str = ""
    school_year: str = ""
    consent: bool = False
    photos_agreed: bool = False
    charges: bool = False


@dataclass(frozen=True)
class RowDone:
    """What is done with a row: added, changed (which boxes), the same; or why it is not taken."""

    number: int
    row: tuple[Any, ...]
    what: str = ""
    name: str = ""
    boxes: tuple[str, ...] = ()
    error: IlsError | None = None


@dataclass
class ListDone:
    """What came of a list."""

    rows: list[RowDone] = field(default_factory=list)
    patron_ids: list[int] = field(default_factory=list)
    photos: Photos | None = None
    batch: PatronBatch | None = None

    def count(self, what: str) -> int:
        """Return how many rows were added, changed or the same."""
        return sum(one.what == what for one in self.rows)

    @property
    def wrong(self) -> list[RowDone]:
        """Return the rows not taken."""
        return [one for one in self.rows if one.error is not None]


def take_class_list(
    session: Session,
    actor: Actor,
    sheet: Sheet,
    columns: Mapping[str, int],
    facts: ListFacts,
    *,
    photos: PhotoZip | None = None,
) -> ListDone:
    """Bring in a list of a school, row by row, and the photos of those on it."""
    if len(sheet.rows) > MOST_PUPILS:
        raise Invalid("sheet_too_long", field="file", most=MOST_PUPILS)
    library_id = library_of(session, facts.branch_id).id
    batch = Batch(session, actor, "classes", library_id)
    taking = _Taking(session, actor, batch, facts, library_id)
    done = ListDone()
    for number, row in enumerate(sheet.rows, start=1):
        cells = {box: row[i] for box, i in columns.items() if i < len(row) and box in BOXES}
        if not any(shown(cell) for cell in cells.values()):
            continue
        try:
            with session.begin_nested():
                patron, what, boxes = taking.take(cells)
        except IlsError as error:
            done.rows.append(RowDone(number, row, name=shown(cells.get("name")), error=error))
        else:
            done.rows.append(RowDone(number, row, what, patron.name, boxes))
            done.patron_ids.append(patron.id)
    if photos is not None:
        done.photos = keep_photos(
            session, actor, batch, photos, done.patron_ids, agreed=facts.photos_agreed
        )
    taking.remember()
    done.batch = batch.close(
        added=done.count(ADDED),
        changed=done.count(CHANGED),
        same=done.count(SAME),
        wrong=len(done.wrong),
        photos=done.photos.kept if done.photos else 0,
    )
    return done


def try_class_list(
    session: Session,
    actor: Actor,
    sheet: Sheet,
    columns: Mapping[str, int],
    facts: ListFacts,
) -> ListDone:
    """Return what would come of a list, by doing it and taking it back in one breath."""
    nested = session.begin_nested()
    try:
        done = take_class_list(session, actor, sheet, columns, facts)
    finally:
        nested.rollback()
    done.batch = None
    return done


class _Taking:
    """A list being brought in."""

    def __init__(
        self, session: Session, actor: Actor, batch: Batch, facts: ListFacts, library_id: int
    ) -> None:
        self.session, self.actor, self.batch = session, actor, batch
        self.facts, self.library_id = facts, library_id
        self.seen: set[int] = set()
        self.new: list[Patron] = []

    def take(self, cells: Mapping[str, Any]) -> tuple[Patron, str, tuple[str, ...]]:
        told = self._told(cells)
        patron = self._known(told)
        if patron is None:
            return self._register(told), ADDED, ()
        if patron.id in self.seen:
            raise Invalid("row_twice", name=patron.name)
        boxes = self._update(patron, told)
        self.seen.add(patron.id)
        return patron, CHANGED if boxes else SAME, boxes

    def remember(self) -> None:
        """Note those registered as they are now, with photo and card."""
        for patron in self.new:
            self.batch.registered(patron)

    def _told(self, cells: Mapping[str, Any]) -> dict[str, Any]:
        told: dict[str, Any] = {box: clean(shown(cell)).strip() for box, cell in cells.items()}
        told["born_on"], told["born_year"] = born_cell(cells.get("born"))
        told["sex"] = sex_cell(told.get("sex", ""))
        told["phone"] = normal_phone(told.get("phone", ""))
        told["guardian_phone"] = normal_phone(told.get("guardian_phone", ""))
        for box in ("school", "school_class", "school_year"):
            told[box] = told.get(box) or getattr(self.facts, box)
        told["school_class"] = told["school_class"].upper()
        told["card"] = card_number_key(told.get("card", ""))
        if not told.get("name"):
            raise Invalid("name_missing", field="name")
        if len(told.get("student_code", "")) > 30 or len(told["school_class"]) > 30:
            raise Invalid("cell_too_long", field="student_code")
        return told

    def _known(self, told: Mapping[str, Any]) -> Patron | None:
        """Return who the row is about: by card, by student code, by name and birth."""
        mine = select(Patron).where(
            Patron.library_id == self.library_id, Patron.deleted_at.is_(None)
        )
        if told["card"]:
            holder = self.session.scalar(
                mine.join(PatronCard, PatronCard.patron_id == Patron.id).where(
                    PatronCard.number == told["card"]
                )
            )
            if holder is not None:
                return self._same_person(holder, told)
        code = told.get("student_code", "")
        if code:
            holder = self.session.scalar(
                mine.where(func.upper(Patron.student_code) == code.upper()).limit(1)
            )
            if holder is not None:
                return self._same_person(holder, told)
        return self._by_name(mine, told, code)

    def _same_person(self, holder: Patron, told: Mapping[str, Any]) -> Patron:
        """Refuse a card or code that somebody else of another name has."""
        if holder.name_folded != fold(told["name"])[:120]:
            raise Invalid("row_other_person", name=holder.name)
        return patron_for(self.session, self.actor, holder.id, EDIT)

    def _by_name(self, mine: Any, told: Mapping[str, Any], code: str) -> Patron | None:
        born_on, born_year = told["born_on"], told["born_year"]
        query = mine.where(Patron.name_folded == fold(told["name"])[:120])
        if born_on:
            unknown = Patron.born_on.is_(None) & (Patron.born_year == born_on.year)
            query = query.where((Patron.born_on == born_on) | unknown)
        elif born_year:
            query = query.where(Patron.born_year == born_year)
            if told["school"]:
                query = query.where(Patron.school.in_((told["school"], "")))
        else:
            query = query.where(
                Patron.school_class == told["school_class"], Patron.school == told["school"]
            )
        if code:  # somebody with another code is somebody else
            query = query.where((Patron.student_code == "") | (Patron.student_code == code))
        found = list(self.session.scalars(query.limit(3)))
        exact = [one for one in found if one.name.casefold() == told["name"].casefold()]
        found = exact if len(exact) == 1 else found
        if len(found) > 1:
            raise Invalid("row_several", name=told["name"])
        return patron_for(self.session, self.actor, found[0].id, EDIT) if found else None

    def _register(self, told: Mapping[str, Any]) -> Patron:
        if not told["born_on"] and not told["born_year"]:
            raise Invalid("birth_missing", field="born")
        plain = {box: told.get(box, "") for box in _UPDATED}
        facts = PatronFacts(
            name=told["name"],
            category=self.facts.category,
            branch_id=self.facts.branch_id,
            born_on=told["born_on"],
            born_year=told["born_year"],
            sex=told["sex"],
            consent=self.facts.consent,
            **plain,
        )
        patron = register_patron(self.session, self.actor, facts)
        self.batch.begin_money(patron)
        issue_card(
            self.session, self.actor, patron.id, number=told["card"], charges=self.facts.charges
        )
        self.batch.end_money(patron)
        self.new.append(patron)
        self.seen.add(patron.id)
        return patron

    def _update(self, patron: Patron, told: Mapping[str, Any]) -> tuple[str, ...]:
        wanted = {box: told[box] for box in _UPDATED if told.get(box)}
        if told["sex"]:
            wanted["sex"] = told["sex"]
        if told["born_on"] and patron.born_on is None:
            wanted |= {"born_on": told["born_on"], "born_year": told["born_on"].year}
        changed = {box: value for box, value in wanted.items() if getattr(patron, box) != value}
        if changed:
            self.batch.change(patron, patron, **changed)
        return tuple(sorted(changed))


@dataclass(frozen=True)
class ClassFigures:
    """A class that has readers: how many, of which school year, how many without a photo."""

    school: str
    name: str
    year: str
    readers: int
    photos: int


def classes_with_figures(session: Session, actor: Actor) -> list[ClassFigures]:
    """Return the classes of the library the actor works for, by school and name."""
    query = (
        select(
            Patron.school,
            Patron.school_class,
            Patron.school_year,
            func.count(),
            func.count(Patron.photo_id),
        )
        .where(Patron.library_id == actor.library_id, Patron.school_class != "")
        .where(Patron.deleted_at.is_(None))
        .group_by(Patron.school, Patron.school_class, Patron.school_year)
    )
    rows = [ClassFigures(*row) for row in session.execute(query)]
    return sorted(rows, key=lambda one: (one.school, _natural(one.name), one.year))


def _natural(name: str) -> tuple[int, str]:
    digits = "".join(c for c in name if c.isdigit())
    return (int(digits[:3]) if digits else 0, name)


def this_school_year() -> str:
    """Return the school year of today."""
    return school_year_on(clock.today())
