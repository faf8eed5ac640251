"""What a machine may know: of a patron, of an item."""

from collections.abc import Callable

from circulation.availability import positions
from circulation.facts import find_scanned, item_at_desk
from circulation.hold_lists import waiting_count
from circulation.sentences import reason_sentence
from circulation.sip2.messages import Message, last_moment, media_types, yes
from circulation.sip2.patrons import PatronView, view_patron
from circulation.sip2.session import Line, answer
from circulation.sip2.words import institution
from ils.core.db import reading
from ils.org.units import library_of, unit_names

NOBODY = "YYYY".ljust(14)
CURRENCY = "VND"
CHARGED_LIST, OVERDUE_LIST, HOLD_LIST, FINE_LIST, UNAVAILABLE_LIST = "AU", "AT", "AS", "AV", "CD"
# Place of the one Y in the summary → the list that is wanted.
_LISTS = (HOLD_LIST, OVERDUE_LIST, CHARGED_LIST, FINE_LIST, "BU", UNAVAILABLE_LIST)


def patron_status(line: Line, message: Message) -> Message:
    """23: may this reader borrow, and what is owed."""
    view, fits = _patron(line, message)
    fixed = {
        "patron_status": view.status() if view is not None else NOBODY,
        "language": message.fixed.get("language", "000"),
    }
    return answer(message, "24", fixed, *_about(line, message, view, fits=fits))


def patron_information(line: Line, message: Message) -> Message:
    """63: the same, with counts, and one of the lists where it is asked for.

    Lists and money are told only to who showed the password, where the machine asks for one.
    """
    view, fits = _patron(line, message)
    fixed = {
        "patron_status": view.status() if view is not None else NOBODY,
        "language": message.fixed["language"],
    }
    more: list[tuple[str, str | int | None]] = []
    if view is not None:
        ready = [row for row in view.holds if row.hold.state == "ready"]
        fixed |= {
            "hold_count": f"{len(ready):04d}",
            "overdue_count": f"{len(view.overdue):04d}",
            "charged_count": f"{len(view.loans):04d}",
            "fine_count": f"{sum(one.running_fine > 0 for one in view.loans):04d}",
            "recall_count": "0000",
            "unavailable_count": f"{len(view.holds) - len(ready):04d}",
        }
        limits = view.policy
        more += [("BZ", _four(limits.limit_holds)), ("CB", _four(limits.limit_total))]
        more.append(("CC", limits.limit_owed))
        if fits:
            more += _list(view, message)
    else:
        fixed |= dict.fromkeys(_COUNTS, "0000")
    return answer(message, "64", fixed, *_about(line, message, view, fits=fits), *more)


_COUNTS = (
    *("hold_count", "overdue_count", "charged_count"),
    *("fine_count", "recall_count", "unavailable_count"),
)


def _patron(line: Line, message: Message) -> tuple[PatronView | None, bool]:
    card, given = message.get("AA"), message.get("AD")
    with reading() as session:
        view = view_patron(session, line.who, card)
    if view is None:
        return None, False
    asks = line.terminal is not None and line.terminal.asks_password
    return view, line.password_fits(card, given) if given or asks else True


def _about(
    line: Line, message: Message, view: PatronView | None, *, fits: bool
) -> list[tuple[str, str | int | None]]:
    told = "" if view is not None else reason_sentence("card_unknown")
    if view is not None and view.stops["borrow"]:
        told = " ".join(reason_sentence(code, view.facts(code)) for code in view.stops["borrow"])
    return [
        ("AO", institution(line)),
        ("AA", message.get("AA")),
        ("AE", view.patron.name if view is not None else ""),
        ("BL", yes(view is not None and view.valid)),
        ("CQ", yes(view is not None and fits)),
        ("BH", CURRENCY),
        ("BV", view.owed if view is not None and fits else None),
        ("AF", told),
    ]


def _four(limit: int | None) -> str | None:
    return f"{min(limit, 9999):04d}" if limit is not None else None


def _list(view: PatronView, message: Message) -> list[tuple[str, str | int | None]]:
    place = message.fixed["summary"].find("Y")
    if not 0 <= place < len(_LISTS):
        return []
    code = _LISTS[place]
    found: dict[str, Callable[[], list[str]]] = {
        CHARGED_LIST: lambda: [one.item.barcode or "" for one in view.loans],
        OVERDUE_LIST: lambda: [one.item.barcode or "" for one in view.overdue],
        FINE_LIST: lambda: [one.item.barcode or "" for one in view.loans if one.running_fine],
        HOLD_LIST: lambda: [
            (row.item.barcode if row.item else "") or row.title
            for row in view.holds
            if row.hold.state == "ready"
        ],
        UNAVAILABLE_LIST: lambda: [row.title for row in view.holds if row.hold.state != "ready"],
    }
    lines = found[code]() if code in found else []
    first, last = _number(message.get("BP"), 1), _number(message.get("BQ"), len(lines))
    return [(code, one) for one in lines[first - 1 : last]]


def _number(text: str, default: int) -> int:
    return max(1, int(text)) if text.isdecimal() and len(text) < 6 else default


# --- items ----------------------------------------------------------------------------------

OTHER, AVAILABLE, CHARGED, IN_PROCESS = "01", "03", "04", "06"
ON_HOLD_SHELF, TO_SHELVE, IN_TRANSIT, CLAIMED, LOST, MISSING = "08", "09", "10", "11", "12", "13"
_BY_LIFECYCLE = {
    "in_process": IN_PROCESS,
    "missing": MISSING,
    "lost": LOST,
    "lost_settled": LOST,
    "withdrawn": OTHER,
    "withdrawal_proposed": OTHER,
    "damaged": OTHER,
    "repair": OTHER,
}
_BY_POSITION = {
    "on_loan": CHARGED,
    "in_transit": IN_TRANSIT,
    "hold_shelf": ON_HOLD_SHELF,
    "to_shelve": TO_SHELVE,
    "on_shelf": AVAILABLE,
}


def item_information(line: Line, message: Message) -> Message:
    """17: what an item is and what it is doing. Nothing is said of who has it."""
    barcode = message.get("AB")
    with reading() as session:
        found = find_scanned(session, barcode, line.who.library_id or 0)
        if found.item_id is None or found.record_id is None:
            return _no_item(line, message)
        at = item_at_desk(session, found.item_id)
        doing = positions(session, [found.item_id])[found.item_id]
        names = unit_names(session)
        item = at.item
        status = _BY_POSITION.get(doing.position, OTHER)
        if at.loan is None:
            status = _BY_LIFECYCLE.get(item.lifecycle, status)
        return answer(
            message,
            "18",
            {"circulation_status": status, "security_marker": "00", "fee_type": "01"},
            ("CF", waiting_count(session, found.record_id)),
            ("AH", last_moment(at.loan.due_on) if at.loan is not None else None),
            ("AB", at.barcode or barcode),
            ("AJ", at.title),
            ("BG", library_of(session, item.branch_id).code),
            ("CK", media_types().get(item.item_type, "000")),
            ("AQ", names.get(item.branch_id, "")),
            ("AP", names.get(item.located_id or 0, "")),
            ("CH", item.call_number or at.call_number),
            ("AF", ""),
        )


def _no_item(line: Line, message: Message) -> Message:
    fixed = {"circulation_status": OTHER, "security_marker": "00", "fee_type": "01"}
    told = reason_sentence("item_unknown")
    return answer(message, "18", fixed, ("AB", message.get("AB")), ("AJ", ""), ("AF", told))
