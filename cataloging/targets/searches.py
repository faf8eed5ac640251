"""A question put to all targets at once: each answers by itself, in a thread of its own.

A thread ends with its target's time; an answer that never came (the server was stopped) counts as
too slow once its time is over, so no page waits for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from threading import Semaphore, Thread
from typing import Final

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from cataloging.editor.drafts import keep_draft
from cataloging.editor.models import RecordDraft
from cataloging.marc.model import Marc
from cataloging.marc.project import Projection, project
from cataloging.models import ChangeSet, Record
from cataloging.permissions import EDIT_RECORD
from cataloging.records import new_change_set, record_for, replace_marc
from cataloging.targets.answers import Answer, Failed, Place
from cataloging.targets.asking import Wanted
from cataloging.targets.fields import Prepared, joined, prepared, tags_of
from cataloging.targets.folding import Given
from cataloging.targets.lists import settled
from cataloging.targets.models import (
    IsbnLine,
    IsbnList,
    Target,
    TargetAnswer,
    TargetFound,
    TargetSearch,
)
from cataloging.targets.setup import ask, place_of, targets_of
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.db import transaction
from ils.core.errors import Invalid, NotFound
from ils.core.jobs import periodic
from ils.org.settings import setting

KEPT: Final = timedelta(days=3)
LIST_KEPT: Final = timedelta(days=60)
GRACE: Final = timedelta(seconds=2)
_AT_ONCE: Final = Semaphore(24)  # in this process, whoever asks

Asked = list[tuple[int, Place]]  # answer id, where


def begin_search(
    session: Session, actor: Actor, wanted: Wanted, record_id: int | None = None
) -> tuple[TargetSearch, Asked]:
    """Write a question down for every active target. Raises ``Invalid`` when nothing was typed."""
    actor.require(EDIT_RECORD)
    if not wanted.parts:
        raise Invalid("target_words_missing", field="words")
    if record_id is not None:
        record_for(session, record_id)
    search = TargetSearch(
        made_by=actor.staff_id or 0,
        words=wanted.words[:200],
        title=wanted.title[:200],
        author=wanted.author[:200],
        record_id=record_id,
    )
    session.add(search)
    session.flush()
    asked: Asked = []
    for target in targets_of(session, actor, active=True):
        until = clock.now() + timedelta(seconds=target.seconds) + GRACE
        answer = TargetAnswer(search_id=search.id, target_id=target.id, until=until)
        session.add(answer)
        session.flush()
        asked.append((answer.id, place_of(target)))
    return search, asked


def start_asking(asked: Asked, wanted: Wanted) -> list[Thread]:
    """Ask every target in a thread of its own; call it when the question is committed."""
    threads = [Thread(target=_ask_one, args=(*one, wanted), daemon=True) for one in asked]
    for thread in threads:
        thread.start()
    return threads


def _ask_one(answer_id: int, place: Place, wanted: Wanted) -> None:
    got: Answer | Failed = Failed("too_busy")
    milliseconds = 0
    if _AT_ONCE.acquire(timeout=place.seconds):
        try:
            got, milliseconds = ask(place, wanted)
        finally:
            _AT_ONCE.release()
    with transaction() as session:
        keep_answer(session, answer_id, got, milliseconds)


def keep_answer(session: Session, answer_id: int, got: Answer | Failed, milliseconds: int) -> None:
    """Write down what a target gave; that the search is gone meanwhile is no error."""
    answer = session.get(TargetAnswer, answer_id)
    if answer is None:
        return
    answer.milliseconds = milliseconds
    if isinstance(got, Failed):
        answer.state, answer.problem, answer.detail = "failed", got.code, got.detail
        return
    answer.state, answer.hits, answer.unread = "answered", got.hits, got.unread
    for position, (marc, repairs) in enumerate(got.records, 1):
        facts = [{"code": r.code, "where": r.where, "detail": r.detail} for r in repairs]
        found = TargetFound(answer_id=answer.id, position=position, marc=dict(marc), repairs=facts)
        session.add(found)


@dataclass(frozen=True)
class Part:
    """What one target gave."""

    target: Target
    answer: TargetAnswer
    found: Sequence[TargetFound]

    @property
    def waits(self) -> bool:
        """Tell whether it may still answer."""
        return self.answer.state == "asking" and clock.now() < self.answer.until


def search_for(session: Session, actor: Actor, search_id: int) -> TargetSearch:
    """Return one's own search. Raises ``NotFound``, also for somebody else's."""
    found = session.get(TargetSearch, search_id)
    if found is None or found.made_by != actor.staff_id:
        raise NotFound("target_search_unknown")
    return found


def parts_of(session: Session, search: TargetSearch) -> list[Part]:
    """Return what each target gave, in the order of the targets."""
    rows = session.execute(
        select(TargetAnswer, Target)
        .join(Target, Target.id == TargetAnswer.target_id)
        .where(TargetAnswer.search_id == search.id)
        .order_by(Target.order, Target.name)
    ).all()
    found: dict[int, list[TargetFound]] = {}
    query = select(TargetFound).where(TargetFound.answer_id.in_([a.id for a, _ in rows]))
    for one in session.scalars(query.order_by(TargetFound.position)):
        found.setdefault(one.answer_id, []).append(one)
    return [Part(target, answer, found.get(answer.id, [])) for answer, target in rows]


def projected(parts: Sequence[Part]) -> dict[int, Projection]:
    """Return what each record that was found says, by its id here."""
    return {found.id: project(found.marc) for part in parts for found in part.found}  # type: ignore[arg-type]


def given_by(parts: Sequence[Part], seen: dict[int, Projection]) -> list[Given]:
    """Return what each target gave, as folding wants it."""
    return [(part.target.name, [(f.id, seen[f.id]) for f in part.found]) for part in parts]


@dataclass(frozen=True)
class Seen:
    """A record found, with where it came from and as it would be taken."""

    found: TargetFound
    search: TargetSearch
    target: Target
    ready: Prepared


def found_for(session: Session, actor: Actor, found_id: int, *, whole: bool = False) -> Seen:
    """Return a record that one's own search found. ``whole`` leaves nothing of it out."""
    found = session.get(TargetFound, found_id)
    answer = session.get(TargetAnswer, found.answer_id) if found else None
    if found is None or answer is None:
        raise NotFound("target_search_unknown")
    search = search_for(session, actor, answer.search_id)
    target = session.get_one(Target, answer.target_id)
    rule = setting(session, actor.library_id, "cataloging.left_out_fields")
    marc: Marc = found.marc  # type: ignore[assignment]
    return Seen(found, search, target, prepared(marc, () if whole else tags_of(rule)))


