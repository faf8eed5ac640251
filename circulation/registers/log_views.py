"""The daily log as a page, a spreadsheet and a paper; typing in a day that was kept on paper."""

import secrets
from collections.abc import Sequence
from datetime import date
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from circulation.desk import perform
from circulation.patrons.models import PatronCategory
from circulation.permissions import TALLY
from circulation.registers.daily_log import OTHER, DailyLog, Line, daily_log
from circulation.registers.models import IN_HOUSE, LOAN, VISIT
from circulation.registers.paper_days import CLASSES, SERIAL, paper_day, write_paper_day
from circulation.registers.views import own_branches
from circulation.sentences import headline_sentence
from ils.core import clock
from ils.core.db import reading
from ils.core.errors import IlsError, NotFound
from ils.org.models import OrgUnit
from ils.org.office import office_of
from ils.org.units import unit_name, unit_names
from ils.printing.listing import Column, Listing, listing_pdf, listing_xlsx
from ils.reporting.views.words import VALUES
from ils.web.door import current_actor, door
from ils.web.downloads import XLSX, as_file
from ils.web.errors import sentence_for
from ils.web.forms import parse_day

bp = Blueprint("daily_log", __name__, url_prefix="/staff/daily-log", template_folder="templates")

MONTHS_BACK = 26


@bp.get("/")
@door(TALLY)
def month() -> str:
    """Show a month of the daily log."""
    with reading() as session:
        branches = own_branches(session, TALLY)
        chosen = _chosen(branches)
        first = _month()
        return render_template(
            "registers/daily_log.html",
            log=daily_log(session, [b.id for b in chosen], first, clock.today()),
            categories=_categories(session),
            branches=[(b.id, unit_names(session).get(b.id, b.code)) for b in branches],
            branch=chosen[0] if len(chosen) == 1 else None,
            months=_months(),
            month=first,
            captions=VALUES["class"],
        )


@bp.get("/log.xlsx")
@door(TALLY)
def as_spreadsheet() -> Response:
    """Return the month as a spreadsheet."""
    return as_file(listing_xlsx(_listing()), f"so-nhat-ky-{_month():%Y-%m}.xlsx", XLSX)


@bp.get("/log.pdf")
@door(TALLY)
def as_paper() -> Response:
    """Return the month as the page of the book."""
    content = listing_pdf(_listing())
    return as_file(content, f"so-nhat-ky-{_month():%Y-%m}.pdf", "application/pdf")


@bp.route("/day", methods=["GET", "POST"])
@door(TALLY)
def day() -> Any:
    """Type in the figures of a day that was kept on paper."""
    problem, status = "", 200
    typed: dict[str, str] = dict(request.form)
    wanted = request.values.get("day", "").strip() or clock.today().isoformat()
    try:
        chosen = date.fromisoformat(wanted) if "-" in wanted else parse_day(wanted)
    except ValueError:
        chosen, problem, status = clock.today(), _("That is not a date. Nothing was written."), 422
    with reading() as session:
        branches = own_branches(session, TALLY)
        branch = next((b for b in branches if b.id == request.values.get("branch", type=int)), None)
        branch = branch or next((b for b in branches if b.id == current_actor().unit_id), None)
        branch = branch or (branches[0] if branches else None)
        if branch is None:
            raise NotFound("unit_unknown", unit_id=0)
        categories = _categories(session)
        parts = _parts(categories)
    if request.method == "POST" and not problem:
        figures, wrong = _figures(parts)
        if wrong:
            problem, status = (
                _("These are not numbers: %(wrong)s. Nothing was written.", wrong=", ".join(wrong)),
                422,
            )
        else:
            try:
                result = perform(
                    write_paper_day,
                    current_actor(),
                    unit_id=branch.id,
                    day=chosen,
                    figures=figures,
                    whole=request.form.get("whole", "1") == "1",
                    key=request.form.get("key") or f"paper-{secrets.token_hex(8)}",
                )
            except IlsError as error:
                problem, status = sentence_for(error), error.status
            else:
                flash(headline_sentence(result.code, result.facts), "ok")
                return redirect(
                    url_for("daily_log.month", month=f"{chosen:%Y-%m}", branch=branch.id)
                )
    with reading() as session:
        known = paper_day(session, branch.id, chosen)
        names = unit_names(session)
    page = render_template(
        "registers/paper_day.html",
        day=chosen,
        branch=branch,
        branches=[(b.id, names.get(b.id, b.code)) for b in branches],
        parts=parts,
        known=known,
        typed=typed,
        problem=problem,
        key=f"paper-{secrets.token_hex(8)}",
    )
    return page, status


