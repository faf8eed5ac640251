"""Words for codes that figures are split by, and for the states of reports."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from ils.org.units import unit_names
from ils.reporting.registry import code_names
from ils.web.i18n import day, language

KINDS: dict[str, Any] = {
    "loan_checked_out": _l("Loan"),
    "loans_tallied": _l("Loans of a day kept on paper"),
    "reading_room_loan_made": _l("Reading room loan"),
    "loan_renewed": _l("Renewal"),
    "in_house_use_counted": _l("In-house use"),
    "visit_counted": _l("Visit"),
    "card_issued": _l("Card issued"),
    "card_renewed": _l("Card renewed"),
    "payment_taken": _l("Payment"),
    "entry_reversed": _l("Entry reversed"),
    "deposit_moved": _l("Deposit"),
    "item_accessioned": _l("Copy registered"),
    "item_withdrawn": _l("Copy withdrawn"),
    "opac_searched": _l("Catalogue searches"),
    "site_visited": _l("Site visits"),
    "consignment_sent": _l("Rotating set sent"),
    "consignment_received": _l("Rotating set received"),
    "copies_given": _l("Copies given for good"),
    "point_visits_reported": _l("Visits reported by a point"),
    "point_uses_reported": _l("Uses reported by a point"),
}

SPLITS: dict[str, Any] = {
    "branch": _l("By branch"),
    "day": _l("By day"),
    "age": _l("By age"),
    "sex": _l("By sex"),
    "category": _l("By category of patron"),
    "class": _l("By subject class"),
    "language": _l("By language"),
    "collection": _l("By collection"),
    "material": _l("By kind of document"),
    "place": _l("By place of service"),
    "source": _l("By source"),
    "reason": _l("By reason"),
    "point_kind": _l("By kind of point"),
    "settled": _l("By what was paid for"),
}

VALUES: dict[str, dict[str, Any]] = {
    "age": {"child": _l("Children"), "adult": _l("Adults")},
    "sex": {"m": _l("Male"), "f": _l("Female"), "x": _l("Other")},
    "class": {
        "0": _l("000 General works, computing"),
        "1": _l("100 Philosophy, psychology"),
        "2": _l("200 Religion"),
        "3": _l("300 Social sciences"),
        "4": _l("400 Language"),
        "5": _l("500 Science"),
        "6": _l("600 Technology"),
        "7": _l("700 Arts, sport"),
        "8": _l("800 Literature"),
        "9": _l("900 History, geography"),
        "x": _l("Without class"),
    },
    "language": {
        "vie": _l("Vietnamese"),
        "eng": _l("English"),
        "fre": _l("French"),
        "rus": _l("Russian"),
        "chi": _l("Chinese"),
        "jpn": _l("Japanese"),
        "kor": _l("Korean"),
        "ger": _l("German"),
    },
    "material": {
        "book": _l("Books"),
        "serial": _l("Newspapers and periodicals"),
        "map": _l("Maps"),
        "video": _l("Video"),
        "audio": _l("Sound recordings"),
        "music": _l("Music"),
        "picture": _l("Pictures"),
        "ebook": _l("E-books"),
        "electronic": _l("Electronic documents"),
        "braille": _l("Braille"),
        "kit": _l("Kits"),
        "mixed": _l("Mixed"),
    },
    "place": {
        "desk": _l("At the desk"),
        "opac": _l("Online"),
        "auto": _l("By the program"),
        "offline": _l("Offline"),
        "self": _l("Self-service"),
        "outreach": _l("Outreach"),
    },
    "source": {
        "purchase": _l("Purchase"),
        "gift": _l("Gift"),
        "allotted": _l("Allotted by the province"),
        "exchange": _l("Exchange"),
        "deposit": _l("Local legal deposit"),
        "programme": _l("Target programme"),
        "opening": _l("Opening stock"),
        "other": _l("Other source"),
    },
    "reason": {
        "outdated": _l("Outdated"),
        "damaged": _l("Damaged"),
        "surplus": _l("Surplus copy"),
        "lost": _l("Lost"),
        "unfit": _l("Not fit for the library"),
        "transferred": _l("Handed over"),
    },
    "point_kind": {
        "branch": _l("Branches"),
        "commune": _l("Communes"),
        "school": _l("Schools"),
        "post_office": _l("Post offices"),
        "border_post": _l("Border posts"),
        "factory": _l("Factories"),
        "pagoda": _l("Pagodas and churches"),
        "prison": _l("Prisons"),
        "other": _l("Other places"),
    },
    "settled": {
        "overdue": _l("Overdue fines"),
        "card_fee": _l("Card fees"),
        "lost_price": _l("Compensation for lost copies"),
        "damage": _l("Compensation for damaged copies"),
        "processing": _l("Processing fees"),
        "service": _l("Services"),
        "refunded": _l("Payments taken back"),
    },
}

STATES: dict[str, tuple[str, Any]] = {
    "missing": ("off", _l("No report")),
    "draft": ("info", _l("Report draft")),
    "submitted": ("warn", _l("Report submitted")),
    "returned": ("bad", _l("Sent back")),
    "approved": ("ok", _l("Report approved")),
}

STEPS: dict[str, Any] = {
    "drafted": _l("Drafted with computed figures"),
    "recomputed": _l("Computed anew"),
    "written": _l("Figures typed or corrected"),
    "submitted": _l("Report submitted"),
    "returned": _l("Returned with comments"),
    "approved": _l("Report approved"),
    "correction_opened": _l("Correction opened"),
    "closed": _l("Total closed"),
}

WRONG: dict[str, Any] = {
    "number": _l("This is not a figure. Type it like 1234 or 1.234."),
    "negative": _l("A figure cannot be below nought."),
    "not_whole": _l("This figure must be whole."),
    "reason_missing": _l("Say why the computed figure is changed."),
}

HINTS: dict[str, Any] = {
    "part_above_whole": _l("%(row)s: the part (%(part)s) is above the whole (%(whole)s)."),
    "leap": _l("%(row)s: %(now)s now, %(then)s a year ago. Please check."),
    "stock_does_not_balance": _l(
        "%(row)s: last month's stock with additions and withdrawals makes %(expected)s, not %(now)s."
    ),
}


def value_words(session: Session, by: str) -> Any:
    """Return a function that says a value of a split in words."""
    known: dict[Any, Any] = dict(VALUES.get(by, {}))
    if by == "branch":
        known = dict(unit_names(session))
    elif by == "category":
        vietnamese = language() == "vi"
        names = code_names(session, by).items()
        known = {code: vi if vietnamese else en for code, (vi, en) in names}

    def say(value: Any) -> str:
        if by == "day":
            return day(value)
        return str(known.get(value) or value or _("Not said"))

    return say
