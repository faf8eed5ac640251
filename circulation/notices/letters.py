"""Letters: printed together by class or commune, told when printed, the same when printed again.

A child with a school class gets a slip that the teacher hands out, under a sheet with the names;
everybody else a letter, sorted by commune, under a sheet for the postman or the commune's officer.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from circulation.facts import lock
from circulation.notices.models import NoticeLetters, NoticeMessage
from circulation.notices.sending import finish, patrons_of, recheck_message
from circulation.permissions import HANDLE_NOTICES
from circulation.policies import require_within
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.audit import audit
from ils.core.errors import NotFound, Refused
from ils.printing.pdf import typst_pdf
from ils.text.filing import name_key

TEMPLATE = Path(__file__).parent / "print" / "letters.typ"
MOST = 400  # letters printed at once


@dataclass(frozen=True)
class Group:
    """Letters that lie together: ``kind`` is class or commune, ``name`` empty where none is known."""

    kind: str
    name: str
    messages: Sequence[NoticeMessage]

    @property
    def key(self) -> str:
        """Return what a form calls the group."""
        return f"{self.kind}:{self.name}"


def waiting_letters(session: Session, library_id: int) -> list[Group]:
    """Return the letters of a library to be printed, by class and commune."""
    return grouped(
        session.scalars(
            select(NoticeMessage).where(
                NoticeMessage.library_id == library_id,
                NoticeMessage.channel == "letter",
                NoticeMessage.state == "waiting",
            )
        ).all()
    )


def grouped(messages: Sequence[NoticeMessage]) -> list[Group]:
    """Sort letters: classes first, then communes; within each by name."""
    found: dict[tuple[str, str], list[NoticeMessage]] = defaultdict(list)
    for message in messages:
        paper = message.paper
        kind = "class" if paper.get("class") else "commune"
        found[kind, paper.get(kind, "")].append(message)
    return [
        Group(kind, name, sorted(group, key=lambda m: (name_key(m.paper.get("name", "")), m.id)))
        for (kind, name), group in sorted(found.items())
    ]


def print_letters(session: Session, actor: Actor, *, groups: Sequence[str]) -> NoticeLetters:
    """Print the letters of some groups: each is looked at again, then counts as told.

    Raises ``Refused`` where none is left to print.
    """
    actor.require(HANDLE_NOTICES)
    library_id, now = actor.library_id or 0, clock.now()
    wanted = [
        message
        for group in waiting_letters(session, library_id)
        if group.key in groups
        for message in group.messages
    ][:MOST]
    lock(session, patrons=patrons_of(*wanted))
    batch = NoticeLetters(library_id=library_id, made_at=now, made_by=actor.staff_id, count=0)
    session.add(batch)
    session.flush()
    for message in wanted:
        session.refresh(message)
        if message.state != "waiting" or not recheck_message(session, message, now):
            continue
        message.batch_id, message.tries = batch.id, message.tries + 1
        finish(session, message, "sent", now)
        batch.count += 1
    if not batch.count:
        raise Refused("no_letters_left")
    session.flush()
    audit(session, actor, "letters_printed", "notice_letters", batch.id, letters=batch.count)
    return batch


def letters_for(session: Session, actor: Actor, batch_id: int) -> NoticeLetters:
    """Return letters of a library the actor works for. Raises ``NotFound``."""
    batch = session.get(NoticeLetters, batch_id)
    unknown = NotFound("letters_unknown", batch_id=batch_id)
    if batch is None:
        raise unknown
    require_within(session, actor, HANDLE_NOTICES, batch.library_id, unknown)
    return batch


def printed(session: Session, library_id: int, limit: int = 20) -> Sequence[NoticeLetters]:
    """Return the letters printed last, newest first."""
    return session.scalars(
        select(NoticeLetters)
        .where(NoticeLetters.library_id == library_id)
        .order_by(NoticeLetters.id.desc())
        .limit(limit)
    ).all()


def letters_pdf(session: Session, batch: NoticeLetters) -> bytes:
    """Return printed letters as a paper, dated when they were printed, byte for byte the same."""
    messages = session.scalars(
        select(NoticeMessage).where(NoticeMessage.batch_id == batch.id).order_by(NoticeMessage.id)
    ).all()
    with clock.at(batch.made_at):
        return typst_pdf(TEMPLATE, _data([m for m in messages if m.paper], batch))


def _data(messages: Sequence[NoticeMessage], batch: NoticeLetters) -> dict[str, Any]:
    groups = [
        {"kind": group.kind, "name": group.name, "letters": [m.paper for m in group.messages]}
        for group in grouped(messages)
    ]
    return {"groups": groups, "number": batch.id}
