"""Asking the targets for a list, round by round: a few lines at once, each target at its own pace.

A round is asked outside of any transaction and written in one, so that work taken up again after a
stop goes on with the lines that are left; at most one round is asked twice. A target gets one
question at a time and no more a minute than its row allows. One that fails three times in a row, or
that cannot be asked at all, is given up for this list, with the reason.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from cataloging.imports.matching import first_match, keys_of, stored_matches
from cataloging.marc.project import Projection
from cataloging.targets import searches
from cataloging.targets.answers import Answer, Failed, Place
from cataloging.targets.asking import Wanted
from cataloging.targets.folding import fold
from cataloging.targets.lists import runs
from cataloging.targets.models import IsbnLine, IsbnList, Target, TargetAnswer, TargetSearch
from cataloging.targets.setup import ask, place_of
from ils.core import clock
from ils.core.db import reading, transaction
from ils.core.jobs import Progress, breathe, job_kind

AT_ONCE: Final = 4  # lines of a round
TOLD_EVERY: Final = 5.0  # seconds
Given = tuple[Answer | Failed, int]  # with milliseconds


@dataclass
class Asker:
    """One target in the work on a list: how it is asked, how often it failed, when it was asked."""

    target_id: int
    place: Place
    per_minute: int
    in_a_row: int = 0
    last: Failed | None = None
    asked_at: float = 0.0
    got: dict[int, Given] = field(default_factory=dict)

    @property
    def is_lost(self) -> bool:
        """Tell whether it is asked no more."""
        return self.last is not None and runs.is_lost(self.in_a_row, self.last.code)

    def ask_for(self, lines: Sequence[tuple[int, str]], over: Event) -> None:
        """Ask for one number after another, until it is lost or the work is over."""
        for line_id, isbn in lines:
            if self.is_lost or over.wait(self.pause):
                return
            self.asked_at = time.monotonic()
            given = self.got[line_id] = ask(self.place, Wanted(isbn))
            self.last = given[0] if isinstance(given[0], Failed) else None
            self.in_a_row = self.in_a_row + 1 if self.last else 0

    @property
    def pause(self) -> float:
        """Seconds until it may be asked again."""
        if not self.per_minute or not self.asked_at:
            return 0.0
        return max(0.0, self.asked_at + 60 / self.per_minute - time.monotonic())


@job_kind(runs.ASK)
def ask_list(progress: Progress, args: dict[str, Any]) -> dict[str, Any]:
    """Ask for the lines of a list that wait, and say of each what came of it."""
    list_id = int(args["list_id"])
    with reading() as session:
        askers = _askers(session, session.get_one(IsbnList, list_id))
        counts = runs.counts_of(session, list_id)
    total = counts.total() - sum(counts[one] for one in ("wrong", "double", "ours", "taken"))
    while True:
        lines = _next(list_id)
        left = _waiting(list_id)
        progress.tell(total - left, total)
        if not lines:
            return {"asked": total}
        if all(one.is_lost for one in askers):
            with transaction() as session:
                waiting = (IsbnLine.list_id == list_id) & (IsbnLine.state == "waiting")
                session.execute(update(IsbnLine).where(waiting).values(state="unasked"))
            continue
        _ask_round(progress, askers, lines, (total - left, total))
        with transaction() as session:
            keep_round(session, list_id, askers, lines)
        breathe()


def _askers(session: Session, isbn_list: IsbnList) -> list[Asker]:
    rows = session.scalars(
        select(Target)
        .where(Target.id.in_(isbn_list.target_ids))
        .order_by(Target.order, Target.name)
    )
    askers = [Asker(one.id, place_of(one), one.per_minute) for one in rows]
    for one in askers:
        if past := isbn_list.lost.get(str(one.target_id)):
            one.in_a_row = past["in_a_row"]
            one.last = Failed(past["code"], past["detail"])
    return askers


def _waiting(list_id: int) -> int:
    with reading() as session:
        return runs.counts_of(session, list_id)["waiting"]


def _next(list_id: int) -> list[tuple[int, str]]:
    """Return the next lines to ask for; what came into the catalogue meanwhile is not asked."""
    while True:
        with reading() as session:
            found = session.get_one(IsbnList, list_id)
            rows = session.scalars(runs.lines_of(found, "waiting").limit(AT_ONCE)).all()
            have = runs.ours_by_isbn(session, {row.isbn for row in rows})
        if not have:
            return [(row.id, row.isbn) for row in rows]
        with transaction() as session:
            for row in rows:
                if row.isbn in have:
                    values = {"state": "ours", "record_id": have[row.isbn]}
                    session.execute(update(IsbnLine).where(IsbnLine.id == row.id).values(**values))


def _ask_round(
    progress: Progress,
    askers: list[Asker],
    lines: list[tuple[int, str]],
    so_far: tuple[int, int],
) -> None:
    """Ask all targets side by side; tell meanwhile that the work goes on, so it may be stopped."""
    over = Event()
    threads = []
    for one in askers:
        one.got = {}
        threads.append(Thread(target=one.ask_for, args=(lines, over), daemon=True))
    for thread in threads:
        thread.start()
    try:
        told = time.monotonic()
        for thread in threads:
            while thread.is_alive():
                thread.join(max(0.05, told + TOLD_EVERY - time.monotonic()))
                if time.monotonic() >= told + TOLD_EVERY:
                    progress.tell(*so_far)
                    told = time.monotonic()
    finally:
        over.set()


def keep_round(
    session: Session, list_id: int, askers: list[Asker], lines: list[tuple[int, str]]
) -> None:
    """Write down what a round gave, and what it means for each line."""
    isbn_list = session.get_one(IsbnList, list_id)
    for line_id, isbn in lines:
        search = TargetSearch(made_by=isbn_list.staff_id, words=isbn)
        session.add(search)
        session.flush()
        for one in askers:
            if session.get(Target, one.target_id) is None:  # taken away meanwhile
                continue
            answer = TargetAnswer(search_id=search.id, target_id=one.target_id, until=clock.now())
            session.add(answer)
            session.flush()
            got, milliseconds = one.got.get(line_id, (Failed("given_up"), 0))
            searches.keep_answer(session, answer.id, got, milliseconds)
        session.flush()
        _judge(session, session.get_one(IsbnLine, line_id), search)
    isbn_list.lost = {
        str(one.target_id): {
            "in_a_row": one.in_a_row,
            "code": one.last.code,
            "detail": one.last.detail,
        }
        for one in askers
        if one.last
    }
    session.flush()


def _judge(session: Session, line: IsbnLine, search: TargetSearch) -> None:
    """Say what came of a line: one record that is surely it, several or a doubtful one, none."""
    parts = searches.parts_of(session, search)
    seen = searches.projected(parts)
    different = list(fold(searches.given_by(parts, seen)))
    line.search_id = search.id
    answered = [part.answer.state == "answered" for part in parts]
    if not different:
        line.state = "none" if any(answered) else "unasked"
        line.reason = "" if all(answered) or not any(answered) else "not_all"
        return
    line.title = seen[different[0]].title[:200]
    line.reason = _doubt(session, line.isbn, [seen[one] for one in different])
    line.state = "several" if line.reason else "one"
    line.found_id = None if line.reason else different[0]


def _doubt(session: Session, isbn: str, records: list[Projection]) -> str:
    if len(records) > 1:
        return "several"
    [one] = records
    if isbn not in one.isbns:
        return "other_number"
    here = first_match(keys_of(one), stored_matches(session, keys_of(one)), one)
    return "alike_here" if here is not None else ""
