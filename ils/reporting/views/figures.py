"""Live figures: the page of a library or the province, and the page behind each figure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Response, redirect, render_template, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from ils.core.db import reading
from ils.core.errors import NotFound
from ils.org.models import OrgUnit
from ils.org.units import unit_names
from ils.printing import Sheet, xlsx
from ils.reporting.drill import (
    Question,
    count_lines,
    has_rows,
    lines,
    source_lines,
    split,
    splits_of,
)
from ils.reporting.figures import Figures, Measure, figures, is_computed, summed_codes
from ils.reporting.indicators import Condition, Indicator, groups, indicator
from ils.reporting.periods import Period, clock_named
from ils.reporting.reckon import log_begins
from ils.reporting.scope import Scope, scope_of
from ils.reporting.views.base import (
    a_year_before,
    asked_stretch,
    asked_unit,
    bp,
    download,
    months_back,
    unit_choices,
    visible_units,
)
from ils.reporting.views.words import KINDS, SPLITS, value_words
from ils.web.door import current_actor, door
from ils.web.downloads import XLSX
from ils.web.i18n import language
from ils.web.links import address_of
from ils.web.pages import Page, page_number

VIEW_FIGURES = "reporting:figures:view"
TILES = ("TV.F02", "TV.G02", "TV.G03", "TV.E01", "TV.G09")
COMPARED = ("TV.F02", "TV.G02", "TV.G03", "TV.G04", "TV.E01", "TV.E03", "TV.C02", "TV.B02")
ROWS = 50
EXPORTED = 20_000
# Telling persons apart over a year of a whole province is no live figure.
SHORT_ONLY = ("TV.E04",)


@dataclass(frozen=True)
class Shown:
    """A line of the table of figures."""

    indicator: Indicator
    now: float | None
    year: float | None
    then: float | None
    opens: bool

    @property
    def change(self) -> float | None:
        """Per cent of a year ago."""
        if self.now is None or not self.then:
            return None
        return round(self.now / self.then * 100, 1)


@bp.get("/")
@door(VIEW_FIGURES)
def index() -> Any:
    """Lead to the figures."""
    return redirect(address_of("reporting.overview"))


@bp.get("/figures")
@door(VIEW_FIGURES)
def overview() -> Any:
    """Show the live figures of a unit: in the period, this year, a year ago."""
    with reading() as session:
        actor = current_actor()
        units = visible_units(session, actor, VIEW_FIGURES)
        unit = asked_unit(session, actor, units)
        first, last, period = asked_stretch()
        scope = scope_of(session, unit.id)
        shown = _table(session, scope, first, last)
        compared = _compared(session, scope, first, last) if len(scope.libraries) > 1 else None
        context = {
            "unit": unit,
            "choices": unit_choices(session, units),
            "name": unit_names(session).get(unit.id, unit.code),
            "first": first,
            "last": last,
            "period": period,
            "months": months_back(),
            "chapters": shown,
            "tiles": _tiles(shown),
            "compared": compared,
            "names": unit_names(session),
            "compared_codes": [indicator(code) for code in COMPARED],
        }
        if request.args.get("format") == "xlsx":
            return _overview_file(context)
        return render_template("reporting/overview.html", **context)


def _tiles(shown: dict[Any, list[Shown]]) -> list[Shown]:
    found = {row.indicator.code: row for rows in shown.values() for row in rows}
    return [found[code] for code in TILES if code in found]


def _table(session: Session, scope: Scope, first: date, last: date) -> dict[Any, list[Shown]]:
    computed = {g: [i for i in g.indicators if is_computed(i.code)] for g in groups()}
    all_of = [one for listed in computed.values() for one in listed]
    now = _totals(session, scope, all_of, first, last)
    lasting = [one for one in all_of if one.code not in SHORT_ONLY]
    flows = [one for one in lasting if one.kind != "stock"]
    year = _totals(session, scope, flows, date(last.year, 1, 1), last)
    begun = [begin for lib in scope.libraries if (begin := log_begins(session, lib))]
    ago = (a_year_before(first), a_year_before(last))
    then = _totals(session, scope, lasting, *ago) if begun and min(begun) <= ago[1] else {}
    found = {}
    for group, listed in computed.items():
        rows = [
            Shown(i, now.get(i.code), year.get(i.code), then.get(i.code), _opens(i)) for i in listed
        ]
        if rows:
            found[group] = rows
    return found


def _totals(
    session: Session, scope: Scope, listed: Iterable[Indicator], first: date, last: date
) -> dict[str, float | None]:
    measures = [Measure(one.code) for one in listed]
    table = figures(session, scope, measures, first, last)
    found: Figures = (
        table.total if len(scope.libraries) != 1 else table.libraries[scope.libraries[0]]
    )
    return {measure.code: value for measure, value in found.items()}


def _opens(one: Indicator) -> bool:
    return has_rows(one) or bool(one.total_of)


def _compared(
    session: Session, scope: Scope, first: date, last: date
) -> list[tuple[int, list[float | None]]]:
    measures = [Measure(code) for code in COMPARED]
    table = figures(session, scope, measures, first, last)
    return [(lib, [table.libraries[lib][m] for m in measures]) for lib in scope.libraries]


def _overview_file(context: dict[str, Any]) -> Response:
    rows: list[list[Any]] = []
    strong = set()
    for group, listed in context["chapters"].items():
        strong.add(len(rows))
        rows.append([group.letter, group.name(language()), *[""] * 5])
        rows += [
            [
                *(s.indicator.code, s.indicator.name(language()), s.indicator.unit),
                *(s.now, s.year, s.then, s.change),
            ]
            for s in listed
        ]
    headers = [
        _("Code"),
        _("Indicator"),
        _("Unit of count"),
        _("In the period"),
        _("Since 1 January"),
    ]
    headers += [_("Same period last year"), _("Against last year (%)")]
    days = f"{context['first']:%d/%m/%Y} – {context['last']:%d/%m/%Y}"
    sheet = Sheet(
        _("Live figures"),
        headers,
        rows,
        heading=[context["name"], days],
        wide=(1,),
        strong=frozenset(strong),
    )
    return download(xlsx([sheet]), f"so-lieu-{context['last']:%Y-%m}.xlsx", XLSX)


# --- behind a figure ------------------------------------------------------------------------


@bp.get("/figures/<code>")
@door(VIEW_FIGURES)
def figure(code: str) -> Any:
    """Show what a figure means, how it splits, how it went, and the rows that make it up."""
    one = indicator(code)
    if not is_computed(code):
        raise NotFound("indicator_unknown", indicator=code)
    with reading() as session:
        actor = current_actor()
        units = visible_units(session, actor, VIEW_FIGURES)
        unit = asked_unit(session, actor, units)
        first, last, period = asked_stretch()
        question = Question(scope_of(session, unit.id), one, first, last, _asked_part())
        if request.args.get("format") == "xlsx":
            return _rows_file(session, question)
        parts = summed_codes(session, one, unit.id) if one.total_of else []
        ratio = [one.ratio.over, one.ratio.under] if one.ratio else []
        return render_template(
            "reporting/figure.html",
            one=one,
            unit=unit,
            choices=unit_choices(session, units),
            name=unit_names(session).get(unit.id, unit.code),
            names=unit_names(session),
            first=first,
            last=last,
            period=period,
            months=months_back(),
            value=_value(session, question),
            parts=[indicator(each) for each in (*parts, *ratio) if each != "population"],
            history=_history(session, question, unit) if not question.where else [],
            splits=_splits(session, question),
            rows=_rows(session, question),
            part=question.where,
            kinds=KINDS,
            say_category=value_words(session, "category"),
        )


def _asked_part() -> tuple[Condition, ...]:
    band = request.args.get("age", "")
    return (Condition("age_band", (band,)),) if band in ("child", "adult") else ()


def _value(session: Session, question: Question) -> float | None:
    measure = Measure(question.indicator.code, question.where)
    table = figures(session, question.scope, [measure], question.first, question.last)
    libraries = question.scope.libraries
    return table.total[measure] if len(libraries) != 1 else table.libraries[libraries[0]][measure]


def _history(
    session: Session, question: Question, unit: OrgUnit
) -> list[tuple[Period, float | None]]:
    """Return the figure of the last thirteen months, for a look at how it goes."""
    if question.indicator.code in SHORT_ONLY:
        return []
    period = clock_named("calendar_month").containing(question.last)
    months = [period]
    while len(months) < 13:
        months.insert(0, months[0].previous)
    measure = Measure(question.indicator.code)
    found = []
    for month in months:
        table = figures(session, question.scope, [measure], month.first, month.last)
        libraries = question.scope.libraries
        one = len(libraries) == 1
        found.append(
            (month, table.libraries[libraries[0]][measure] if one else table.total[measure])
        )
    return found


def _splits(session: Session, question: Question) -> list[tuple[str, list[tuple[str, int]]]]:
    found = []
    for by in splits_of(question.indicator):
        say = value_words(session, by)
        heaps = [(say(value), count) for value, count in split(session, question, by)]
        if len(heaps) > 1 or (heaps and by not in ("branch", "day")):
            found.append((str(SPLITS[by]), heaps))
    return found


def _rows(session: Session, question: Question) -> Page | None:
    number = page_number(request.args.get("page"))
    offset = (number - 1) * ROWS
    if question.indicator.fold:
        count = count_lines(session, question)
        return Page(number, ROWS, count, lines(session, question, offset=offset, limit=ROWS))
    if has_rows(question.indicator):
        count, found = source_lines(session, question, offset=offset, limit=ROWS)
        return Page(number, ROWS, count, found)
    return None


def _rows_file(session: Session, question: Question) -> Response:
    """Return the rows behind a figure as a spreadsheet, up to a limit that is said."""
    names, one = unit_names(session), question.indicator
    if one.fold:
        headers = [
            _("Date"),
            _("What happened"),
            _("Branch"),
            _("Title"),
            _("Counts"),
            _("Age"),
            _("Sex"),
        ]
        headers += [_("Category of patron"), _("Subject class")]
        age, sex = value_words(session, "age"), value_words(session, "sex")
        category = value_words(session, "category")
        rows: Any = [
            [
                line.at,
                str(KINDS.get(line.kind, line.kind)),
                names.get(line.unit_id or 0, ""),
                line.what.words if line.what else "",
                line.counts,
                age(line.age_band) if line.age_band else "",
                sex(line.sex) if line.sex else "",
                category(line.category) if line.category else "",
                line.item_class,
            ]
            for line in lines(session, question, limit=EXPORTED)
        ]
    else:
        headers = [_("Date"), _("Branch"), _("What happened")]
        _count, found = source_lines(session, question, limit=EXPORTED)
        rows = [[row.day, names.get(row.unit_id, ""), row.words] for row in found]
    days = f"{question.first:%d/%m/%Y} – {question.last:%d/%m/%Y}"
    heading = [f"{one.code} {one.name(language())}", days]
    sheet = Sheet(one.code, headers, rows, heading=heading)
    return download(xlsx([sheet]), f"{one.code}-{question.last:%Y-%m-%d}.xlsx", XLSX)
