"""``./sen report``: figures and reports from the command line."""

import json
import sys
import time
from datetime import date

import click

from ils.accounts.actor import system_actor
from ils.core import clock
from ils.core.db import reading, transaction


@click.group()
def report() -> None:
    """Figures and reports."""


def _month(typed: str | None) -> date:
    if not typed:
        return (clock.today().replace(day=1) - _ONE_DAY).replace(day=1)
    try:
        return date.fromisoformat(typed if len(typed) > 7 else f"{typed}-01")
    except ValueError:
        raise click.BadParameter(f"{typed}: write it like 2026-05") from None


_ONE_DAY = date(2000, 1, 2) - date(2000, 1, 1)


@report.command()
@click.argument("code")
@click.option("--month", help="Month like 2026-05; default: last month.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def show(code: str, month: str | None, as_json: bool) -> None:
    """Show the live figures of the unit CODE for a month."""
    from ils.org.units import unit_by_code
    from ils.reporting.figures import Measure, figures, is_computed
    from ils.reporting.indicators import indicators
    from ils.reporting.paper import shown
    from ils.reporting.periods import clock_named
    from ils.reporting.scope import scope_of

    _sources()
    period = clock_named("calendar_month").containing(_month(month))
    computed = [one for one in indicators().values() if is_computed(one.code)]
    started = time.perf_counter()
    with reading() as session:
        scope = scope_of(session, unit_by_code(session, code).id)
        measures = [Measure(one.code) for one in computed]
        table = figures(session, scope, measures, period.first, period.last)
    one_library = scope.libraries[0] if len(scope.libraries) == 1 else None
    found = table.total if one_library is None else table.libraries[one_library]
    if as_json:
        values = {measure.code: value for measure, value in found.items()}
        about = {"unit": code, "from": str(period.first), "to": str(period.last)}
        seconds = round(time.perf_counter() - started, 3)
        click.echo(json.dumps({**about, "seconds": seconds, "figures": values}))
        return
    click.echo(f"{code}  {period.label()}")
    for one in computed:
        value = shown(found[Measure(one.code)]) or "–"
        click.echo(f"{one.code}  {value:>14}  {one.unit:<10}  {one.vi}")


@report.command()
@click.argument("code")
@click.option("--month", help="Month like 2026-05; default: last month.")
@click.option("--form", default="monthly", help="Code of the form.")
@click.option("--pdf", type=click.Path(writable=True), help="Also print it into this file.")
def compute(code: str, month: str | None, form: str, pdf: str | None) -> None:
    """Draft the report of the library CODE, or compute the draft in hand anew."""
    from ils.org.units import unit_by_code
    from ils.reporting.documents import report_pdf
    from ils.reporting.paper import shown
    from ils.reporting.reports import open_report, paper_of, recompute

    _sources()
    actor = system_actor()
    with transaction() as session:
        unit = unit_by_code(session, code)
        found = open_report(session, actor, unit.id, form, _month(month))
        if found.state in ("draft", "returned"):
            recompute(session, actor, found.id)
        paper = paper_of(session, found)
        state, sent = found.state, found.submitted_at
    click.echo(f"{paper.unit_name}  {paper.heading('vi')}  [{state}]")
    for line in paper.lines:
        words = line.vi if not line.under else f"  {line.vi}"
        click.echo(f"{line.id:<8}{shown(line.cells['period'].shown) or '–':>16}  {words}")
    if pdf:
        content = report_pdf(paper, state=state, submitted_at=sent, received_at=sent)
        with open(pdf, "wb") as out:
            out.write(content)


@report.command("rebuild-totals")
def rebuild_totals() -> None:
    """Fold the whole event log into the kept totals anew."""
    from ils.reporting.totals import fold_all, newest_settled, rebuild

    started = time.perf_counter()
    with reading() as session:  # the long part, while the desks go on
        newest = newest_settled(session)
        found = fold_all(session, newest)
    with transaction() as session:
        rebuild(session, found, newest)
    seconds = time.perf_counter() - started
    click.echo(f"{len(found)} totals up to event {newest} in {seconds:.1f} s")


@report.command()
def check() -> None:
    """Compare the kept totals with the event log; exit 1 when they differ."""
    from ils.reporting.totals import differences

    with reading() as session:
        found = differences(session)
    for one in found[:20]:
        click.echo(f"{one.starts_on}: kept {one.kept}, the log says {one.rebuilt}")
    if found:
        click.echo(f"{len(found)} totals differ. Mend them with: ./sen report rebuild-totals")
        sys.exit(1)
    click.echo("The kept totals are those of the event log.")


def _sources() -> None:
    """Assemble the house, so that packages above have declared their figures and settings."""
    from ils.app import create_app

    create_app()