def take(session: Session, actor: Actor, found_id: int, *, whole: bool = False) -> RecordDraft:
    """Put a record found elsewhere into the editor as a draft of the actor's."""
    seen = found_for(session, actor, found_id, whole=whole)
    return keep_draft(session, actor, seen.ready.marc, beside={settled.FOUND: seen.found.id})


def protected_fields(session: Session, actor: Actor) -> tuple[str, ...]:
    """Return the fields of ours that nothing from elsewhere replaces by itself."""
    return tags_of(setting(session, actor.library_id, "cataloging.protected_fields"))


def merge_into(
    session: Session,
    actor: Actor,
    found_id: int,
    record_id: int,
    chosen: dict[str, str],
    *,
    expected_version: int,
    why: str = "",
) -> tuple[Record, ChangeSet]:
    """Save a record of ours with what was chosen of one found elsewhere, as a change set."""
    seen = found_for(session, actor, found_id)
    record = record_for(session, record_id)
    ours: Marc = record.marc  # type: ignore[assignment]
    new = joined(ours, seen.ready.marc, chosen, protected_fields(session, actor))
    made_in = new_change_set(session, actor, "target", why or seen.target.name)
    saved = replace_marc(
        session,
        actor,
        record_id,
        new,
        expected_version=expected_version,
        why=why or seen.target.name,
        change_set=made_in,
    )
    settled.note_found(session, actor, seen.found, "ours", saved.id)
    return saved, made_in


def forget_lists(session: Session, which: ColumnElement[bool]) -> None:
    """Forget lists of ISBNs and what was found for them."""
    of_them = select(IsbnLine.search_id).join(IsbnList, IsbnList.id == IsbnLine.list_id)
    searches = TargetSearch.id.in_(of_them.where(which, IsbnLine.search_id.is_not(None)))
    session.execute(delete(TargetSearch).where(searches))
    session.execute(delete(IsbnList).where(which))


@periodic("target_searches", daily_at="03:40")
def sweep_searches() -> None:
    """Forget what was found some days ago, and lists of ISBNs with what was found for them later."""
    with transaction() as session:
        forget_lists(session, IsbnList.made_at < clock.now() - LIST_KEPT)
        old = TargetSearch.made_at < clock.now() - KEPT
        of_a_list = select(IsbnLine.id).where(IsbnLine.search_id == TargetSearch.id).exists()
        session.execute(delete(TargetSearch).where(old, ~of_a_list))
