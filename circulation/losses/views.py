"""Pages of what befalls copies: lists with tabs, a page for each loan, copy and case."""

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from circulation.checkin import check_in
from circulation.desk import DeskResult, perform, require_approval
from circulation.losses import claims, lists, proposals, words
from circulation.losses.missing import start_search
from circulation.losses.undoing import last_undoable
from circulation.permissions import CHECK_IN, DECIDE_LOSSES, HANDLE_LOSSES, UNDO
from circulation.searches import searches_at
from circulation.undo import undo
from circulation.views.holds import new_key, tell
from ils.core import clock
from ils.core.audit import audit
from ils.core.db import reading, transaction
from ils.core.errors import IlsError
from ils.org.office import office_of
from ils.org.units import branches_of, unit_names
from ils.printing.listing import Listing, listing_pdf, listing_xlsx
from ils.web.door import current_actor, door
from ils.web.downloads import PDF, XLSX, as_file
from ils.web.errors import sentence_for
from ils.web.pages import Page, page_number

bp = Blueprint(
    "losses",
    __name__,
    url_prefix="/staff/losses",
    template_folder="templates",
)

SIZE = 50
MOST = 20_000


@bp.get("/")
@door(HANDLE_LOSSES)
def home() -> str:
    """Show one of the lists, a page of it."""
    with reading() as session:
        asked = _asked(session)
        total = lists.how_many(session, asked)
        number = page_number(request.args.get("page"))
        rows = lists.rows_of(session, asked, limit=SIZE, offset=(number - 1) * SIZE)
        here = current_actor().unit_id or 0
        return render_template(
            "losses/lists.html",
            asked=asked,
            page=Page(number, SIZE, total, rows),
            counts=lists.counts(session, asked.branches, asked.today),
            columns=lists.COLUMNS[asked.tab],
            sorts=lists.SORTS[asked.tab],
            states=lists.STATES.get(asked.tab, ()),
            searches=searches_at(session, here) if asked.tab == "missing" else [],
            names=unit_names(session),
            branches=_branches(session),
            words=words,
            may_decide=current_actor().can_somewhere(DECIDE_LOSSES),
            last=last_undoable(session, current_actor()),
            key=new_key(),
        )


@bp.get("/list.<any(xlsx, pdf):form>")
@door(HANDLE_LOSSES)
def taken_away(form: str) -> Response:
    """Return a whole list as a spreadsheet or a paper; that it was taken away is audited."""
    actor = current_actor()
    with force_locale("vi"), transaction() as session:
        asked = _asked(session)
        rows = lists.rows_of(session, asked, limit=MOST)
        audit(session, actor, "list_taken", "list", None, list=asked.tab, rows=len(rows))
        listing = Listing(
            title=lists.TITLES_VI[asked.tab],
            columns=lists.COLUMNS[asked.tab],
            rows=rows,
            office=office_of(session, actor.library_id or actor.unit_id or 0),
            about=[f"(tính đến ngày {asked.today:%d/%m/%Y})"],
        )
        content = listing_pdf(listing) if form == "pdf" else listing_xlsx(listing)
    return as_file(content, f"{asked.tab}.{form}", PDF if form == "pdf" else XLSX)


def _branches(session: Session) -> list[tuple[int, str]]:
    actor, names = current_actor(), unit_names(session)
    found = branches_of(session, actor.library_id or 0)
    return [(one.id, names.get(one.id, one.code)) for one in found if actor.can(HANDLE_LOSSES, one)]


def _asked(session: Session) -> lists.Asked:
    given = request.args
    tab = given.get("tab", "")
    tab = tab if tab in lists.COLUMNS else "proposals"
    own = tuple(one for one, _name in _branches(session))
    wanted = given.get("branch", type=int)
    return lists.Asked(
        tab=tab,
        branches=(wanted,) if wanted in own and wanted is not None else own,
        today=clock.today(),
        state=given.get("state", "open"),
        words=given.get("q", "").strip(),
        sort=given.get("sort", ""),
    )


@bp.post("/undo")
@door(UNDO)
def take_back() -> Any:
    """Take back the act that was just done, whole."""
    token, back = request.form.get("token", ""), request.form.get("back", "")
    result = _try(lambda: perform(undo, current_actor(), token=token, key=new_key()))
    if result is not None:
        tell(result)
    gone = not back.startswith(url_for("losses.home")) or "/case/" in back
    return redirect(url_for("losses.home") if gone else back)


# --- proposals -------------------------------------------------------------------------------


