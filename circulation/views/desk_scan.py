"""What a scan means at a desk, by what is open there: a card, an item, a spoken command."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.models import Item, Record
from circulation.bookdrop import open_drop, return_from_drop
from circulation.checkin import check_in
from circulation.checkout import check_out
from circulation.desk import DeskResult, perform
from circulation.facts import Found
from circulation.groups import FAMILY, Group, borrower_for, group_for
from circulation.models import Loan
from circulation.notices.receipts import mail_loans
from circulation.patrons.cards import holder_of
from circulation.patrons.models import Patron, PatronCard
from circulation.patrons.patrons import FoundPatron
from circulation.patrons.visit_models import DayVisitor
from circulation.patrons.visits import stand_in_for, visitor_numbered
from circulation.reading_room import scan_in_house_use
from circulation.rules.checkout import READING_ROOM
from circulation.scan import Scanned, command_meant, recognize
from circulation.sentences import reason_sentence
from circulation.slips import last_slip
from circulation.undo import undo
from circulation.views.desk_show import session_rows
from circulation.views.desk_slips import slip_of, slip_of_turn
from circulation.views.desk_state import Answer, State
from ils.core import clock
from ils.core.config import config
from ils.core.db import reading, transaction
from ils.core.errors import NotFound
from ils.org.settings import setting
from ils.web.door import current_actor
from ils.web.forms import parse_day

NUMBER_DIGITS = 2  # a pupil's number in the list of a class


def finished(state: State) -> Answer:
    """End the patron's turn: an empty Enter. In a class or family the list stays open."""
    if state.patron_id is None and state.group:
        mailed_to([member.patron.id for member in _open_group(state).members])
        return Answer(State(mode=state.mode), message=_("Finished. Ready for the next patron."))
    if state.patron_id is None:
        return Answer(state, message=_("Scan a card or an item."), tone="amber")
    slip = slip_of_turn(state.patron_id)
    text = _("Finished. Ready for the next patron.")
    if slip and slip.get("mailed") and mailed_to([state.patron_id]):
        text = _("Finished. The slip goes to %(address)s.", address=slip["mailed"])
    return Answer(state.ended(), message=text, prints=slip)


def mailed_to(patron_ids: list[int], *, asked: bool = False) -> dict[int, str]:
    """Mail the loans of today to those of some patrons who want it so, or ask; returns to whom."""
    if not config().smtp_host:
        return {}
    with transaction() as session:
        return mail_loans(session, current_actor(), patron_ids, asked=asked)


def scanned(state: State, text: str, key: str) -> Answer:
    """Do what the scanned text means here and now."""
    word = command_meant(text, tuple(COMMANDS))
    if word is not None:
        return COMMANDS[word](state, key)
    if text.startswith(";"):
        return Answer(state, message=_("This command is not known."), tone="red")
    if state.group and text.isdecimal() and len(text) <= NUMBER_DIGITS:
        return chosen_member(state, int(text))
    with reading() as session:
        found = recognize(session, current_actor(), text)
        visitor = found.kind == "nothing" and visitor_numbered(
            session, current_actor().library_id, text
        )
    if found.kind == "card" and found.card is not None:
        return _card(state, found)
    if found.kind == "item" and found.item is not None:
        answer = _item(state, found.item, key)
        if found.repaired and not answer.message:
            answer.message = _("The barcode was mended to %(code)s.", code=found.repaired)
        return answer
    if visitor:
        return _visitor(state, visitor)
    if found.kind == "nothing":
        said = _("Nothing is known by “%(text)s”.", text=text)
        return Answer(state, choice=found, message=said, tone="red")
    return Answer(state, choice=found, message=_("Please choose."), tone="amber")


def _visitor(state: State, visitor: DayVisitor) -> Answer:
    """Open a visitor of today, to whom copies are given to read here; another day opens nothing."""
    day = visitor.day.strftime("%d/%m/%Y")
    said = _("A visitor of %(day)s without a card: may read here, nothing is lent home.", day=day)
    if visitor.day != clock.today() or not state.lends:
        return Answer(state, message=said, tone="amber")
    if state.patron_id is not None and state.patron_id == visitor.patron_id:
        return finished(state)
    stands = perform(stand_in_for, current_actor(), visitor.number)
    return Answer(state.opened(stands.id if stands else None), message=said, tone="amber")


