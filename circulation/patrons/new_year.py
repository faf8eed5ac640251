"""The new school year: classes move up by a table, the final ones leave; one act with an undo.

Nobody moves twice: who is of the new year already (a newer list brought them in) is left alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import insert, or_, select
from sqlalchemy.orm import Session

from cataloging.models import Item, Record
from circulation.blocks import patron_figures
from circulation.facts import lock
from circulation.models import Loan
from circulation.patrons.batch_models import PatronBatch, PatronBatchRow
from circulation.patrons.batch_runs import Work, counts_of, do_many, rows_of, work_of
from circulation.patrons.batches import Batch, batch_for, lines_of
from circulation.patrons.cards import active_card
from circulation.patrons.classes import ClassFigures, classes_with_figures
from circulation.patrons.models import Patron, PatronCard, PatronCategory
from circulation.patrons.notes import write_note
from circulation.patrons.patrons import EDIT
from circulation.rules.school_year import next_class
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.errors import Invalid
from ils.org.models import OrgUnit

KEEP, END = "keep", "end"
PUPILS = 50  # moved in one transaction


@dataclass(frozen=True)
class ClassMove:
    """A class of a school, and the class it becomes; empty: its pupils leave the school."""

    school: str
    name: str
    to: str


@dataclass(frozen=True)
class LeaverTerms:
    """What becomes of those who leave: another kind of patron, the card, a block until all is back."""

    category: str = ""
    card: str = KEEP
    block: str = ""  # its words; empty: no block


@dataclass(frozen=True)
class Proposal:
    """A class with the class that would follow; None: a person must say."""

    figures: ClassFigures
    to: str | None


def propose_moves(session: Session, actor: Actor, year: str) -> list[Proposal]:
    """Return the classes that are not of the new year yet, with the class that follows."""
    return [
        Proposal(one, next_class(one.name, one.school))
        for one in classes_with_figures(session, actor)
        if one.year != year
    ]


def begin_school_year(
    session: Session,
    actor: Actor,
    year: str,
    moves: Sequence[ClassMove],
    terms: LeaverTerms,
) -> PatronBatch:
    """Move the pupils of classes up. Raises ``Invalid`` for no class or no year."""
    if not moves or not year.strip():
        raise Invalid("new_year_empty", field="year")
    if terms.category and session.get(PatronCategory, terms.category) is None:
        raise Invalid("category_unknown", field="category")
    table = {(one.school, one.name): one.to.strip().upper()[:30] for one in moves}
    plan = {"facts": asdict(terms), "year": year.strip()}
    batch = Batch.begin(session, actor, "new_year", plan=plan)
    pupils = _pupils(session, actor, year, table)
    rows = [
        {
            "batch_id": batch.row.id,
            "number": number,
            "patron_id": patron_id,
            "facts": {"school": school, "was": was, "to": table[school, was]},
        }
        for number, (patron_id, school, was) in enumerate(pupils, start=1)
    ]
    if rows:
        session.execute(insert(PatronBatchRow), rows)
    return do_many(session, actor, batch, len(rows))


def _pupils(
    session: Session, actor: Actor, year: str, table: Mapping[tuple[str, str], str]
) -> list[tuple[int, str, str]]:
    """Read all who move before anybody does, so that 6A → 7A → 8A is one step for each."""
    query = (
        select(Patron.id, Patron.school, Patron.school_class)
        .join(OrgUnit, OrgUnit.id == Patron.branch_id)
        .where(Patron.library_id == actor.library_id, Patron.deleted_at.is_(None))
        .where(Patron.school_class != "", Patron.school_year != year)
        .where(or_(*(OrgUnit.path.startswith(p) for p in actor.scope_paths(EDIT) or ["?"])))
        .order_by(Patron.id)
    )
    rows = session.execute(query)
    return [(one, school, was) for one, school, was in rows if (school, was) in table]


@work_of("new_year")
class NewYearWork(Work):
    """Classes moving up: the rows say from where to where each pupil goes."""

    def __init__(self, _session: Session, _actor: Actor, row: PatronBatch) -> None:
        self.terms = LeaverTerms(**row.plan["facts"])
        self.year = str(row.plan["year"])

    def part(self, batch: Batch) -> bool:
        """Move the next pupils; who was moved or erased by somebody else meanwhile is left alone."""
        session, row = batch.session, batch.row
        rows = rows_of(session, row.id, limit=PUPILS, offset=row.done_to)
        lock(session, patrons=[one.patron_id for one in rows if one.patron_id is not None])
        leavers = []
        for one in rows:
            patron = session.get(Patron, one.patron_id or 0, populate_existing=True)
            was = (one.facts["school"], one.facts["was"])
            if patron is None or patron.deleted_at or (patron.school, patron.school_class) != was:
                one.what = "other"
            elif one.facts["to"]:
                batch.change(patron, patron, school_class=one.facts["to"], school_year=self.year)
                one.what = "moved"
            else:
                leavers.append((one, patron))
                one.what = "left"
                _leave(session, batch, patron, self.terms)
        if self.terms.block.strip():
            _block(session, batch, leavers, self.terms.block)
        row.done_to += len(rows)
        return row.done_to < row.total

    def figures(self, session: Session, row: PatronBatch) -> dict[str, Any]:
        """Count who moved up and who left."""
        counts = counts_of(session, row.id)
        return {
            "moved": counts["moved"],
            "left_school": counts["left"] + counts["blocked"],
            "blocked": counts["blocked"],
            "about": self.year,
        }


def _leave(session: Session, batch: Batch, patron: Patron, terms: LeaverTerms) -> None:
    batch.note(patron, was=patron.school_class, school=patron.school)
    batch.change(
        patron,
        patron,
        school="",
        school_class="",
        category=terms.category or patron.category,
    )
    card = active_card(session, patron.id)
    if terms.card == END and card is not None:
        batch.change(patron, card, state="canceled", ended_on=clock.today())


def _block(
    session: Session,
    batch: Batch,
    leavers: list[tuple[PatronBatchRow, Patron]],
    words: str,
) -> None:
    """Block those who have something of the library's until it is back."""
    figures = patron_figures(session, [one.id for _row, one in leavers]) if leavers else {}
    for row, patron in leavers:
        mine = figures[patron.id]
        if mine.loans or mine.reading or mine.owed > 0:
            note = write_note(session, batch.actor, patron.id, words, acts=("borrow", "hold"))
            batch.note(patron, notes=[note.id])
            row.what = "blocked"


