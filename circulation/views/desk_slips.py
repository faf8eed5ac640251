"""Slips as PDF, in the width of the workstation's printer: loans, hold, transit, receipt.

Nothing here decides what is printed when: the page does, by the workstation's settings.
"""

from datetime import date
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, request, url_for
from flask_babel import force_locale, format_decimal
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from circulation.blocks import OpenLoan
from circulation.bookdrop import DropSummary, drop_for, drop_summary
from circulation.desk import DeskResult
from circulation.notices.receipts import mail_address, masked, way_of
from circulation.patrons.models import Patron
from circulation.permissions import USE_DESK
from circulation.sentences import closure_sentence
from circulation.slips import (
    LoanSlip,
    has_new_loans,
    last_slip,
    loan_slip,
    slip_of_answer,
)
from circulation.transits import slip_of_transit
from circulation.views.desk_workstation import PAPERS, workstation
from ils.core import clock
from ils.core.db import reading
from ils.core.errors import NotFound
from ils.core.money import dong
from ils.org.units import library_of, unit_names
from ils.printing.codes import qr_svg
from ils.printing.pdf import typst_pdf
from ils.web.door import current_actor, door

bp = Blueprint("slips", __name__, url_prefix="/staff/desk/slips")

PRINT = Path(__file__).resolve().parents[1] / "print"
TITLE_LETTERS = 40
PRINTED_ALONE = ("hold", "transit", "receipt")


def slip_of(result: DeskResult) -> dict[str, str] | None:
    """Return kind and address of the slip that an act asks to print, if any."""
    slip = result.slip or {}
    kind = slip.get("kind")
    if kind not in PRINTED_ALONE or result.key is None:
        return None
    offer = {"kind": str(kind), "url": url_for("slips.answer", slip_key=result.key)}
    if kind == "receipt" and slip.get("patron_id"):
        with reading() as session:
            patron = session.get_one(Patron, slip["patron_id"])
            return offer | _way(session, patron, "receipt", f"receipt:{slip['receipt_id']}")
    return offer


def slip_of_turn(patron_id: int) -> dict[str, str] | None:
    """Return the slip of a patron's loans when something was lent here today."""
    with reading() as session:
        if not has_new_loans(session, current_actor(), patron_id):
            return None
        offer = {"kind": "loan", "url": url_for("slips.loans", patron_id=patron_id)}
        patron = session.get_one(Patron, patron_id)
        return offer | _way(session, patron, "loan", f"loans:{patron_id}")


def _way(session: Session, patron: Patron, kind: str, what: str) -> dict[str, str]:
    """Return when a slip is printed, by the patron's word and the workstation; ``mail`` names what
    may be sent by mail on demand, ``mailed`` where it goes by itself."""
    way, here = way_of(session, patron), workstation().prints[kind]
    when = {"email": "never", "none": "never", "print": "always"}.get(way, here)
    address = mail_address(session, patron)
    found = {"when": "never" if here == "never" else when}
    if way == "email":
        return found | {"mailed": masked(address)}
    return found | ({"mail": what, "address": masked(address)} if address else {})


@bp.get("/loans/<int:patron_id>.pdf")
@door(USE_DESK)
def loans(patron_id: int) -> Response:
    """Print a patron's loans, in the patron's language."""
    with reading() as session:
        slip = loan_slip(session, current_actor(), patron_id)
        with force_locale(slip.patron.language if slip.patron.language in ("vi", "en") else "vi"):
            return pdf([_loans(session, slip)], _("Loan slip"))


@bp.get("/answer/<slip_key>.pdf")
@door(USE_DESK)
def answer(slip_key: str) -> Response:
    """Print the slip of an act: hold, transit, receipt."""
    with reading() as session:
        return _printed(session, slip_of_answer(session, current_actor(), slip_key))


@bp.get("/transit/<int:transit_id>.pdf")
@door(USE_DESK)
def transit(transit_id: int) -> Response:
    """Print the slip of a copy that is on its way again."""
    with reading() as session:
        return _printed(session, slip_of_transit(session, current_actor(), transit_id))


@bp.get("/last.pdf")
@door(USE_DESK)
def last() -> Response:
    """Print the newest slip of this desk again."""
    with reading() as session:
        _key, slip = last_slip(session, current_actor())
        if slip["kind"] == "loan" and slip.get("patron_id"):
            return pdf(
                [_loans(session, loan_slip(session, current_actor(), slip["patron_id"]))],
                _("Loan slip"),
            )
        return _printed(session, slip)


@bp.get("/drop/<int:drop_id>.pdf")
@door(USE_DESK)
def drop(drop_id: int) -> Response:
    """Print what a book-drop session brought: totals, then hold slips in shelf order."""
    with reading() as session:
        found = drop_for(session, current_actor(), drop_id)
        summary = drop_summary(session, found)
        names = unit_names(session)
        slips = [_totals(session, summary)]
        slips += [_hold(session, s) for s in summary.holds]
        slips += [_transit(session, s, names) for s in summary.transits]
        return pdf(slips, _("Book drop"))


def _printed(session: Session, slip: dict[str, Any]) -> Response:
    if slip["kind"] == "hold":
        return pdf([_hold(session, slip)], _("Hold slip"))
    if slip["kind"] == "transit":
        return pdf([_transit(session, slip, unit_names(session))], _("Transit slip"))
    if slip["kind"] == "receipt":
        return pdf([_receipt(session, slip)], _("Receipt"))
    raise NotFound("slip_unknown")