# -- commands printed as codes, for scanners without a keyboard ---------------------------------


def _mode_of(mode: str) -> Callable[[State, str], Answer]:
    def switched(state: State, _key: str) -> Answer:
        return to_mode(state, mode)

    return switched


def to_mode(state: State, mode: str, returned_on: str = "") -> Answer:
    """Turn the desk to another mode; the book drop begins its session, or goes on with it."""
    drop_id = None
    if mode == "drop":
        drop_id = perform(open_drop, current_actor()).id
    return Answer(State(mode=mode, returned_on=returned_on, group=state.group, drop_id=drop_id))


def _turn_returning(state: State, _key: str) -> Answer:
    return to_mode(state, "" if state.mode == "checkin" else "checkin")


def undo_last(state: State, key: str) -> Answer:
    """Undo the newest act of this person here that still can be."""
    with reading() as session:
        rows = session_rows(session)
    last = next((r for r in rows if r.result.get("undo_token") and r.undone_at is None), None)
    if last is None:
        return Answer(state, message=_("There is nothing to undo."), tone="amber")
    token = last.result["undo_token"]
    return answered(state, perform(undo, current_actor(), token=token, key=key))


def _finish(state: State, _key: str) -> Answer:
    return finished(state)


def _print(state: State, _key: str) -> Answer:
    slip = slip_of_turn(state.patron_id) if state.patron_id else None
    if slip is None:
        with reading() as session:
            last_slip(session, current_actor())  # or says that there is none
        slip = {"kind": "last", "url": "last"}
    return Answer(state, message=_("Printing."), prints=slip | {"now": "1"})


COMMANDS: dict[str, Callable[[State, str], Answer]] = {
    "done": _finish,
    "lend": _mode_of(""),
    "checkin": _turn_returning,
    "bookdrop": _mode_of("drop"),
    "inhouse": _mode_of("in_house"),
    "room": _mode_of("room"),
    "undo": undo_last,
    "print": _print,
}


# -- cards --------------------------------------------------------------------------------------


def _card(state: State, found: Scanned) -> Answer:
    assert found.card is not None
    patron_id = _holder(found.card)
    if not state.lends:
        return _card_instead_of_item(state, found)
    if state.patron_id == patron_id:
        return finished(state)
    if state.patron_id is not None and slip_of_turn(state.patron_id):
        mailed_to([state.patron_id])
    opened = state.opened(patron_id)
    if state.group and not _open_group(state).holds(patron_id):
        opened = replace(opened, group="")
    if found.card.state != "active":
        return Answer(opened, message=reason_sentence("card_replaced"), tone="red")
    return Answer(opened)


def _holder(card: PatronCard) -> int:
    if card.state == "active":
        return card.patron_id
    with reading() as session:
        return holder_of(session, card)


def _card_instead_of_item(state: State, found: Scanned) -> Answer:
    """Items are expected: a card is not taken for one, and opens nothing unless asked."""
    assert found.card is not None
    with reading() as session:
        patron = session.get_one(Patron, holder_of(session, found.card))
        session.expunge(patron)
    choice = Scanned("patrons", found.text, patrons=(FoundPatron(patron, found.card),))
    text = _("A card, not an item. Open the patron?")
    return Answer(state, choice=choice, message=text, tone="red")


def _open_group(state: State) -> Group:
    with reading() as session:
        return group_for(session, current_actor(), state.group)


def chosen_member(state: State, number: int) -> Answer:
    """Open the pupil or member of the family with a number in the list."""
    member = _open_group(state).numbered(number)
    if member is None:
        text = _("The list has no number %(number)s.", number=number)
        return Answer(state, message=text, tone="red")
    return Answer(state.opened(member.patron.id))


# -- items --------------------------------------------------------------------------------------


