"""Pages beside the desk: the book drop at its end, classes, the evening list, commands, corrections."""

from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from cataloging.models import Item, Record
from circulation.bookdrop import close_drop, drop_for, drop_summary, last_drops
from circulation.desk import perform
from circulation.groups import CLASS, class_word, classes, group_for, loans_of_group
from circulation.models import Loan
from circulation.patrons.models import Patron
from circulation.permissions import CHECK_IN, REVERSE_LOAN
from circulation.reading_room import StillOut, lent_at, still_out
from circulation.reversal import reverse_loan, reverse_return
from circulation.sentences import headline_sentence, reason_sentence
from circulation.views.desk import bp
from circulation.views.desk_slips import PRINT, drop_rows
from circulation.views.desk_state import USE, new_key
from ils.core import clock
from ils.core.audit import name_acts, name_subjects
from ils.core.db import reading
from ils.core.errors import IlsError, NotFound
from ils.org.units import library_of, unit, unit_names
from ils.printing.codes import qr_svg
from ils.printing.pdf import typst_pdf
from ils.printing.spreadsheet import Sheet, xlsx
from ils.web.door import current_actor, door
from ils.web.downloads import XLSX
from ils.web.errors import message, sentence_for
from ils.web.pages import Page, page_number

PAGE = 50


# -- the book drop ------------------------------------------------------------------------------


@bp.get("/drops")
@door(CHECK_IN)
def drops() -> str:
    """List the last sessions of the branch with what they brought."""
    with reading() as session:
        rows = last_drops(session, current_actor())
        return render_template("circulation/desk_drops.html", rows=rows)


@bp.get("/drops/<int:drop_id>")
@door(CHECK_IN)
def drop(drop_id: int) -> str:
    """Show what a session brought; its slips are printed from here."""
    with reading() as session:
        found = drop_for(session, current_actor(), drop_id)
        summary = drop_summary(session, found)
        return render_template(
            "circulation/desk_drop.html",
            drop=found,
            summary=summary,
            rows=drop_rows(summary),
            names=unit_names(session),
        )


@bp.post("/drops/<int:drop_id>/end")
@door(CHECK_IN)
def end_drop(drop_id: int) -> Any:
    """End a session."""
    perform(close_drop, current_actor(), drop_id)
    return redirect(url_for("desk.drop", drop_id=drop_id))


# -- classes ------------------------------------------------------------------------------------


@bp.get("/classes")
@door(USE)
def class_list() -> str:
    """Choose the class that comes to the desk."""
    with reading() as session:
        rows = classes(session, current_actor())
        return render_template("circulation/desk_classes.html", rows=rows, key=new_key())


@bp.get("/class.pdf")
@door(USE)
def class_sheet() -> Response:
    """Print for the teacher what each pupil of a class has."""
    actor = current_actor()
    with reading() as session:
        word = request.args.get("group", "") or _first_class(session)
        group = group_for(session, actor, word)
        loans = loans_of_group(session, group)
        names = unit_names(session)
        library = names[library_of(session, actor.unit_id or 0).id]
    has = {one.member.number for one in loans}
    rows = [
        [str(o.member.number), o.member.patron.name, o.title, o.loan.due_on.strftime("%d/%m/%Y")]
        for o in loans
    ]
    rows += [[str(m.number), m.patron.name, "", ""] for m in group.members if m.number not in has]
    rows.sort(key=lambda row: int(row[0]))
    title = _("Class %(name)s", name=group.name) if group.kind == CLASS else group.name
    data = {
        "library": library,
        "title": title,
        "lines": [line for line in (group.school, clock.today().strftime("%d/%m/%Y")) if line],
        "columns": [_("No."), _("Pupil"), _("Book"), _("Due on")],
        "rows": rows,
    }
    return Response(typst_pdf(PRINT / "class_sheet.typ", data), mimetype="application/pdf")


def _first_class(session: Session) -> str:
    rows = classes(session, current_actor())
    if not rows:
        raise NotFound("group_unknown")
    return class_word(rows[0].name, rows[0].school)


# -- the evening list ---------------------------------------------------------------------------


