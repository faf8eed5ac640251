"""Days and amounts are read as people type them."""

from datetime import date

import pytest

from ils.web.forms import parse_day, parse_dong, parse_year

TODAY = date(2026, 6, 10)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("1/6", date(2026, 6, 1)),
        ("01/06/2025", date(2025, 6, 1)),
        ("1-6-25", date(2025, 6, 1)),
        ("010625", date(2025, 6, 1)),
        ("01062025", date(2025, 6, 1)),
        ("2025-06-01", date(2025, 6, 1)),
        ("31.12.85", date(1985, 12, 31)),
        ("h+14", date(2026, 6, 24)),
        ("H", TODAY),
    ],
)
def test_a_day_is_read_as_typed(typed: str, meant: date) -> None:
    assert parse_day(typed, TODAY) == meant


@pytest.mark.parametrize("typed", ["", "32/1", "31/02/2025", "mai", "1/13/2025", "99"])
def test_what_is_no_day_is_refused(typed: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        parse_day(typed, TODAY)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("25000", 25000),
        ("25.000", 25000),
        ("25k", 25000),
        ("25.000 đ", 25000),
        ("1,250,000", 1250000),
        ("0", 0),
    ],
)
def test_an_amount_is_read_as_typed(typed: str, meant: int) -> None:
    assert parse_dong(typed) == meant


@pytest.mark.parametrize("typed", ["", "-5", "2.5", "1.00", "năm nghìn", "12.34.5"])
def test_what_is_no_amount_is_refused(typed: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        parse_dong(typed)


def test_a_year_is_one_that_a_calendar_has() -> None:
    assert parse_year(" 2026 ") == 2026
    for typed in ("", "99999999999999999999", "-1", "0", "hai nghìn"):
        with pytest.raises(ValueError):  # noqa: PT011
            parse_year(typed)
