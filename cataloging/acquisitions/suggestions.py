"""Suggestions: what staff and readers would like the library to buy, answered, ordered, forgotten.

A reader is known by number only while an answer is due to them: some weeks after it (setting
``acquisitions.suggestion_days``) the link and their own words are cut, and what was wished stays.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Select, func, or_, select, update
from sqlalchemy.orm import Session

from cataloging.acquisitions import orders
from cataloging.acquisitions.models import OrderLine, PurchaseOrder, Suggestion
from cataloging.acquisitions.order_lists import There, there_of
from cataloging.acquisitions.receipts import received_of
from cataloging.acquisitions.rules.suggesting import stage_of
from cataloging.acquisitions.settings import OPEN_SUGGESTIONS, SUGGESTION_DAYS
from cataloging.marc.numbers import isbn13
from cataloging.models import Item, Record
from cataloging.permissions import ORDER_BOOKS
from cataloging.stockbook.vouchers import find_titles
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.audit import audit
from ils.core.db import Base, transaction
from ils.core.errors import Invalid, NotFound, Refused
from ils.core.jobs import periodic
from ils.org.settings import setting
from ils.org.units import libraries, unit
from ils.text.normal import fold

STATES: Final = ("new", "accepted", "declined", "")
UNANSWERED: Final = timedelta(days=365)  # what nobody answered in a year is cut all the same
MOST_SHOWN: Final = 100


@dataclass(frozen=True)
class SuggestionFacts:
    """A suggestion as it is typed; ``note`` says why."""

    title: str
    authors: str = ""
    publisher: str = ""
    year: str = ""
    isbn: str = ""
    note: str = ""


@dataclass(frozen=True)
class Known:
    """A title like the one suggested: copies held and awaited here, copies of other libraries."""

    record: Record
    there: There
    elsewhere: int


@dataclass(frozen=True)
class Asked:
    """What a list of suggestions is asked for."""

    library_id: int
    state: str = "new"
    words: str = ""


# --- what is there already ---------------------------------------------------------------------


def known_of(
    session: Session, library_id: int, title: str, isbn: str = "", *, hidden: bool = False
) -> list[Known]:
    """Return titles of the catalogue like one suggested: of its ISBN, or of the same title.

    Read from the database, so that what was entered a minute ago counts.
    """
    number, key = isbn13(isbn), fold(title)
    found = find_titles(session, number) if number else []
    if not found and key:
        found = [one for one in find_titles(session, title) if fold(one.title).startswith(key)]
    found = [one for one in found if hidden or not one.suppressed]
    ids = [one.id for one in found]
    there = there_of(session, library_id, ids)
    others = dict(
        session.execute(
            select(Item.record_id, func.count())
            .where(
                Item.record_id.in_(ids),
                Item.owner_id != library_id,
                Item.lifecycle != "withdrawn",
            )
            .group_by(Item.record_id)
        ).all()
    )
    return [Known(one, there[one.id], others.get(one.id, 0)) for one in found]


def awaited_by_title(session: Session, library_id: int, title: str) -> int:
    """Return how many copies of a new title of this name are awaited of orders sent."""
    lines = session.scalars(
        select(OrderLine)
        .join(PurchaseOrder, PurchaseOrder.id == OrderLine.order_id)
        .where(
            PurchaseOrder.library_id == library_id,
            PurchaseOrder.state == "sent",
            OrderLine.record_id.is_(None),
        )
    ).all()
    same = [line for line in lines if fold(str(line.fresh.get("title", ""))) == fold(title)]
    came = received_of(session, [line.id for line in same])
    return sum(max(0, line.copies - came[line.id].copies) for line in same)


# --- suggesting --------------------------------------------------------------------------------


def suggest(
    session: Session,
    actor: Actor,
    facts: SuggestionFacts,
    *,
    in_spite: bool = False,
) -> Suggestion:
    """Keep what somebody would like their library to buy.

    Raises ``Refused``: ``suggestion_there`` when the library holds or awaits it, unless said
    ``in_spite``; for readers also ``suggested_already`` and ``suggestions_enough``.
    """
    values = _checked(facts)
    library_id = actor.library_id or 0
    if actor.patron_id is not None:
        _require_room(session, actor.patron_id, library_id, values["match"])
    known = known_of(session, library_id, values["title"], values["isbn"])
    here = [
        one
        for one in known
        if (one.there.held or one.there.awaited)
        and (isbn13(values["isbn"]) or fold(one.record.title) == fold(values["title"]))
    ]
    if not in_spite and (here or awaited_by_title(session, library_id, values["title"])):
        raise Refused("suggestion_there")
    same_number = [one.record.id for one in known if isbn13(values["isbn"])]
    made = Suggestion(
        library_id=library_id,
        patron_id=actor.patron_id,
        staff_id=actor.staff_id,
        record_id=same_number[0] if same_number else None,
        **values,
    )
    session.add(made)
    session.flush()
    return made


def _checked(facts: SuggestionFacts) -> dict[str, Any]:
    values = {name: " ".join(text.split()) for name, text in asdict(facts).items()}
    if not values["title"] or not fold(values["title"]):
        raise Invalid("suggestion_untitled", field="title")
    if values["isbn"] and not isbn13(values["isbn"]):
        raise Invalid("suggestion_isbn_wrong", field="isbn")
    most = {"title": 300, "authors": 200, "publisher": 200, "year": 10, "isbn": 20, "note": 1000}
    for name, limit in most.items():
        if len(values[name]) > limit:
            raise Invalid("suggestion_too_long", field=name, most=limit)
    return values | {"match": fold(values["title"])[:120]}


def _require_room(session: Session, patron_id: int, library_id: int, match: str) -> None:
    """Refuse a wish too many. The reader is locked, so that two at once are looked at in turn."""
    patron = Base.metadata.tables["patron"]
    session.execute(
        select(patron.c.id).where(patron.c.id == patron_id).with_for_update(key_share=True)
    )
    mine = select(Suggestion.match).where(
        Suggestion.patron_id == patron_id, Suggestion.state == "new"
    )
    open_ones = session.scalars(mine).all()
    if match in open_ones:
        raise Refused("suggested_already")
    most = int(setting(session, library_id, OPEN_SUGGESTIONS))
    if len(open_ones) >= most:
        raise Refused("suggestions_enough", most=most)


def withdraw(session: Session, patron_id: int, suggestion_id: int) -> None:
    """Let a reader take back a suggestion of their own that is not answered yet."""
    found = session.get(Suggestion, suggestion_id)
    if found is None or found.patron_id != patron_id:
        raise NotFound("suggestion_unknown", suggestion_id=suggestion_id)
    if found.state != "new":
        raise Refused("suggestion_answered")
    session.delete(found)
    session.flush()


# --- answering ---------------------------------------------------------------------------------


def suggestion_for(
    session: Session, actor: Actor, suggestion_id: int, *, lock: bool = False
) -> Suggestion:
    """Return a suggestion of the library worked at. Raises ``NotFound``."""
    query = select(Suggestion).where(Suggestion.id == suggestion_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = session.scalar(query)
    if found is None or found.library_id != actor.library_id:
        raise NotFound("suggestion_unknown", suggestion_id=suggestion_id)
    return found


def _to_answer(session: Session, actor: Actor, suggestion_id: int) -> Suggestion:
    found = suggestion_for(session, actor, suggestion_id, lock=True)
    actor.require(ORDER_BOOKS, at=unit(session, found.library_id))
    return found


def answer(
    session: Session, actor: Actor, suggestion_id: int, *, accept: bool, words: str
) -> Suggestion:
    """Say yes or no; a no gives its reason. Whoever suggested it reads the words."""
    found = _to_answer(session, actor, suggestion_id)
    if found.state != "new":
        raise Refused("suggestion_answered")
    words = words.strip()[:1000]
    if not accept and not words:
        raise Invalid("suggestion_no_reason", field="answer")
    _answered(actor, found, "accepted" if accept else "declined", words)
    audit(session, actor, f"suggestion_{found.state}", "suggestion", found.id)
    session.flush()
    return found


def _answered(actor: Actor, found: Suggestion, state: str, words: str) -> None:
    found.state, found.answer = state, words
    found.answered_at, found.answered_by = clock.now(), actor.staff_id


def take_answer_back(session: Session, actor: Actor, suggestion_id: int) -> Suggestion:
    """Open a suggestion again. Raises ``Refused`` while it stands on an order."""
    found = _to_answer(session, actor, suggestion_id)
    if found.state == "new":
        raise Refused("suggestion_not_answered")
    if found.order_line_id is not None:
        raise Refused("suggestion_ordered")
    found.state, found.answer, found.answered_at, found.answered_by = "new", "", None, None
    audit(session, actor, "suggestion_reopened", "suggestion", found.id)
    session.flush()
    return found


def put_on_order(
    session: Session, actor: Actor, suggestion_id: int, order_id: int, copies: int = 1
) -> OrderLine:
    """Put what was suggested on a draft order; that is a yes. Others who suggested the same and
    wait for an answer get it too."""
    found = _to_answer(session, actor, suggestion_id)
    if found.order_line_id is not None:
        raise Refused("suggestion_ordered")
    if found.state == "declined":
        raise Refused("suggestion_answered")
    order = orders.draft_for(session, actor, order_id)
    if order.library_id != found.library_id:
        raise NotFound("order_unknown", order_id=order_id)
    names = ("title", "authors", "publisher", "year", "isbn")
    line = orders.add_title(
        session,
        actor,
        order_id,
        orders.LineFacts(copies),
        record_id=found.record_id,
        fresh={name: getattr(found, name) for name in names},
    )
    for one in [found, *_same(session, found)]:
        one.order_line_id = line.id
        if one.state == "new":
            _answered(actor, one, "accepted", one.answer)
    audit(session, actor, "suggestion_on_order", "suggestion", found.id, order_id=order_id)
    session.flush()
    return line


def _same(session: Session, found: Suggestion) -> Sequence[Suggestion]:
    """Return the other suggestions of the same title that nobody said no to and none ordered."""
    query = select(Suggestion).where(
        Suggestion.library_id == found.library_id,
        Suggestion.match == found.match,
        Suggestion.id != found.id,
        Suggestion.state != "declined",
        Suggestion.order_line_id.is_(None),
    )
    return session.scalars(query).all()


# --- lists -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """A suggestion as lists show it, how far it has come, and how many ask for the same."""

    suggestion: Suggestion
    stage: str
    order: PurchaseOrder | None
    record_id: int | None
    same: int = 1


def _query(asked: Asked) -> Select[Suggestion]:
    query = select(Suggestion).where(Suggestion.library_id == asked.library_id)
    if asked.state:
        query = query.where(Suggestion.state == asked.state)
    for word in fold(asked.words).replace("%", "").replace("_", "").split()[:8]:
        query = query.where(Suggestion.match.like(f"%{word}%"))
    return query


def suggestions_of(
    session: Session, asked: Asked, *, limit: int = 5000, offset: int = 0
) -> tuple[list[Row], int]:
    """Return suggestions, the oldest without an answer first, else the newest; and how many."""
    query = _query(asked)
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    first = Suggestion.id if asked.state == "new" else Suggestion.id.desc()
    found = session.scalars(query.order_by(first).limit(limit).offset(offset)).all()
    return rows_of(session, found), total


def suggestions_of_patron(session: Session, patron_id: int) -> list[Row]:
    """Return what a reader suggested and is still linked to, the newest first."""
    query = select(Suggestion).where(Suggestion.patron_id == patron_id)
    found = session.scalars(query.order_by(Suggestion.id.desc()).limit(MOST_SHOWN)).all()
    return rows_of(session, found)


def rows_of(session: Session, found: Iterable[Suggestion]) -> list[Row]:
    """Return suggestions with how far they have come."""
    found = list(found)
    line_ids = [one.order_line_id for one in found if one.order_line_id]
    ordered = session.execute(
        select(OrderLine.id, OrderLine.record_id, PurchaseOrder)
        .join(PurchaseOrder, PurchaseOrder.id == OrderLine.order_id)
        .where(OrderLine.id.in_(line_ids))
    ).all()
    of_line = {row[0]: (row[1], row[2]) for row in ordered}
    came = received_of(session, line_ids)
    keys = {(one.library_id, one.match) for one in found}
    counts = session.execute(
        select(Suggestion.library_id, Suggestion.match, func.count())
        .where(Suggestion.match.in_({match for _library, match in keys}))
        .group_by(Suggestion.library_id, Suggestion.match)
    ).all()
    same = {(row[0], row[1]): row[2] for row in counts}
    rows = []
    for one in found:
        record_id, order = of_line.get(one.order_line_id or 0, (None, None))
        got = came.get(one.order_line_id or 0)
        rows.append(
            Row(
                one,
                stage_of(one.state, order.state if order else "", got.copies if got else 0),
                order,
                one.record_id or record_id or (got.record_id if got else None),
                same.get((one.library_id, one.match), 1),
            )
        )
    return rows


# --- forgetting --------------------------------------------------------------------------------


def forget_patron(session: Session, patron_id: int) -> None:
    """Cut a reader's suggestions loose: what was wished stays, without them or their words."""
    session.execute(
        update(Suggestion).where(Suggestion.patron_id == patron_id).values(patron_id=None, note="")
    )


def cut_links(session: Session) -> int:
    """Cut the link to readers whose answer is old enough; return how many were cut."""
    count = 0
    for library in libraries(session):
        days = int(setting(session, library.id, SUGGESTION_DAYS))
        done = session.execute(
            update(Suggestion)
            .where(
                Suggestion.library_id == library.id,
                Suggestion.patron_id.is_not(None),
                or_(
                    Suggestion.answered_at < clock.now() - timedelta(days=days),
                    Suggestion.made_at < clock.now() - UNANSWERED,
                ),
            )
            .values(patron_id=None, note="")
            .execution_options(synchronize_session=False)
        )
        count += int(getattr(done, "rowcount", 0))
    return count


@periodic("acquisitions.suggestions", daily_at="05:20")
def keep_no_longer() -> None:
    """Let go of who suggested what, every night."""
    with transaction() as session:
        cut_links(session)
