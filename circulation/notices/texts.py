"""The texts of notices: those that come with the program, and what units wrote instead.

A text is taken from the nearest unit that wrote it, else from the file of its language. Names in
braces are filled in; nothing else can be done in a text.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from circulation.notices.models import Notice, NoticeText
from circulation.permissions import EDIT_NOTICES
from circulation.rules.notices import RECEIPTS, unknown_places
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.audit import audit
from ils.core.errors import Invalid
from ils.org.units import place
from ils.text.normal import clean

LANGUAGES = ("vi", "en")
MOST = 2000
_READER = ("name", "addressee", "card", "library", "address", "phone")
_LINE = ("title", "number", "branch")
PLACES: dict[str, tuple[str, ...]] = {
    "message": _READER,
    "due_soon": (*_READER, *_LINE, "due", "days"),
    "overdue": (*_READER, *_LINE, "due", "days"),
    "overdue_last": (*_READER, *_LINE, "due", "days"),
    "hold_ready": (*_READER, *_LINE, "pickup", "until"),
    "hold_expired": (*_READER, *_LINE, "pickup"),
    "hold_cancelled": (*_READER, *_LINE, "pickup"),
    "hold_unfilled": (*_READER, *_LINE, "pickup"),
    "hold_hopeless": (*_READER, *_LINE, "pickup"),
    "card_expiring": (*_READER, "expires"),
    "apology": (*_READER, *_LINE, "pickup"),
    "hold_joined": (*_READER, *_LINE, "pickup"),
    "hold_at_home": (*_READER, *_LINE, "pickup"),
    "registered": (*_READER, "expires"),
    "declined": (*_READER, "code", "reason"),
    "loan_receipt": (*_READER, *_LINE, "due"),
    "money_receipt": (*_READER, "number", "day", "what", "amount"),
}
PARTS: dict[str, tuple[str, ...]] = dict.fromkeys(PLACES, ("intro", "line", "short")) | {
    "message": ("subject", "greeting", "about", "closing", "short", "call"),
    **dict.fromkeys(RECEIPTS, ("subject", "intro", "line")),  # by e-mail only
}


def text_kind(notice: Notice) -> str:
    """Return which text a notice is told with."""
    return "overdue_last" if notice.what == "overdue" and notice.last_step else notice.what


@cache
def own_texts(language: str) -> Mapping[str, Mapping[str, str]]:
    """Return the texts that come with the program."""
    file = Path(__file__).parent / "data" / f"{language}.toml"
    return tomllib.loads(file.read_text("utf-8"))


@dataclass(frozen=True)
class Text:
    """A text in force and the unit that wrote it; None where it came with the program."""

    body: str
    unit_id: int | None


class Texts:
    """The texts in force at a unit, in a language."""

    def __init__(self, session: Session, unit_id: int, language: str) -> None:
        self.language = language if language in LANGUAGES else "vi"
        ids = place(session, unit_id).ids
        rows = session.scalars(
            select(NoticeText).where(
                NoticeText.unit_id.in_(ids), NoticeText.language == self.language
            )
        ).all()
        self._written = {
            (row.what, row.part): row for row in sorted(rows, key=lambda r: ids.index(r.unit_id))
        }

    def text(self, what: str, part: str) -> Text:
        """Return a text with its origin."""
        row = self._written.get((what, part))
        if row is not None:
            return Text(row.body, row.unit_id)
        return Text(own_texts(self.language)[what][part], None)

    def __call__(self, what: str, part: str) -> str:
        """Return a text."""
        return self.text(what, part).body


def check_text(what: str, part: str, body: str) -> str:
    """Return a text as it may be kept. Raises ``Invalid`` naming a name in braces that is none."""
    if part not in PARTS.get(what, ()):
        raise Invalid("notice_text_unknown", field="part")
    body = clean(body.replace("\r\n", "\n")) if part == "subject" else body.strip()
    if not body or len(body) > MOST:
        raise Invalid("notice_text_length", field=part)
    if part == "subject" and "\n" in body:
        raise Invalid("notice_text_length", field=part)
    extra = ("text",) if (what, part) == ("message", "short") else ()
    wrong = unknown_places(body, (*PLACES[what], *extra))
    if wrong:
        raise Invalid("notice_placeholder_unknown", field=part, name=wrong[0])
    return body


def write_text(
    session: Session,
    actor: Actor,
    *,
    unit_id: int,
    what: str,
    language: str,
    bodies: Mapping[str, str],
) -> None:
    """Write texts of a unit; one that says what would be inherited is taken away."""
    actor.require(EDIT_NOTICES, place(session, unit_id).path)
    if what not in PARTS or language not in LANGUAGES:
        raise Invalid("notice_text_unknown", field="what")
    above = _inherited(session, unit_id, language)
    changed: list[str] = []
    for part, typed in bodies.items():
        body = check_text(what, part, typed) if typed.strip() else ""
        row = session.scalar(
            select(NoticeText).where(
                NoticeText.unit_id == unit_id,
                NoticeText.what == what,
                NoticeText.language == language,
                NoticeText.part == part,
            )
        )
        if not body or body == above(what, part):
            if row is not None:
                session.delete(row)
                changed.append(part)
            continue
        if row is None:
            row = NoticeText(unit_id=unit_id, what=what, language=language, part=part)
            session.add(row)
        elif row.body == body:
            continue
        row.body, row.changed_at, row.changed_by = body, clock.now(), actor.staff_id
        changed.append(part)
    session.flush()
    if changed:
        audit(
            session,
            actor,
            "notice_text_written",
            "org_unit",
            unit_id,
            what=what,
            language=language,
            parts=changed,
        )


def _inherited(session: Session, unit_id: int, language: str) -> Texts:
    """Return the texts as they are above a unit."""
    texts = Texts(session, unit_id, language)
    ids: Sequence[int] = place(session, unit_id).ids[:-1]
    if ids:
        return Texts(session, ids[-1], language)
    texts._written = {}
    return texts
