"""What the desk's browser decides without the server is what the server would have decided."""

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from cataloging.models import ItemType
from circulation.offline.snapshot import DAYS, calendar_days
from circulation.patrons.models import PatronCategory
from circulation.policies import branch
from circulation.rules.due_date import due_date
from circulation.rules.policy import Policy
from circulation.sample.province import found_province, furnish, set_rules
from ils.core import clock
from ils.core.db import transaction
from ils.org.calendar import Calendar
from ils.text.typing_keys import barcode_readings, telex

pytestmark = pytest.mark.browser

STATIC = Path(__file__).parents[2] / "circulation/offline/static"
YEAR = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]  # Tết: 16 to 20 February
TET = date(2026, 2, 17)


@dataclass(frozen=True)
class Terms:
    """What of a policy decides a due date."""

    loan_days: int
    loan_count: str
    fixed_due: date | None
    ceiling: date | None
    within_card: bool

    def policy(self) -> Policy:
        return Policy(**vars(self))


# What the sample's rules do not have: open days, a day fixed on a Sunday, ceilings within Tết.
MORE = [
    Terms(10, "open", None, None, True),
    Terms(0, "open", None, None, True),
    Terms(250, "open", None, None, False),
    Terms(14, "calendar", date(2026, 5, 31), None, True),
    Terms(14, "calendar", None, TET, True),
    Terms(0, "calendar", None, TET, True),
    Terms(21, "open", date(2026, 8, 30), date(2026, 9, 2), False),
]


@pytest.fixture(scope="module")
def script(browser: Any) -> Iterator[Any]:
    """A page that has the desk's scripts and nothing else: ``script(name, words, argument)``."""
    context = browser.new_context()
    page = context.new_page()

    def run(name: str, words: str, argument: Any) -> Any:
        source = b64encode((STATIC / name).read_bytes()).decode()
        where = f"data:text/javascript;base64,{source}"
        return page.evaluate(
            f"async (given) => {{ const it = await import('{where}'); {words} }}", argument
        )

    yield run
    context.close()


def in_browser(script: Any, days: str, cases: list[tuple[Terms, int, date | None]]) -> list[str]:
    """Return the due days the browser finds; a case is terms, the start as a day of the year,
    and the end of the card. The copy is of the day of the loan."""
    rows = [
        [[t.loan_days, t.loan_count, t.fixed_due, t.ceiling, t.within_card], start, card]
        for t, start, card in cases
    ]
    plain = [
        [
            [one.isoformat() if isinstance(one, date) else one for one in terms],
            start,
            card.isoformat() if card else None,
        ]
        for terms, start, card in rows
    ]
    found: list[str] = script(
        "decide.js",
        """return given.rows.map(([[days, count, fixed, ceiling, withinCard], start, card]) => {
             const first = new Date(Date.parse(given.first) + start * 86400000).toISOString().slice(0, 10);
             const copy = { first, days: given.days.slice(start, start + given.length) };
             return it.due(copy, { days, count, fixed, ceiling, withinCard }, card, first);
           });""",
        {"rows": plain, "days": days, "first": YEAR[0].isoformat(), "length": DAYS},
    )
    return found


def compare(script: Any, calendar: Calendar, terms: set[Terms]) -> int:
    """Compare every day of the year, without a card's end and with one that cuts the loan."""
    cases = [
        (one, n, card)
        for one in sorted(terms, key=repr)
        for n, day in enumerate(YEAR)
        for card in (None, day + timedelta(days=(n % 12)))
    ]
    days = calendar_days(calendar, YEAR[0], len(YEAR) + DAYS)
    theirs = in_browser(script, days, cases)
    for (one, n, card), found in zip(cases, theirs, strict=True):
        ours = due_date(YEAR[n], one.policy(), calendar, card).on
        assert found == ours.isoformat(), (YEAR[n], astuple(one), card)
    return len(cases)


