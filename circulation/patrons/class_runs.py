"""Bringing in a list of a school, or a zip of photos: looked at first, then done, as one act.

Looking is doing it and taking it back in one breath, some rows at a time, so it says exactly what
would happen. Photos are matched after the last row, since most are of those on the list.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from circulation.patrons.batch_models import PatronBatch, PatronBatchRow
from circulation.patrons.batch_runs import Work, counts_of, do_many, rows_of, work_of
from circulation.patrons.batches import Batch
from circulation.patrons.classes import ADDED, BOXES, WRONG, ListFacts, RowDone, Seen, Taking
from circulation.patrons.models import Patron
from circulation.patrons.patrons import EDIT, patron_for
from circulation.patrons.photo_zip import (
    FITS,
    Picture,
    matches_of,
    open_zip,
    people_of,
    picture_of,
    put_photo,
)
from circulation.patrons.spreadsheet import Sheet, read_sheet, shown
from circulation.patrons.uploads import kept_upload, name_of, zip_file
from circulation.rules.photo_names import Person
from ils.accounts.actor import Actor
from ils.core.errors import IlsError, Invalid
from ils.org.units import library_of

ROWS = 16  # in one transaction: about a fifth of a second in which a desk waits
PHOTOS, PHOTOS_LOOKED_AT = 8, 1000
KEPT, REPLACED, HAD_ONE = "kept", "replaced", "had_one"


def look_at_list(
    session: Session, actor: Actor, token: str, columns: Mapping[str, int], facts: ListFacts
) -> PatronBatch:
    """Find out what would come of a list that was sent, with its photos if there are any.

    Raises ``Invalid`` where no column holds the names.
    """
    if "name" not in columns:
        raise Invalid("column_name_missing", field="name")
    library = library_of(session, facts.branch_id)
    plan = {"token": token, "columns": dict(columns), "facts": asdict(facts), "list": True}
    batch = Batch.begin(session, actor, "classes", plan=plan, state="trying", library_id=library.id)
    return do_many(session, actor, batch, _count(sheet_of(token), token))


def look_at_photos(
    session: Session, actor: Actor, token: str, *, school: str, school_class: str, agreed: bool
) -> PatronBatch:
    """Find out whose the photos of a zip are; of a class, or of everybody registered."""
    facts = ListFacts(
        actor.unit_id or 0, "", school=school, school_class=school_class, photos_agreed=agreed
    )
    plan = {"token": token, "columns": {}, "facts": asdict(facts), "list": False}
    batch = Batch.begin(session, actor, "classes", plan=plan, state="trying")
    return do_many(session, actor, batch, _count(None, token))


def sheet_of(token: str) -> Sheet:
    """Read a list that was sent. Raises ``Refused`` where it is deleted by now."""
    return read_sheet(kept_upload(token).read_bytes(), name_of(token))


def filled_rows(sheet: Sheet) -> list[tuple[int, tuple[Any, ...]]]:
    """Return the rows of a list that say something, each with its number."""
    numbered = enumerate(sheet.rows, start=1)
    return [(number, row) for number, row in numbered if any(shown(cell) for cell in row)]


def _count(sheet: Sheet | None, token: str) -> int:
    file = zip_file(token)
    photos = len(open_zip(file).entries) if file.is_file() else 0
    return photos + (len(filled_rows(sheet)) if sheet is not None else 0)


@work_of("classes")
class ClassWork(Work):
    """A list of a school and its photos, or photos alone."""

    def __init__(self, session: Session, actor: Actor, row: PatronBatch) -> None:
        plan = row.plan
        self.facts = ListFacts(**plan["facts"])
        self.columns: dict[str, int] = plan["columns"]
        self.sheet = sheet_of(plan["token"]) if plan["list"] else None
        self.rows = filled_rows(self.sheet) if self.sheet is not None else []
        file = zip_file(plan["token"])
        self.zip = open_zip(file) if file.is_file() else None
        self.names = list(self.zip.entries) if self.zip is not None else []
        self.matches: dict[str, tuple[str, int | None]] | None = None
        self.pictures: dict[str, Picture] = {}
        self.seen = Seen()
        self.library_id = row.library_id
        self._remember(session, actor, row)

    def _remember(self, session: Session, actor: Actor, row: PatronBatch) -> None:
        """Read who was on the list so far, where this goes on behind a stop."""
        done = rows_of(session, row.id)
        self.seen.patrons = {one.patron_id for one in done if one.patron_id is not None}
        if row.state == "trying":
            taking = Taking(Batch(session, actor, row), self.facts, self.seen)
            by_number = dict(self.rows)
            for one in done:
                if one.what == ADDED:
                    self.seen.remember(taking.told(self._cells(by_number[one.number])))

    def _cells(self, row: tuple[Any, ...]) -> dict[str, Any]:
        return {box: row[i] for box, i in self.columns.items() if i < len(row) and box in BOXES}

    # --- rows ---------------------------------------------------------------------------------

    def part(self, batch: Batch) -> bool:
        """Deal with the next rows, or with the next photos when the rows are done."""
        if batch.row.done_to < len(self.rows):
            self._take_rows(batch)
        elif self.names:
            self._take_photos(batch)
        return batch.row.done_to < len(self.rows) + len(self.names)

    def _take_rows(self, batch: Batch) -> None:
        session, at = batch.session, batch.row.done_to
        coming = [(number, self._cells(row)) for number, row in self.rows[at : at + ROWS]]
        taking = Taking(batch, self.facts, self.seen)
        taking.expect(cells.get("student_code") for _number, cells in coming)
        if batch.row.state == "trying":
            nested = session.begin_nested()
            try:
                done = [taking.row(number, cells) for number, cells in coming]
            finally:
                nested.rollback()
            taking.take_back()
            done = [_without_person(one) for one in done]
        else:
            done = [taking.row(number, cells) for number, cells in coming]
            taking.remember()
        session.add_all(one.stored(batch.row.id) for one in done)
        batch.row.done_to += len(coming)

    # --- photos -------------------------------------------------------------------------------

    def ahead(self, done_to: int) -> None:
        """Make the next pictures small before anything is locked."""
        at = done_to - len(self.rows)
        if self.matches is None or self.zip is None or at < 0:
            return
        coming = self.names[at : at + PHOTOS]
        fitting = [name for name in coming if self.matches[name][0] == FITS]
        self.pictures = {name: picture_of(self.zip, name) for name in fitting}

    def _take_photos(self, batch: Batch) -> None:
        assert self.zip is not None, "there are names of photos"
        session, row = batch.session, batch.row
        if self.matches is None:
            self.matches = matches_of(self.zip, self._people(session, row))
        at = row.done_to - len(self.rows)
        many = PHOTOS_LOOKED_AT if row.state == "trying" else PHOTOS
        for number, name in enumerate(self.names[at : at + many], start=at + 1):
            what, patron_id = self.matches[name]
            error: IlsError | None = None
            if what == FITS and patron_id is not None:
                what, error = self._take_photo(batch, name, patron_id)
            known = patron_id if patron_id is not None and patron_id > 0 else None
            stored = RowDone(number, what, name, known, error=error).stored(row.id)
            stored.part = "photo"
            session.add(stored)
        row.done_to += len(self.names[at : at + many])

    def _take_photo(self, batch: Batch, name: str, patron_id: int) -> tuple[str, IlsError | None]:
        if patron_id < 0 or self.zip is None:  # of somebody who would be registered
            return KEPT, None
        looking = batch.row.state == "trying"
        try:
            patron = patron_for(batch.session, batch.actor, patron_id, EDIT)
            what = KEPT if patron.photo_id is None else REPLACED
            if what == REPLACED and (looking or not self.facts.replace_photos):
                return HAD_ONE, None
            if not looking:
                picture = self.pictures.get(name) or picture_of(self.zip, name)
                put_photo(batch, patron, picture, agreed=self.facts.photos_agreed)
        except IlsError as error:
            return WRONG, error
        return what, None

    def _people(self, session: Session, row: PatronBatch) -> list[Person]:
        """Return whose the photos may be: who is on the list, or of the class chosen."""
        if self.sheet is None:
            query = select(Patron.id).where(
                Patron.library_id == self.library_id, Patron.deleted_at.is_(None)
            )
            if self.facts.school_class:
                query = query.where(
                    Patron.school == self.facts.school,
                    Patron.school_class == self.facts.school_class,
                )
            return people_of(session, query)
        mine = select(PatronBatchRow.patron_id).where(
            PatronBatchRow.batch_id == row.id, PatronBatchRow.part == "row"
        )
        people = people_of(session, mine)
        would_be = {id(told): told for every in self.seen.pupils.values() for told in every}
        for n, told in enumerate(would_be.values(), start=1):
            codes = (told.get("student_code", ""), told["card"])
            people.append(Person(-n, told["name"], codes))
        return people

    def figures(self, session: Session, row: PatronBatch) -> dict[str, Any]:
        """Count rows and photos."""
        counts, photos = counts_of(session, row.id), counts_of(session, row.id, "photo")
        told: dict[str, Any] = {}
        if self.sheet is not None:
            told = {what: counts[what] for what in ("added", "changed", "same", "wrong")}
        if self.zip is not None:
            told |= {"photos": photos[KEPT] + photos[REPLACED], "replaced": photos[REPLACED]}
            told |= {what: photos[what] for what in (HAD_ONE, "unknown", "several", "twice")}
            told |= {"photos_wrong": photos[WRONG], "others": len(self.zip.others)}
        return told


def _without_person(one: RowDone) -> RowDone:
    """A pupil who would be registered has no record to point at."""
    return one if one.what != ADDED else RowDone(one.number, one.what, one.name)