def _parts(categories: dict[str, str]) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Return the boxes of the form: measure, its words, and its parts with their words."""
    classes = [(code, str(VALUES["class"][code])) for code in CLASSES]
    classes += [(SERIAL, _("Newspapers, journals")), ("", _("Not split"))]
    visitors = [*categories.items(), ("", _("Not split"))]
    return [
        (VISIT, _("Who came"), visitors),
        (LOAN, _("Taken home"), classes),
        (IN_HOUSE, _("Used in the reading room"), classes),
    ]


def _figures(
    parts: list[tuple[str, str, list[tuple[str, str]]]],
) -> tuple[dict[tuple[str, str], int], list[str]]:
    figures: dict[tuple[str, str], int] = {}
    wrong = []
    for measure, _words, boxes in parts:
        for part, words in boxes:
            text = request.form.get(f"{measure}:{part}", "").strip()
            if not text:
                continue
            if text.isdecimal() and len(text) < 7:
                figures[measure, part] = int(text)
            else:
                wrong.append(f"{words} “{text}”")
    return figures, wrong


def _chosen(branches: Sequence[OrgUnit]) -> list[OrgUnit]:
    wanted = request.args.get("branch", type=int)
    return [b for b in branches if b.id == wanted] or list(branches)


def _month() -> date:
    typed = request.args.get("month", "")
    try:
        return date.fromisoformat(f"{typed}-01")
    except ValueError:
        return clock.today().replace(day=1)


def _months() -> list[tuple[str, str]]:
    found, at = [], clock.today().replace(day=1)
    for _n in range(MONTHS_BACK):
        found.append((f"{at:%Y-%m}", f"{at:%m/%Y}"))
        at = (at.replace(day=1) - (date(2000, 1, 2) - date(2000, 1, 1))).replace(day=1)
    return found


def _categories(session: Session) -> dict[str, str]:
    rows = session.execute(
        select(PatronCategory.code, PatronCategory.name).order_by(PatronCategory.order)
    )
    return {row[0]: row[1] for row in rows}


# --- paper ----------------------------------------------------------------------------------


def _listing() -> Listing:
    """Gather the month for paper, in Vietnamese, with the columns of the printed book."""
    actor = current_actor()
    with force_locale("vi"), reading() as session:
        branches = own_branches(session, TALLY)
        chosen = _chosen(branches)
        log = daily_log(session, [b.id for b in chosen], _month(), clock.today())
        about = [f"Tháng {_month():%m/%Y}"]
        if len(chosen) == 1:
            about.insert(0, unit_name(session, chosen[0].id))
        return Listing(
            title="Sổ nhật ký thư viện",
            columns=_columns(log, _categories(session)),
            rows=[_row(line) for line in log.lines],
            office=office_of(session, actor.library_id or actor.unit_id or 0, log.last),
            about=about,
            notes=["Dấu * ở cột ngày: có số liệu ghi sổ giấy nhập lại."],
            numbered=False,
        )


def _columns(log: DailyLog, names: dict[str, str]) -> list[Column]:
    figures = [
        ("visits", "Lượt bạn đọc"),
        ("children", "Thiếu nhi"),
        *((f"who:{code}", names.get(code, code) or "Chưa rõ") for code in log.categories),
        ("uses", "Lượt tài liệu"),
        ("home", "Về nhà"),
        ("here", "Tại chỗ"),
        *((f"class:{code}", "Khác" if code == OTHER else f"{code}") for code in log.classes),
        ("serials", "Báo, tạp chí"),
        ("foreign", "Ngoại văn"),
    ]
    return [
        Column("day", "Ngày", "text", "14mm"),
        *(Column(key, label, "num", "1fr", total=True) for key, label in figures),
    ]


_SUMS = ("visits", "children", "uses", "home", "here", "serials", "foreign")


def _row(line: Line) -> dict[str, Any]:
    day = f"{line.day:%d/%m}" if line.day else ""
    return {
        "day": f"{day}*" if line.from_paper else day,
        **{name: getattr(line, name) or None for name in _SUMS},
        **{f"who:{code}": n for code, n in line.visitors.items()},
        **{f"class:{code}": n for code, n in line.classes.items()},
    }