@bp.get("/reading-room")
@door(USE)
def evening() -> Any:
    """List the reading-room loans that are still out."""
    text, sort = request.args.get("q", ""), request.args.get("sort", "since")
    number = page_number(request.args.get("page"))
    with reading() as session:
        found = (session, current_actor())
        if request.args.get("format") == "xlsx":
            rows, _total = still_out(*found, text=text, sort=sort, limit=None)
            return _evening_sheet(rows)
        offset = (number - 1) * PAGE
        rows, total = still_out(*found, text=text, sort=sort, limit=PAGE, offset=offset)
        return render_template(
            "circulation/desk_evening.html",
            rows=rows,
            page=Page(number, PAGE, total),
            q=text,
            sort=sort,
            today=clock.today(),
            lent_at=lent_at,
        )


def _evening_sheet(rows: list[StillOut]) -> Response:
    cells = [
        (
            one.item.accession_no or one.item.barcode,
            one.title,
            one.patron.name if one.patron else "",
            one.card or "",
            lent_at(one).strftime("%d/%m/%Y %H:%M"),
        )
        for one in rows
    ]
    headers = [_("Accession number"), _("Title"), _("Patron"), _("Card number"), _("Since when")]
    body = xlsx([Sheet(_("Reading room"), headers, cells, wide=(1,))])
    name = f"phong-doc-{clock.today():%Y%m%d}.xlsx"
    return Response(
        body, mimetype=XLSX, headers={"Content-Disposition": f"attachment; filename={name}"}
    )


# -- the sheet of commands ----------------------------------------------------------------------


@bp.get("/commands.pdf")
@door(USE)
def commands() -> Response:
    """Print the codes that a scanner without a keyboard reads as commands."""
    words = {
        "done": _("Finish the patron"),
        "lend": _("Lend"),
        "checkin": _("Return"),
        "bookdrop": _("Book drop"),
        "inhouse": _("In-house use"),
        "room": _("Reading room"),
        "undo": _("Undo the last"),
        "print": _("Print the slip"),
    }
    data = {
        "title": _("Commands for the scanner"),
        "lead": _("Scan a code instead of pressing a key."),
        "commands": [
            {"qr": qr_svg(f";{word}"), "word": f";{word}", "name": name}
            for word, name in words.items()
        ],
    }
    return Response(typst_pdf(PRINT / "commands.typ", data), mimetype="application/pdf")


# -- setting right what never happened ------------------------------------------------------------


@bp.route("/correct/<int:loan_id>", methods=["GET", "POST"])
@door(USE)
def correct(loan_id: int) -> Any:
    """Say that a loan or a return never took place, with the facts before the eyes."""
    actor, problem, status = current_actor(), "", 200
    with reading() as session:
        loan = session.get(Loan, loan_id)
        if loan is None or not actor.can(USE, unit(session, loan.branch_id)):
            raise NotFound("loan_unknown")
        item, record = session.get_one(Item, loan.item_id), session.get_one(Record, loan.record_id)
        patron = session.get(Patron, loan.patron_id) if loan.patron_id else None
    if request.method == "POST":
        actor.require(REVERSE_LOAN)  # or a supervisor approves it
        act = reverse_loan if loan.closed_at is None else reverse_return
        key, why = request.form.get("key") or new_key(), request.form.get("why", "")
        try:
            result = perform(act, actor, loan_id=loan_id, why=why, key=key)
        except IlsError as error:
            problem, status = sentence_for(error), error.status
        else:
            if result.ok:
                flash(headline_sentence(result.code, result.facts), "ok")
                return redirect(url_for("desk.page", patron=loan.patron_id))
            problem = " ".join(reason_sentence(r["code"], r["facts"]) for r in result.reasons)
            status = 409
    page = render_template(
        "circulation/desk_correct.html",
        loan=loan,
        item=item,
        title=record.title,
        patron=patron,
        problem=problem,
        why=request.form.get("why", ""),
        may=actor.can(REVERSE_LOAN),
        key=new_key(),
    )
    return page, status


def say() -> None:
    """Give the refusals of these pages their sentences, and the acts audited here their names."""
    name_acts(
        loan_reversed=_l("Loan that never took place"),
        return_reversed=_l("Return that never took place"),
    )
    name_subjects(loan=_l("loan"))
    message("drop_unknown", _l("There is no such book-drop session here."))
    message("drop_ended", _l("This book-drop session has ended; begin a new one."))
    message("group_unknown", _l("Nobody of this library belongs to that class or family."))
    message("slip_unknown", _l("There is no slip to print."))
    message("reason_missing", _l("Please say why."))
    message("title_missing", _l("Please type the title."))
    message("barcode_wrong", _l("A barcode has letters without marks and digits, and no blanks."))