def pdf(slips: list[dict[str, Any]], title: str) -> Response:
    """Return slips as PDF for the paper asked for, else the workstation's."""
    asked = request.args.get("paper", "")
    paper = asked if asked in PAPERS else workstation().paper
    body = typst_pdf(PRINT / "slip.typ", {"paper": paper, "slips": slips, "title": title})
    return Response(
        body,
        mimetype="application/pdf",
        headers={"Content-Disposition": "inline", "Cache-Control": "no-store"},
    )


def _head(session: Session, kind: str, heading: str) -> dict[str, Any]:
    names, unit_id = unit_names(session), current_actor().unit_id or 0
    library = library_of(session, unit_id)
    return {
        "kind": kind,
        "library": names[library.id],
        "branch": names[unit_id] if unit_id != library.id else "",
        "heading": heading,
        "moment": clock.local(clock.now()).strftime("%d/%m/%Y %H:%M"),
    }


def _loans(session: Session, slip: LoanSlip) -> dict[str, Any]:
    lines = [closure_sentence(one.first, one.last, one.reason) for one in slip.closures]
    if slip.running:
        lines.append(_("Fines running today: %(sum)s", sum=dong(slip.running)))
    slug = library_of(session, current_actor().unit_id or 0).slug
    return {
        **_head(session, "loan", _("Loan slip")),
        "reader": _("Reader: %(reader)s", reader=slip.reader),
        "new": [_loan(one) for one in slip.new],
        "others": [_loan(one) for one in slip.others],
        "others_word": _("Also on loan:"),
        "lines": lines,
        "qr": qr_svg(f"{request.host_url}{slug}/account"),
        "qr_word": _("See and renew your loans"),
        "thanks": slip.thanks or _("Thank you, and enjoy reading!"),
    }


def _loan(one: OpenLoan) -> dict[str, str]:
    note = ""
    if one.running_fine:
        note = _("late %(days)s open days, %(sum)s", days=one.days_late, sum=dong(one.running_fine))
    return {
        "title": _short(one.title),
        "code": one.item.accession_no or one.item.barcode or "",
        "due": _("due %(day)s", day=one.loan.due_on.strftime("%d/%m/%Y")),
        "note": note,
    }


def _short(title: str) -> str:
    return title if len(title) <= TITLE_LETTERS else title[: TITLE_LETTERS - 1].rstrip() + "…"


def _item(slip: dict[str, Any]) -> str:
    code = slip.get("accession_no") or slip.get("barcode") or ""
    return f"{code}  {slip.get('call_number') or ''}".strip()


def _day(text: str | None) -> str:
    return date.fromisoformat(text[:10]).strftime("%d/%m/%Y") if text else "–"


def _hold(session: Session, slip: dict[str, Any]) -> dict[str, Any]:
    return {
        **_head(session, "hold", _("Hold shelf")),
        "code": slip.get("patron_code") or "–",
        "title": _short(slip.get("title") or ""),
        "item": _item(slip),
        "until": _("Keep until %(day)s", day=_day(slip.get("shelf_until"))),
    }


def _transit(session: Session, slip: dict[str, Any], names: dict[int, str]) -> dict[str, Any]:
    why = {
        "hold": _("A reader waits there"),
        "home": _("Goes home"),
        "manual": _("Sent by hand"),
        "consignment": _("Part of a rotating box"),
    }
    code = slip.get("patron_code")
    return {
        **_head(session, "transit", _("Transit slip")),
        "to_word": _("To:"),
        "to": names.get(slip.get("to") or 0, "–"),
        "why": why.get(str(slip.get("why")), "") + (f" (…{code})" if code else ""),
        "title": _short(slip.get("title") or ""),
        "item": _item(slip),
        "from": _(
            "From %(name)s", name=names.get(slip.get("from") or current_actor().unit_id or 0, "–")
        ),
    }


def _receipt(session: Session, slip: dict[str, Any]) -> dict[str, Any]:
    kinds = {
        "overdue": _("Fine for late return"),
        "lost_price": _("Compensation"),
        "processing": _("Processing"),
        "card_fee": _("Card fee"),
        "service": _("Service"),
        "deposit_due": _("Deposit"),
    }
    settled = slip.get("settled") or {}
    return {
        **_head(session, "receipt", _("Receipt %(number)s", number=slip.get("number", ""))),
        "rows": [[kinds.get(kind, kind), dong(sum_)] for kind, sum_ in settled.items()],
        "total_word": _("Received"),
        "total": dong(slip.get("amount") or 0),
        "lines": [],
        "thanks": _("Thank you!"),
    }


def drop_rows(summary: DropSummary) -> list[tuple[str, str]]:
    """Return the figures of a book-drop session in words."""
    figures = summary.totals()
    return [
        (_("Scanned"), _number(figures["scanned"])),
        (_("Returned"), _number(figures["returned"])),
        (_("Late"), _number(figures["late"])),
        (_("Fines"), dong(figures["fines"])),
        (_("To the hold shelf"), _number(figures["holds"])),
        (_("To send on"), _number(figures["transits"])),
        (_("Not taken"), _number(figures["not_taken"])),
    ]


def _number(value: int) -> str:
    return str(format_decimal(value))


def _totals(session: Session, summary: DropSummary) -> dict[str, Any]:
    day = summary.counts_for.strftime("%d/%m/%Y")
    return {
        **_head(session, "totals", _("Book drop")),
        "rows": [list(row) for row in drop_rows(summary)],
        "lines": [_("Counts for %(day)s.", day=day)],
    }