def test_a_due_day_is_the_server_s_on_every_day_of_a_year_by_every_rule_of_the_sample(
    script: Any, sqlite_db: Engine
) -> None:
    with clock.at(clock.at_local(YEAR[0], 9)), transaction() as session:
        units = found_province(session)
        furnish(session, units)
        set_rules(session, units)
        session.flush()
        types = session.scalars(select(ItemType.code)).all()
        kinds = session.scalars(select(PatronCategory.code)).all()
        assert len(types) > 1
        assert len(kinds) > 1
        wanted: dict[str, tuple[Calendar, set[Terms]]] = {}
        for unit in units.values():
            if unit.kind == "province":
                continue
            here = branch(session, unit.id)
            found = {
                Terms(*(getattr(policy, name) for name in Terms.__dataclass_fields__))
                for policy in (here.policy(t, k).policy for t in types for k in kinds)
            }
            days = calendar_days(here.calendar, YEAR[0], len(YEAR) + DAYS)
            _, terms = wanted.setdefault(days, (here.calendar, set()))
            terms |= found
        assert not any(calendar.is_open(TET) for calendar, _terms in wanted.values())
        compared = sum(compare(script, *one) for one in wanted.values())
    assert compared > 2 * len(YEAR) * len(wanted)


def test_a_due_day_is_the_server_s_by_rules_and_calendars_that_are_odd(script: Any) -> None:
    tet = [date(2026, 2, 14) + timedelta(days=n) for n in range(9)]
    for calendar in (
        Calendar(weekly_closed=(0,), closed=tet),
        Calendar(weekly_closed=(5, 6), closed=tet, opened=[date(2026, 2, 15)]),
        Calendar(weekly_closed=range(7)),
        Calendar(weekly_closed=range(7), opened=[date(2026, 3, 2), date(2026, 5, 1)]),
    ):
        compare(script, calendar, set(MORE))


def test_a_spoiled_scan_is_read_as_the_server_reads_it(script: Any) -> None:
    came = [
        "VN00012",
        "Đ001",
        "đ001",
        "VN.ĐD12",
        "Á12",
        "BẢ07",
        "ƯƠ1",
        "Ư9",
        "TÂ-0001",
        "NẬ",
        "ÀÁ1",
    ]
    came += ["VNàààé&", "&é\"'(", "ĂÂÊÔ", "VN!@#", "TH_12", "mroo,", "", "  vn 12 ", "TƯỜNG-5"]
    came += [telex(keys) or keys for keys in ("dda", "tieesng", "uwowc", "nguyeenx", "as", "hoaf")]
    theirs = script("readings.js", "return given.map(it.readings);", came)
    assert theirs == [list(barcode_readings(one)) for one in came]


def test_names_titles_and_numbers_are_found_however_they_are_written(script: Any) -> None:
    copy = {
        "cards": {"VN-1": [1, True], "VN-0": [1, False], "VN-2": [2, True]},
        "patrons": {
            "1": ["Nguyễn Thị Lan", ["adult", "Người lớn"], "2027-01-01", [1, {}, 0], [], "345678"],
            "2": ["Đặng Lan Anh", ["adult", "Người lớn"], "2027-01-01", [0, {}, 0], [], ""],
        },
        "items": {
            "B1": [
                11,
                "Đất rừng phương Nam",
                "book",
                "loan",
                1,
                [],
                None,
                "2026-06-01",
                None,
                "895",
                "VN.00012",
                "",
            ],
            "B2": [
                12,
                "Đất rừng phương Nam",
                "book",
                "loan",
                None,
                [],
                None,
                None,
                None,
                "895",
                "VN.00013",
                "",
            ],
        },
    }
    words = [
        "lan",
        "dang anh",
        "Đặng",
        "thị nguyễn",
        "0912345678",
        "5678",
        "dat rung",
        "rừng nam",
        "xyz",
        "567",
    ]
    found = script(
        "find.js",
        "return given.words.map((one) => { const { readers, copies } = it.find(given.copy, one, 20); return [readers, copies]; });",
        {"copy": copy, "words": words},
    )
    assert found == [
        *([[1, 2], []], [[2], []], [[2], []], [[1], []], [[1], []], [[1], []]),
        *([[], ["B2", "B1"]], [[], ["B2", "B1"]], [[], []], [[], []]),
    ]
    numbers = ["vn 12", "VN.0013", "VN14", "12"]
    found = script(
        "find.js",
        "return given.numbers.map((one) => it.byNumber(given.copy, one));",
        {"copy": copy, "numbers": numbers},
    )
    assert found == ["B1", "B2", None, None]
