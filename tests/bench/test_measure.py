"""What the benches share: percentiles, the table and the JSON, the folder that goes."""

import json

import pytest

from bench.measure import Results, conditions, memory_mb, number, percentile, scratch


def test_percentiles_are_values_that_were_measured() -> None:
    values = [float(n) for n in range(1, 101)]
    assert [percentile(values, share) for share in (50, 95, 99, 100)] == [50, 95, 99, 100]
    assert percentile([7.0], 95) == 7.0
    assert percentile([], 95) is None


def test_numbers_are_written_with_the_digits_they_deserve() -> None:
    assert [number(v) for v in (1_234_567, 1234.56, 12.345, 1.234, None)] == [
        "1,234,567",
        "1,235",
        "12.3",
        "1.23",
        "–",
    ]


def _results() -> Results:
    results = Results("sample", {"records": 2000})
    results.add("size_mb", "index", 12.5, "MB", at_most=10)
    results.add("rate", "made", 1600, "records/s", at_least=1500)
    results.times("mix", "whole mix", [0.001 * n for n in range(1, 101)], p95_at_most=95)
    return results


def test_the_table_has_units_budgets_and_conditions() -> None:
    table = _results().to_table()
    index, made, mix = (
        next(line for line in table.splitlines() if line.startswith(word))
        for word in ("index", "made", "whole mix")
    )
    assert index.split() == ["index", "12.5", "MB", "≤", "10", "MISSED"]
    assert made.split() == ["made", "1,600", "records/s", "≥", "1,500", "met"]
    assert mix.endswith("≤ 95        met")
    assert all(f"{name}: " in table for name in conditions())


def test_the_json_is_one_object_with_the_same_figures() -> None:
    found = json.loads(_results().to_json())
    assert found["bench"] == "sample"
    assert found["sizes"] == {"records": 2000}
    assert found["figures"]["size_mb"] == 12.5
    assert found["figures"]["mix_count"] == 100
    assert found["figures"]["mix_p99_ms"] == pytest.approx(99)
    assert found["met"] == {"size_mb": False, "rate": True, "mix_p95_ms": True}
    assert "SQLite" in found["conditions"]["versions"]


def test_the_scratch_folder_goes_even_after_an_error() -> None:
    seen = []

    def fail() -> None:
        with scratch("test") as folder:
            (folder / "file").write_text("x")
            seen.append(folder)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert not seen[0].exists()


def test_memory_is_told_in_megabytes() -> None:
    assert 10 < (memory_mb() or 0) < 4000
    assert memory_mb(0) is None
