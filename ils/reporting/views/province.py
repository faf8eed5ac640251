"""The province's page of a period: who sent, who is late, the total, its closing."""

from datetime import date
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from ils.core import clock
from ils.core.db import reading, transaction
from ils.core.errors import IlsError
from ils.org.units import province as root
from ils.reporting import reports as use
from ils.reporting.documents import report_pdf, report_xlsx
from ils.reporting.paper import shown
from ils.reporting.periods import Period, period_starting
from ils.reporting.province import close, total
from ils.reporting.template import Template, template_named
from ils.reporting.views.base import bp, download
from ils.reporting.views.words import STATES
from ils.web.door import current_actor, door
from ils.web.downloads import XLSX
from ils.web.errors import sentence_for


def _asked() -> tuple[Template, Period]:
    template = template_named(request.values.get("form", "monthly"))
    try:
        first = date.fromisoformat(request.values.get("first", ""))
    except ValueError:
        first = template.clock.containing(clock.today()).previous.first
    return template, period_starting(template.clock, first)


@bp.get("/province")
@door(use.VIEW)
def province() -> Any:
    """Show the total of a period, what it is made of, and who is missing."""
    template, period = _asked()
    wider = bool(request.args.get("submitted"))
    if request.args.get("format") in ("pdf", "xlsx"):
        return _file(template, period, request.args["format"], wider=wider)
    return _page(template, period, wider=wider)


def _page(template: Template, period: Period, *, wider: bool, problem: str = "") -> str:
    actor = current_actor()
    with reading() as session:
        found = total(session, actor, template, period, approved_only=not wider)
        top = root(session)
        return render_template(
            "reporting/province.html",
            template=template,
            period=period,
            total=found,
            paper=found.paper,
            wider=wider,
            states=STATES,
            may_close=top is not None and actor.can(use.APPROVE, top),
            over=period.last < clock.today(),
            problem=problem,
            why=request.form.get("why", ""),
            figure=shown,
        )


def _file(template: Template, period: Period, kind: str, *, wider: bool) -> Response:
    with reading() as session:
        found = total(session, current_actor(), template, period, approved_only=not wider)
    name = f"tong-hop-{period.last:%Y-%m}.{kind}"
    if kind == "xlsx":
        return download(report_xlsx(found.paper), name, XLSX)
    content = report_pdf(found.paper, state="open", submitted_at=None, received_at=None)
    return download(content, name, "application/pdf", inline=True)


@bp.post("/province")
@door(use.APPROVE)
def close_total() -> Any:
    """Close the total of a period: it becomes a paper of the province."""
    template, period = _asked()
    try:
        with transaction() as session:
            report = close(
                session,
                current_actor(),
                template,
                period,
                why=request.form.get("why", ""),
                incomplete=bool(request.form.get("incomplete")),
            )
            report_id = report.id
    except IlsError as error:
        if error.status in (403, 404):
            raise
        return _page(template, period, wider=False, problem=sentence_for(error)), error.status
    flash(_("The total was closed. Later changes make a new version."), "ok")
    return redirect(url_for("reporting.paper", report_id=report_id))
