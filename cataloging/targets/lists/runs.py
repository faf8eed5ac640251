"""Lists of ISBNs as rows: begun, looked through, asked again, stopped, forgotten."""

import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from cataloging.change_sets import change_set_for
from cataloging.imports.sheets.tables import rows_of, shown, table_of
from cataloging.models import RecordIdentifier
from cataloging.permissions import EDIT_RECORD
from cataloging.targets.lists import settled
from cataloging.targets.lists.lines import Line, read_rows
from cataloging.targets.lists.settled import OPEN
from cataloging.targets.models import IsbnLine, IsbnList, TargetSearch
from cataloging.targets.searches import forget_lists
from cataloging.targets.setup import targets_of
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.errors import Invalid, NotFound, Refused
from ils.core.jobs import Job, enqueue, has_stopped, stop_job

ASK: Final = "isbn_list"
TAKE: Final = "isbn_list_take"
MOST: Final = 2000  # lines of one list
AT_ONCE: Final = 500  # numbers looked up at once
IN_A_ROW: Final = 3  # failures after which a target is given up
# What does not get better with the next number.
FOR_GOOD: Final = (
    *("not_asked", "no_such_host", "private_address", "port_forbidden", "scheme_forbidden"),
    *("sign_in_needed", "sign_in_refused", "password_lost", "not_sru", "no_yaz"),
)


def read_file(content: bytes) -> list[Line]:
    """Read a file: a spreadsheet row by row, anything else as text.

    Raises ``Invalid('isbn_file')`` for a file that is neither.
    """
    with tempfile.NamedTemporaryFile(prefix="sen-", suffix=".list") as kept:
        kept.write(content)
        kept.flush()
        path = Path(kept.name)
        table = table_of(path, sure=False)
        if table is not None and table.kind in ("xlsx", "xls", "csv"):
            rows = rows_of(path, table)
            return read_rows((n, "\t".join(shown(cell) for cell in cells)) for n, cells in rows)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid("isbn_file", field="file") from error
    return read_rows(enumerate(text.splitlines(), 1))


def begin_list(
    session: Session, actor: Actor, lines: Sequence[Line], target_ids: Iterable[int], name: str = ""
) -> IsbnList:
    """Keep a list and queue the asking of what we have not at the chosen targets.

    Raises ``Invalid``: an empty or overlong list, no target chosen.
    """
    actor.require(EDIT_RECORD)
    if not lines:
        raise Invalid("isbn_list_empty", field="isbns")
    if len(lines) > MOST:
        raise Invalid("isbn_list_long", field="isbns", most=MOST)
    wanted = set(target_ids)
    asked = [t.id for t in targets_of(session, actor, active=True) if t.id in wanted]
    have = ours_by_isbn(session, {one.isbn for one in lines if one.isbn})
    states = [_state(one, have) for one in lines]
    if not asked and "waiting" in states:
        raise Invalid("isbn_list_targets", field="targets")
    name = " ".join(name.split())[:80] or clock.local(clock.now()).strftime("%d/%m/%Y %H:%M")
    made = IsbnList(staff_id=actor.staff_id, name=name, target_ids=asked)
    session.add(made)
    session.flush()
    rows = [
        {
            **{"list_id": made.id, "number": one.number, "typed": one.typed, "isbn": one.isbn},
            **{"state": state, "reason": one.reason, "title": ""},
            "record_id": have.get(one.isbn),
        }
        for one, state in zip(lines, states, strict=True)
    ]
    session.execute(insert(IsbnLine), rows)
    if "waiting" in states:
        made.job_id = enqueue(session, actor, ASK, list_id=made.id).id
    session.flush()
    return made


def _state(line: Line, have: dict[str, int]) -> str:
    if not line.isbn:
        return "wrong"
    if line.reason == "double":
        return "double"
    return "ours" if line.isbn in have else "waiting"


def ours_by_isbn(session: Session, isbns: Iterable[str]) -> dict[str, int]:
    """Return which of these the catalogue has: the record's id by ISBN."""
    wanted: list[str] = sorted(isbns)
    found: dict[str, int] = {}
    for start in range(0, len(wanted), AT_ONCE):
        query = select(RecordIdentifier.value, RecordIdentifier.record_id).where(
            RecordIdentifier.scheme == "isbn",
            RecordIdentifier.value.in_(wanted[start : start + AT_ONCE]),
        )
        rows = session.execute(query.order_by(RecordIdentifier.record_id.desc()))
        found.update(dict(rows.all()))
    return found


def list_for(session: Session, actor: Actor, isbn_list_id: int) -> IsbnList:
    """Return a list of the actor's own. Raises ``NotFound``, also for another's."""
    actor.require(EDIT_RECORD)
    found = session.get(IsbnList, isbn_list_id)
    if found is None or found.staff_id != actor.staff_id:
        raise NotFound("isbn_list_unknown")
    return found


def lists_of(actor: Actor) -> Any:
    """Return the query of the actor's lists, newest first."""
    return select(IsbnList).where(IsbnList.staff_id == actor.staff_id).order_by(IsbnList.id.desc())


def line_for(session: Session, actor: Actor, isbn_line_id: int) -> tuple[IsbnList, IsbnLine]:
    """Return a line of a list of the actor's own, with the list. Raises ``NotFound``."""
    found = session.get(IsbnLine, isbn_line_id)
    if found is None:
        raise NotFound("isbn_list_unknown")
    return list_for(session, actor, found.list_id), found