# --- who left and still owes -------------------------------------------------------------------


def leavers_owing(session: Session, actor: Actor, batch_id: int) -> list[dict[str, Any]]:
    """Return what those who left with a school year still have or owe today: a line for each book,
    or for the money alone; for the school to remind them."""
    batch_for(session, actor, batch_id)
    was = {
        line.patron_id: line.facts for line in lines_of(session, batch_id) if "was" in line.facts
    }
    if not was:
        return []
    figures = patron_figures(session, was)
    loans: dict[int, list[Any]] = {}
    query = (
        select(Loan.patron_id, Record.title, Item.accession_no, Loan.due_on)
        .join(Item, Item.id == Loan.item_id)
        .join(Record, Record.id == Loan.record_id)
        .where(Loan.patron_id.in_(was), Loan.closed_at.is_(None))
        .order_by(Loan.due_on, Loan.id)
    )
    for patron_id, *rest in session.execute(query):
        loans.setdefault(patron_id or 0, []).append(rest)
    people = session.execute(
        select(Patron, PatronCard.number)
        .outerjoin(PatronCard, (PatronCard.patron_id == Patron.id) & (PatronCard.state == "active"))
        .where(Patron.id.in_(was))
        .order_by(Patron.name_key, Patron.id)
    ).all()
    rows = []
    for patron, card in people:
        owed = max(0, figures[patron.id].owed)
        books = loans.get(patron.id, [])
        for n, (title, number, due) in enumerate(books or ([("", "", None)] if owed else [])):
            rows.append(
                {
                    "patron_id": patron.id,
                    "patron": patron.name,
                    "school": was[patron.id]["school"],
                    "school_class": was[patron.id]["was"],
                    "card": card or "",
                    "phone": patron.phone or patron.guardian_phone,
                    "title": title,
                    "accession_no": number or "",
                    "due_on": due,
                    "owed": owed or None if n == 0 else None,
                }
            )
    return sorted(rows, key=lambda row: (row["school"], row["school_class"]))