@bp.post("/proposals")
@door(DECIDE_LOSSES)
def decide() -> Any:
    """Record the ticked loans as lost, or leave them alone for some days."""
    key = request.form.get("key") or new_key()
    ticked = request.form.getlist("proposal", type=int)
    if not ticked:
        flash(_("Tick the loans first."), "bad")
    done: list[DeskResult] = []
    for one in ticked:
        result = _try(partial(_decide_one, one, f"{key}-{one}"[:80]))
        done += [result] if result is not None else []
    good = [one for one in done if one.ok]
    if len(good) > 1:
        flash(_("Done for %(n)s loans.", n=len(good)), "ok")
    for shown in done:
        if len(good) == 1 or not shown.ok:
            tell(shown)
    return redirect(url_for("losses.home", tab="proposals"))


def _decide_one(proposal_id: int, key: str) -> DeskResult:
    form, actor = request.form, current_actor()
    if form.get("act") == "again":
        return perform(proposals.propose_again, actor, proposal_id=proposal_id, key=key)
    if form.get("act") != "postpone":
        return perform(proposals.approve, actor, proposal_id=proposal_id, key=key)
    return perform(
        proposals.postpone,
        actor,
        proposal_id=proposal_id,
        days=form.get("days", 0, type=int),
        note=form.get("note", ""),
        key=key,
    )


# --- claims ----------------------------------------------------------------------------------


@bp.post("/claim/<int:claim_id>")
@door(HANDLE_LOSSES)
def claim(claim_id: int) -> Any:
    """Tick a search off, or end a claim."""
    form, actor = request.form, current_actor()
    word = form.get("act", "")
    key = f"{form.get('key') or new_key()}-{word}-{claim_id}"[:80]
    with reading() as session:
        claims.claim_for(session, actor, claim_id)  # another library's is not known here
    back = form.get("why", "").strip()
    overrides = {"search_both_first": back} if back else {}
    acts: dict[str, Callable[[], DeskResult]] = {
        "tick": lambda: perform(claims.tick_search, actor, claim_id=claim_id, key=key),
        "on_shelf": lambda: perform(claims.found_on_shelf, actor, claim_id=claim_id, key=key),
        "after_all": lambda: perform(claims.on_shelf_after_all, actor, claim_id=claim_id, key=key),
        "charge": lambda: perform(
            claims.give_up, actor, claim_id=claim_id, charge=True, key=key, overrides=overrides
        ),
        "free": lambda: perform(
            claims.give_up, actor, claim_id=claim_id, charge=False, key=key, overrides=overrides
        ),
        "untick": lambda: perform(claims.untick_search, actor, claim_id=claim_id, key=key),
        "take_up": lambda: perform(
            claims.take_up_again, actor, claim_id=claim_id, reason_text=back, key=key
        ),
        "withdraw": lambda: perform(claims.withdraw_claim, actor, claim_id=claim_id, key=key),
    }
    if word in acts and (result := _try(acts[word])) is not None:
        tell(result)
    if form.get("to") == "loan" and (loan_id := form.get("loan", type=int)):
        return redirect(url_for("losses_case.loan", loan_id=loan_id))
    return redirect(url_for("losses.home", tab="claims"))


# --- missing ---------------------------------------------------------------------------------


@bp.post("/search")
@door(HANDLE_LOSSES)
def search() -> Any:
    """Put a copy on the list of what is searched for."""
    result = _try(
        lambda: perform(
            start_search,
            current_actor(),
            barcode=request.form.get("barcode", "").strip(),
            key=request.form.get("key") or new_key(),
        )
    )
    if result is not None:
        tell(result)
    return redirect(url_for("losses.home", tab="missing"))


@bp.post("/found")
@door(CHECK_IN)
def found() -> Any:
    """A missing copy is here after all: it is taken in as by a scan."""
    number = request.form.get("barcode", "").strip()
    key = request.form.get("key") or new_key()
    result = _try(
        lambda: perform(
            check_in, current_actor(), barcode=number, from_shelf=True, key=f"{key}-{number}"[:80]
        )
    )
    if result is not None:
        tell(result)
    return redirect(url_for("losses.home", tab="missing"))


# --- what the pages share --------------------------------------------------------------------


def _try(do: Callable[[], DeskResult]) -> DeskResult | None:
    """Do an act; what it says no to is told on the next page. Not found and forbidden stay so."""
    try:
        result = do()
        if request.form.get("why", "").strip():  # it was said why; only the right is missing
            require_approval(result)
        return result
    except IlsError as error:
        if error.status in (403, 404) and error.code != "item_unknown":
            raise
        flash(sentence_for(error), "bad")
        return None
