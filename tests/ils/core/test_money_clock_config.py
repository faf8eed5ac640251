"""Money, time and settings of the process."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from ils.core import clock
from ils.core.config import Config, load
from ils.core.errors import Invalid
from ils.core.money import dong, round_down


def test_money_is_written_with_points_and_the_sign_behind() -> None:
    assert [dong(n) for n in (0, 500, 25_000, 1_234_567)] == [
        "0 đ",
        "500 đ",
        "25.000 đ",
        "1.234.567 đ",
    ]


def test_money_is_rounded_down_to_the_smallest_note() -> None:
    assert round_down(12_700, 500) == 12_500
    assert round_down(12_700, 1) == 12_700


def test_the_day_turns_at_midnight_where_the_libraries_are() -> None:
    with clock.at(datetime(2026, 5, 29, 16, 59, tzinfo=UTC)):
        assert clock.today() == date(2026, 5, 29)
    with clock.at(datetime(2026, 5, 29, 17, 1, tzinfo=UTC)):
        assert clock.today() == date(2026, 5, 30)


def test_the_clock_refuses_a_time_without_zone() -> None:
    with pytest.raises(ValueError, match="aware"), clock.at(datetime(2026, 1, 1)):  # noqa: DTZ001
        pass


def test_an_unknown_setting_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="setting_unknown"):
        load({"SEN_COLOUR": "green"}, tmp_path)
    (tmp_path / "sen.toml").write_text('colour = "green"')
    with pytest.raises(Invalid, match="setting_unknown"):
        load({}, tmp_path)


def test_variables_are_stronger_than_the_file(tmp_path: Path) -> None:
    (tmp_path / "sen.toml").write_text("upload_limit_mb = 5\nlog_level = 'DEBUG'")
    found = load({"SEN_UPLOAD_LIMIT_MB": "7"}, tmp_path)
    assert (found.upload_limit_mb, found.log_level) == (7, "DEBUG")


def test_the_signing_key_is_made_once_and_kept(tmp_path: Path) -> None:
    first = load({}, tmp_path).secret_key
    assert len(first) > 40
    assert load({}, tmp_path).secret_key == first


def test_a_postgres_url_gets_its_driver() -> None:
    assert Config(database_url="postgresql://u@h/d").url == "postgresql+psycopg://u@h/d"