def lines_of(isbn_list: IsbnList, state: str) -> Any:
    """Return the query of a list's lines in one state, in order."""
    own = select(IsbnLine).where(IsbnLine.list_id == isbn_list.id)
    own = own.where(IsbnLine.state == state) if state else own
    return own.order_by(IsbnLine.number, IsbnLine.id)


def next_line(
    session: Session, isbn_list: IsbnList, after: IsbnLine, state: str
) -> IsbnLine | None:
    """Return the next line in a state, beginning anew behind the last."""
    rest = lines_of(isbn_list, state).where(IsbnLine.id != after.id)
    later: IsbnLine | None = session.scalar(rest.where(IsbnLine.id > after.id).limit(1))
    first: IsbnLine | None = session.scalar(rest.limit(1))
    return later or first


def counts_of(session: Session, list_id: int) -> Counter[str]:
    """Count the lines of a list by what became of them."""
    rows = session.execute(
        select(IsbnLine.state, func.count())
        .where(IsbnLine.list_id == list_id)
        .group_by(IsbnLine.state)
    )
    return Counter(dict(rows.all()))


def is_lost(in_a_row: int, code: str) -> bool:
    """Tell whether a target that failed so often, at last for this reason, is asked no more."""
    return in_a_row >= IN_A_ROW or code in FOR_GOOD


def is_at_work(session: Session, isbn_list: IsbnList) -> bool:
    """Tell whether the worker has a list in hand."""
    job = session.get(Job, isbn_list.job_id) if isbn_list.job_id else None
    return job is not None and job.status in ("queued", "running")


def has_been_stopped(session: Session, isbn_list: IsbnList) -> bool:
    """Tell whether the worker was stopped in the list, or failed in it."""
    return has_stopped(session.get(Job, isbn_list.job_id) if isbn_list.job_id else None)


def locked(session: Session, actor: Actor, isbn_list_id: int) -> IsbnList:
    """Return a list to be worked on. Raises ``Refused`` while the worker has it."""
    found = list_for(session, actor, isbn_list_id)
    session.refresh(found, with_for_update=True)
    if is_at_work(session, found):
        raise Refused("isbn_list_at_work")
    return found


def ask_again(session: Session, actor: Actor, isbn_list_id: int) -> None:
    """Ask for what was not answered everywhere, also at the targets that were given up, and for
    what was left when the work was stopped. Raises ``Refused`` when there is nothing to ask."""
    found = locked(session, actor, isbn_list_id)
    unheard = select(IsbnLine).where(
        IsbnLine.list_id == found.id,
        (IsbnLine.state == "unasked")
        | ((IsbnLine.state == "none") & (IsbnLine.reason == "not_all")),
    )
    for line in session.scalars(unheard):
        if line.search_id:
            session.execute(delete(TargetSearch).where(TargetSearch.id == line.search_id))
        line.state, line.reason, line.search_id = "waiting", "", None
    session.flush()
    if not counts_of(session, found.id)["waiting"]:
        raise Refused("isbn_list_asked")
    found.lost = {}
    found.job_id = enqueue(session, actor, ASK, list_id=found.id).id


def stop(session: Session, actor: Actor, isbn_list_id: int) -> None:
    """Stop the work on a list; what was answered or taken stays."""
    stop_job(session, list_for(session, actor, isbn_list_id).job_id)


def forget(session: Session, actor: Actor, isbn_list_id: int) -> None:
    """Forget a list and what was found for it; records taken stay."""
    forget_lists(session, IsbnList.id == locked(session, actor, isbn_list_id).id)


def is_behind(session: Session, isbn_list: IsbnList) -> bool:
    """Tell whether the catalogue got or lost books of a list that nobody works on."""
    if is_at_work(session, isbn_list):
        return False
    there = bool(_come_meanwhile(session, isbn_list))
    return there or bool(settled.gone_again(session, isbn_list.id))


def bring_up_to_date(session: Session, actor: Actor, isbn_list_id: int) -> None:
    """Note which lines the catalogue has by now, by whatever way, and which it has no more."""
    found = locked(session, actor, isbn_list_id)
    for line in settled.gone_again(session, found.id):
        settled.reopen(line)
    session.flush()
    note_ours(session, found)


def note_ours(session: Session, isbn_list: IsbnList) -> None:
    """Note which open lines the catalogue has by now: a colleague's, or typed in the editor."""
    for row, record_id in _come_meanwhile(session, isbn_list):
        row.state, row.reason, row.record_id = "ours", "", record_id
    session.flush()


def _come_meanwhile(session: Session, isbn_list: IsbnList) -> list[tuple[IsbnLine, int]]:
    rows = session.scalars(
        select(IsbnLine).where(IsbnLine.list_id == isbn_list.id, IsbnLine.state.in_(OPEN))
    ).all()
    have = ours_by_isbn(session, {row.isbn for row in rows})
    return [(row, have[row.isbn]) for row in rows if row.isbn in have]


def is_undone(session: Session, isbn_list: IsbnList) -> bool:
    """Tell whether what was taken of a list was undone."""
    made_in = isbn_list.change_set_id
    return made_in is not None and change_set_for(session, made_in).undone_at is not None


def give_back_undone(session: Session, isbn_list: IsbnList) -> None:
    """After an undo: what was taken stands there as found again."""
    if not is_undone(session, isbn_list):
        return
    for line in settled.gone_again(session, isbn_list.id):
        settled.reopen(line)
    session.flush()
    isbn_list.change_set_id = None
