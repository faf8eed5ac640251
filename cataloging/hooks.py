"""What the catalogue asks of the rooms above it without knowing them.

Circulation registers who can say where a copy is and why it may not be withdrawn.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from ils.accounts.actor import Actor


@dataclass(frozen=True)
class Availability:
    """Where one copy is now. ``position`` is as in docs/circulation.md (on_loan, on_shelf …);
    ``place`` names a reading point, ``packed`` says that the copy has not left for it yet."""

    item_id: int
    record_id: int
    owner_id: int
    branch_id: int
    position: str
    available: bool
    due_on: date | None = None
    place: str = ""
    packed: bool = False


@dataclass(frozen=True)
class Veto:
    """Why an item may not be withdrawn, deleted or moved to another record."""

    code: str
    loan_id: int | None = None
    hold_id: int | None = None


@dataclass(frozen=True)
class LossPaper:
    """The minutes of the desk by which a lost copy was settled: number, day, how it was made good."""

    number: str
    on: date
    how: str


@dataclass(frozen=True)
class Told:
    """Something that befell a copy and stands in no event, for its life: ``stock_take``, with its
    name and whether the copy was ``seen``."""

    at: datetime
    what: str
    unit_id: int | None
    facts: dict[str, Any]


@dataclass(frozen=True)
class Origin:
    """The order that a voucher was made of: its number and the address of its page."""

    number: str
    address: str


@dataclass(frozen=True)
class Readers:
    """What a merge of titles means for readers: open loans and holds on them, readers whose two
    holds become one, readers who wait and have a copy at home."""

    loans: int = 0
    holds: int = 0
    joined: int = 0
    with_copy: int = 0


@dataclass(frozen=True)
class TitleMerging:
    """Who moves what readers have asked for when a record is merged into another, and back.

    ``lock`` takes queues and copies of titles, before any lock of the catalogue; ``look`` tells
    what there is; ``merge`` (kept, gone) returns what ``part`` (kept, gone, told, copies given
    back) needs; ``obstacles`` names copies that lie for a reader of the other title.
    """

    lock: Callable[[Session, Iterable[int]], None]
    look: Callable[[Session, Iterable[int]], Readers]
    merge: Callable[[Session, Actor, int, int], dict[str, Any]]
    part: Callable[[Session, Actor, int, int, dict[str, Any], list[int]], None]
    obstacles: Callable[[Session, int, dict[str, Any], list[int]], list[int]]


@dataclass(frozen=True)
class Letter:
    """A mail of the house to somebody outside, with a paper (PDF) attached. ``reference`` names it."""

    reference: str
    to: str
    subject: str
    text: str
    sender_name: str
    reply_to: str
    file_name: str
    content: bytes


@dataclass(frozen=True)
class Post:
    """Who carries letters: ``able`` tells whether a mail server is set up; ``send`` hands one over
    and returns ``sent``, ``failed`` or ``unsure`` with the server's words."""

    able: Callable[[], bool]
    send: Callable[[Letter], tuple[str, str]]


AvailabilityOf = Callable[[Session, Iterable[int]], dict[int, list[Availability]]]
Vetoes = Callable[[Session, int], list[Veto]]
VetoesOf = Callable[[Session, Iterable[int]], dict[int, list[Veto]]]
Locks = Callable[[Session, Iterable[int]], None]
LetBack = Callable[[Session, int], str | None]
LossPapers = Callable[[Session, Iterable[int]], dict[int, LossPaper]]
Telling = Callable[[Session, int], list[Told]]
OriginOf = Callable[[Session, int], Origin | None]
DraftSaved = Callable[[Session, Actor, dict[str, Any], int], None]
Holdings = Callable[[Session, Iterable[int]], dict[int, list[dict[str, Any]]]]

_availability: list[AvailabilityOf] = []
_vetoes: list[Vetoes] = []
_vetoes_of: list[VetoesOf] = []
_locks: list[Locks] = []
_title_locks: list[Locks] = []
_record_vetoes: list[VetoesOf] = []
_let_back: list[LetBack] = []
_loss_papers: list[LossPapers] = []
_telling: list[Telling] = []
_origins: list[OriginOf] = []
_holdings: list[Holdings] = []
_title_merging: list[TitleMerging] = []
_draft_saved: list[DraftSaved] = []
_post: list[Post] = []


def register_availability(function: AvailabilityOf) -> None:
    """Name the function that answers ``availability_of``; the last one named answers."""
    _availability[:] = [function]


def register_veto(function: Vetoes) -> None:
    """Add a function that may object to an item's going."""
    if function not in _vetoes:
        _vetoes.append(function)


def availability_of(session: Session, record_ids: Iterable[int]) -> dict[int, list[Availability]]:
    """Return, live from the database, where the copies of these records are."""
    return _availability[0](session, record_ids) if _availability else {}