def _item(state: State, item: Item, key: str) -> Answer:
    """Lend, return, count or show, by what is open at the desk and what the item is doing."""
    barcode = item.barcode or item.accession_no or ""
    if state.mode == "checkin":
        return give_back(state, barcode, key, found=_found(item))
    if not state.lends:
        return OTHER_MODES[state.mode](state, barcode, key)
    if state.patron_id is not None:
        remembered = dict(state.remembered)
        return lend(_carrier(state, item), barcode, key, remembered, found=_found(item))
    with reading() as session:
        idle_returns = setting(session, current_actor().unit_id, "circulation.idle_scan_returns")
        returns = idle_returns and _is_lent(session, item)
        title = session.get_one(Record, item.record_id).title
    if returns:
        return give_back(state, barcode, key, found=_found(item))
    return Answer(state, choice=Scanned("items", barcode, items=((item, title),)))


def _found(item: Item) -> Found:
    return Found(item.id, item.record_id, lifecycle=item.lifecycle)


def _is_lent(session: Session, item: Item) -> bool:
    query = select(Loan.id).where(Loan.item_id == item.id, Loan.closed_at.is_(None))
    return session.scalar(query) is not None


def _carrier(state: State, item: Item) -> State:
    """In a family one carries for all: a copy goes to whose it is already, else to the chosen."""
    if not state.group.startswith(FAMILY) or state.patron_id is None:
        return state
    with reading() as session:
        group = group_for(session, current_actor(), state.group)
        return replace(
            state, patron_id=borrower_for(session, group, item.id, chosen=state.patron_id)
        )


def lend(state: State, barcode: str, key: str, overrides: dict[str, str], **more: Any) -> Answer:
    """Lend to the patron who is open; in list order the next pupil's turn comes."""
    if state.mode == "room":
        more.setdefault("kind", READING_ROOM)
    result = perform(
        check_out,
        current_actor(),
        barcode=barcode,
        patron_id=open_patron(state),
        key=key,
        overrides=overrides,
        **more,
    )
    answer = answered(state, result)
    if result.ok and state.in_order and state.group:
        following = _open_group(state).after(state.patron_id)
        answer.state = state.opened(following) if following else state.ended()
    return answer


def give_back(
    state: State,
    barcode: str,
    key: str,
    overrides: dict[str, str] | None = None,
    found: Found | None = None,
) -> Answer:
    """Take a copy back, dated as typed."""
    effective = None
    if state.returned_on:
        try:
            effective = parse_day(state.returned_on)
        except ValueError:
            text = _("The date of return is not a date. Nothing was returned.")
            return Answer(state, message=text, tone="red")
    result = perform(
        check_in,
        current_actor(),
        barcode=barcode,
        key=key,
        effective_on=effective,
        overrides=overrides,
        found=found,
    )
    return answered(state, result)


def _drop(state: State, barcode: str, key: str) -> Answer:
    """Take a copy out of the book drop: fines make no sound, slips come at the end."""
    if state.drop_id is None:
        state = to_mode(state, "drop").state
    result = perform(
        return_from_drop, current_actor(), drop_id=state.drop_id or 0, barcode=barcode, key=key
    )
    answer = answered(state, result)
    answer.prints = None
    answer.silent = result.ok and result.action in ("none", "shelve")
    return answer


def _in_house(state: State, barcode: str, key: str) -> Answer:
    result = perform(scan_in_house_use, current_actor(), barcode=barcode, key=key)
    return answered(state, result)


OTHER_MODES: dict[str, Callable[[State, str, str], Answer]] = {
    "drop": _drop,
    "in_house": _in_house,
}


def answered(state: State, result: DeskResult) -> Answer:
    """Make the page's answer of an act's."""
    return Answer(state, result=result.to_json(), tone=result.tone, prints=slip_of(result))


def open_patron(state: State) -> int:
    """Return the patron that is open. Raises ``NotFound`` where a button needs one."""
    if state.patron_id is None:
        raise NotFound("patron_unknown")
    return state.patron_id
