"""Weeding in the browser: lists, one list from its first scan to what became of its copies."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from cataloging.baskets.contents import baskets_of
from cataloging.hooks import availability_of
from cataloging.models import Item, Record
from cataloging.permissions import EDIT_ITEM, WITHDRAW_ITEM
from cataloging.stockbook.weeding import candidates, carrying, words
from cataloging.stockbook.weeding import deciding as decisions
from cataloging.stockbook.weeding import proposals as use
from cataloging.stockbook.weeding.models import FATES, Weeding
from cataloging.stockbook.weeding.work import at_work, job_of
from cataloging.views.words import REASONS, VETOES
from ils.core.db import reading, transaction
from ils.core.errors import IlsError, Invalid
from ils.core.jobs import breathe
from ils.org.units import unit
from ils.web.door import current_actor, door
from ils.web.errors import sentence_for
from ils.web.forms import clean_text, parse_day, parse_dong
from ils.web.pages import Page, page_number

bp = Blueprint(
    "weeding", __name__, url_prefix="/staff/stockbook/weeding", template_folder="../templates"
)
SIZE = 50
SHOWN = 30
SEATS = 7


def _library_id() -> int:
    return current_actor().library_id or 0


@bp.get("/")
@door(EDIT_ITEM)
def lists() -> str:
    """List what was weeded and what is proposed."""
    return _lists()[0]


def _lists(problem: str = "", status: int = 200) -> tuple[str, int]:
    number = page_number(request.args.get("page"))
    with reading() as session:
        rows, total = use.weedings_of(
            session, _library_id(), limit=SIZE, offset=(number - 1) * SIZE
        )
        lost = candidates.by_rule(session, _library_id(), "lost")
        page = render_template(
            "stockbook/weedings.html",
            rows=rows,
            page=Page(number, SIZE, total, rows),
            lost=len(lost),
            problem=problem,
            typed=request.form,
            words=words,
        )
    return page, status


@bp.post("/")
@door(EDIT_ITEM)
def begin() -> Any:
    """Begin a list; with ``lost`` one of the copies lost and made good."""
    try:
        with transaction() as session:
            actor, library_id = current_actor(), _library_id()
            facts = use.HeadFacts(clean_text(request.form.get("name", "")))
            made = use.begin_weeding(session, actor, library_id, facts)
            if request.form.get("lost") == "1":
                found = candidates.by_rule(session, library_id, "lost")[: use.AT_ONCE]
                use.propose(session, actor, made.id, found, reason="lost", ground="lost")
            made_id = made.id
    except IlsError as error:
        return _lists(sentence_for(error), error.status)
    return redirect(url_for("weeding.show", weeding_id=made_id))


@bp.get("/<int:weeding_id>")
@door(EDIT_ITEM)
def show(weeding_id: int) -> Any:
    """Show a list: its copies with what stands against them, its papers, what comes next."""
    return _page(weeding_id)


def _page(weeding_id: int, problem: str = "", status: int = 200) -> Any:
    with reading() as session:
        actor = current_actor()
        found = use.weeding_for(session, actor, weeding_id)
        lines = use.lines_of(session, found)
        number = page_number(request.args.get("page"))
        stopped = [one for one in lines if one.against]
        ordered = stopped + [one for one in lines if not one.against]
        part = ordered[(number - 1) * SIZE : number * SIZE]
        places = _places(session, [one.item for one in stopped])
        return render_template(
            "stockbook/weeding.html",
            weeding=found,
            lines=part,
            page=Page(number, SIZE, len(ordered), part),
            stopped=stopped,
            places=places,
            sums=use.sums_of(session, weeding_id),
            disposals=decisions.disposals_of(session, weeding_id),
            waiting=[
                one.line.id
                for one in lines
                if one.line.state == "withdrawn" and one.line.disposal_id is None
            ],
            seats=_seats(found),
            job=job_of(session, weeding_id),
            at_work=at_work(session, weeding_id),
            left=sum(one.line.state == "proposed" for one in lines),
            baskets=[(basket.id, basket.name) for basket, _n, _m in baskets_of(session, actor)],
            tried=_tried(session, found),
            may_decide=actor.can(WITHDRAW_ITEM, unit(session, found.library_id)),
            typed=request.form,
            problem=problem,
            fates=FATES,
            reasons=REASONS,
            vetoes=VETOES | words.AGAINST,
            words=words,
        ), status


def _places(session: Session, items: Sequence[Item]) -> dict[int, Any]:
    records = sorted({item.record_id for item in items})[:200]
    return {
        place.item_id: place
        for places in availability_of(session, records).values()
        for place in places
    }


def _seats(found: Weeding) -> list[dict[str, str]]:
    sent = request.form
    if names := sent.getlist("seat_name"):
        pairs = zip(names, sent.getlist("seat_role"), strict=False)
        return [{"name": name, "role": role} for name, role in pairs]
    empty = {"name": "", "role": ""}
    roles = ("Chủ tịch Hội đồng", "Thư ký", "Thành viên")
    first = [] if found.council else [empty | {"role": role} for role in roles]
    some = [*found.council, *first]
    return some + [empty] * max(1, min(2, SEATS - len(some)))


def _tried(session: Session, found: Weeding) -> dict[str, Any] | None:
    """Return what a rule asked for in the address finds, to look at before it is added."""
    code = request.args.get("rule", "")
    if found.state != "proposed" or code not in candidates.RULES:
        return None
    years = request.args.get("years", type=int)
    years = candidates.RULES[code].years if years is None else max(0, min(years, 200))
    ids = candidates.by_rule(session, found.library_id, code, years)
    shown = [session.get_one(Item, one) for one in ids[:SHOWN]]
    titles = [(item, session.get_one(Record, item.record_id).title) for item in shown]
    return {
        "code": code,
        "years": years,
        "count": len(ids),
        "titles": titles,
        "reason": candidates.RULES[code].reason,
    }


@bp.post("/<int:weeding_id>/add")
@door(EDIT_ITEM)
def add(weeding_id: int) -> Any:
    """Put copies on the list: scanned, of a basket, of a search, found by a rule."""
    actor, sent = current_actor(), request.form
    unknown: list[str] = []
    try:
        with transaction() as session:
            found = use.weeding_for(session, actor, weeding_id)
            how, reason, ground = sent.get("how", "scan"), sent.get("reason", "worn"), ""
            if how == "basket":
                ids = candidates.by_basket(
                    session, actor, found.library_id, sent.get("basket", 0, type=int)
                )
            elif how == "search":
                words_typed = clean_text(sent.get("q", ""))
                ids = candidates.by_search(session, found.library_id, words_typed)
            elif how == "rule":
                ground = sent.get("rule", "")
                years = sent.get("years", type=int)
                ids = candidates.by_rule(session, found.library_id, ground, years)
            else:
                ids, unknown = candidates.by_numbers(session, actor, sent.get("numbers", ""))
            use.require_room(session, weeding_id, len(ids))
        done = _put_on(weeding_id, ids, reason, ground)
    except IlsError as error:
        if error.status == 404:
            raise
        return _page(weeding_id, sentence_for(error), error.status)
    _tell(done, unknown)
    return redirect(url_for("weeding.show", weeding_id=weeding_id))


def _put_on(weeding_id: int, ids: Sequence[int], reason: str, ground: str) -> use.Added:
    """Put copies on a list in parts, between which the desks get their turn."""
    done = use.Added()
    for start in range(0, max(1, len(ids)), use.AT_ONCE):
        if start:
            breathe()
        with transaction() as session:
            some = ids[start : start + use.AT_ONCE]
            part = use.propose(
                session, current_actor(), weeding_id, some, reason=reason, ground=ground
            )
        done.count += part.count
        for code, numbers in part.refused.items():
            done.refused.setdefault(code, []).extend(numbers)
    return done


def _tell(done: use.Added, unknown: list[str]) -> None:
    flash(ngettext("%(num)s copy came on the list.", "%(num)s copies came on the list.", done.count), "ok" if done.count else "warn")  # fmt: skip
    for code, numbers in done.refused.items():
        flash(f"{words.LEFT_OFF[code]}: {_some(numbers)}", "warn")
    if unknown:
        flash(_("Nothing here has these numbers: %(numbers)s", numbers=_some(unknown)), "warn")


def _some(numbers: list[str]) -> str:
    more = len(numbers) - SHOWN
    return ", ".join(numbers[:SHOWN]) + (f" … (+{more})" if more > 0 else "")


@bp.post("/<int:weeding_id>/act")
@door(EDIT_ITEM)
def act(weeding_id: int) -> Any:
    """Do what a button of the list says."""
    acts = {
        "head": _head,
        "off": _off,
        "strike": _strike,
        "decide": _decide,
        "go_on": _go_on,
        "restore": _restore,
        "restore_all": _restore_all,
        "correct": _correct,
        "dispose": _dispose,
        "dispose_all": _dispose,
        "undispose": _undispose,
    }
    do = acts.get(request.form.get("act", ""))
    try:
        with transaction() as session:
            use.weeding_for(session, current_actor(), weeding_id)
            told = do(session, weeding_id) if do else ""
    except IlsError as error:
        if error.status == 404:
            raise
        return _page(weeding_id, sentence_for(error), error.status)
    if told:
        flash(told, "ok")
    return redirect(url_for("weeding.show", weeding_id=weeding_id))


def _head(session: Session, weeding_id: int) -> Any:
    use.change_head(session, current_actor(), weeding_id, _facts())
    return _("The papers of the list were saved.")


def _facts() -> use.HeadFacts:
    sent = request.form
    names, roles = sent.getlist("seat_name"), sent.getlist("seat_role")
    return use.HeadFacts(
        clean_text(sent.get("name", "")),
        [
            {"name": clean_text(name), "role": clean_text(role)}
            for name, role in zip(names, roles, strict=False)
        ],
        clean_text(sent.get("minutes_no", "")),
        _day("met_on"),
        clean_text(sent.get("decision_no", "")),
        _day("decided_on"),
        clean_text(sent.get("decided_by", "")),
        clean_text(sent.get("note", ""))[:2000],
    )


def _day(name: str) -> date | None:
    typed = clean_text(request.form.get(name, ""))
    try:
        return parse_day(typed) if typed else None
    except ValueError as error:
        raise Invalid("weeding_day_impossible", field=name) from error


def _lines() -> list[int]:
    return [int(one) for one in request.form.getlist("line") if one.isdecimal()]


def _off(session: Session, weeding_id: int) -> Any:
    count = use.take_off(session, current_actor(), weeding_id, _lines())
    return ngettext("%(num)s copy was taken off.", "%(num)s copies were taken off.", count)


def _strike(session: Session, weeding_id: int) -> Any:
    use.give_up(session, current_actor(), weeding_id)
    return _("The list is given up; its copies are as they were before.")


def _decide(session: Session, weeding_id: int) -> Any:
    use.change_head(session, current_actor(), weeding_id, _facts())
    count = carrying.decide_list(session, current_actor(), weeding_id)
    if count is None:
        return _("The decision stands. The worker withdraws the copies part by part.")
    return _("%(count)s copies are withdrawn; part II and the accession registers say so.", count=count)  # fmt: skip


def _go_on(session: Session, weeding_id: int) -> Any:
    carrying.go_on(session, current_actor(), weeding_id)
    return _("The worker withdraws what was left.")


def _restore_all(session: Session, weeding_id: int) -> Any:
    why = clean_text(request.form.get("why", ""))
    count = carrying.restore_all(session, current_actor(), weeding_id, why)
    if count is None:
        return _("The worker puts the copies back into stock part by part.")
    return ngettext("%(num)s copy is in stock again.", "%(num)s copies are in stock again.", count)


def _restore(session: Session, weeding_id: int) -> Any:
    why = clean_text(request.form.get("why", ""))
    count = decisions.restore(session, current_actor(), weeding_id, _lines(), why)
    return ngettext("%(num)s copy is in stock again.", "%(num)s copies are in stock again.", count)


def _correct(session: Session, weeding_id: int) -> Any:
    facts = _facts()
    decisions.correct_papers(
        session,
        current_actor(),
        weeding_id,
        minutes_no=facts.minutes_no,
        met_on=facts.met_on,
        decision_no=facts.decision_no,
        decided_by=facts.decided_by,
    )
    return _("The numbers are put right, on the copies too.")


def _dispose(session: Session, weeding_id: int) -> Any:
    sent = request.form
    typed = clean_text(sent.get("proceeds", ""))
    try:
        proceeds = parse_dong(typed) if typed else None
    except ValueError:
        proceeds = -1  # the use case says what is wrong with it
    facts = decisions.DisposalFacts(
        sent.get("kind", ""),
        clean_text(sent.get("number", "")),
        _day("dated_on"),
        clean_text(sent.get("receiver", "")),
        proceeds,
        clean_text(sent.get("note", ""))[:2000],
    )
    chosen = _lines() if sent.get("act") == "dispose" else None
    decisions.dispose(session, current_actor(), weeding_id, chosen, facts)
    return _("What became of the copies is recorded.")


def _undispose(session: Session, weeding_id: int) -> Any:
    disposal_id = request.form.get("disposal", 0, type=int)
    decisions.take_back_disposal(session, current_actor(), weeding_id, disposal_id)
    return _("The minutes are taken back; their copies wait again.")