def item_vetoes(session: Session, item_id: int) -> list[Veto]:
    """Return every reason why the item must stay as it is; an empty list means it may go."""
    return [veto for function in _vetoes for veto in function(session, item_id)]


def register_many(*, vetoes: VetoesOf, locks: Locks, losses: LossPapers) -> None:
    """Name the functions that answer for many copies at once; the last ones named answer."""
    _vetoes_of[:], _locks[:], _loss_papers[:] = [vetoes], [locks], [losses]


def vetoes_of(session: Session, item_ids: Iterable[int]) -> dict[int, list[Veto]]:
    """Return why items must stay as they are, to show: nothing is locked, so it may change."""
    return _vetoes_of[0](session, item_ids) if _vetoes_of else {}


def lock_items(session: Session, item_ids: Iterable[int]) -> None:
    """Lock items with what goes before them, in the order of every act at the desk."""
    for function in _locks:
        function(session, item_ids)


def loss_papers(session: Session, item_ids: Iterable[int]) -> dict[int, LossPaper]:
    """Return the minutes of the desk for copies that were lost, by copy."""
    return _loss_papers[0](session, item_ids) if _loss_papers else {}


def register_title_lock(function: Locks) -> None:
    """Name who locks the queues of titles; the last one named does."""
    _title_locks[:] = [function]


def lock_titles(session: Session, record_ids: Iterable[int]) -> None:
    """Lock the queues of titles, before any lock of the catalogue."""
    for function in _title_locks:
        function(session, record_ids)


def register_record_veto(function: VetoesOf) -> None:
    """Add a function that may object to records being deleted; it answers by record."""
    if function not in _record_vetoes:
        _record_vetoes.append(function)


def record_vetoes_of(session: Session, record_ids: Iterable[int]) -> dict[int, list[Veto]]:
    """Return why records must stay, beside their copies: somebody waits for the title, it is being
    received, it has parts of its own. Nothing is locked."""
    ids = list(record_ids)
    found: dict[int, list[Veto]] = {}
    for function in _record_vetoes:
        for record_id, vetoes in function(session, ids).items():
            found.setdefault(record_id, []).extend(vetoes)
    return found


def register_let_back(function: LetBack) -> None:
    """Add who is told when a withdrawal is taken back; may refuse, and say what the copy was."""
    if function not in _let_back:
        _let_back.append(function)


def let_back(session: Session, item_id: int) -> str:
    """Tell that a withdrawal is taken back; return the state the copy goes back to."""
    told = [function(session, item_id) for function in _let_back]
    return next((state for state in told if state), "active")


def register_telling(function: Telling) -> None:
    """Add a function that tells of a copy's life what it alone knows."""
    if function not in _telling:
        _telling.append(function)


def told_of(session: Session, item_id: int) -> list[Told]:
    """Return what the rooms above tell of a copy's life."""
    return [told for function in _telling for told in function(session, item_id)]


def register_origin(function: OriginOf) -> None:
    """Name the function that knows which order a voucher was made of; the last one answers."""
    _origins[:] = [function]


def origin_of(session: Session, voucher_id: int) -> Origin | None:
    """Return the order a voucher was made of, if any."""
    return _origins[0](session, voucher_id) if _origins else None


def register_holdings(function: Holdings) -> None:
    """Add a function that works out fields of holdings, which go out with records and are not
    part of them."""
    if function not in _holdings:
        _holdings.append(function)


def holdings_of(session: Session, record_ids: Iterable[int]) -> dict[int, list[dict[str, Any]]]:
    """Return the fields of holdings that go out with records, by record."""
    ids = list(record_ids)
    found: dict[int, list[dict[str, Any]]] = {}
    for function in _holdings:
        for record_id, fields in function(session, ids).items():
            found.setdefault(record_id, []).extend(fields)
    return found


def register_title_merging(merging: TitleMerging) -> None:
    """Name who moves holds and what else readers have on a title; the last one named does."""
    _title_merging[:] = [merging]


def title_merging() -> TitleMerging | None:
    """Return who moves what readers have on a title; None where nobody lends."""
    return _title_merging[0] if _title_merging else None


def register_draft_saved(function: DraftSaved) -> None:
    """Add who is told when a draft of the editor is saved as a new record: what was kept beside the
    draft, and the record's id."""
    if function not in _draft_saved:
        _draft_saved.append(function)


def draft_saved(session: Session, actor: Actor, beside: dict[str, Any], record_id: int) -> None:
    """Tell whoever handed a draft to the editor that a record was made of it."""
    for function in _draft_saved:
        function(session, actor, beside, record_id)


def register_post(carrier: Post) -> None:
    """Name who carries letters; the last one named does."""
    _post[:] = [carrier]


def post() -> Post | None:
    """Return who carries letters; None where nobody does."""
    return _post[0] if _post else None
