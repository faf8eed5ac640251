"""Files of many systems, good and broken: what is read from each is what was agreed.

``shared.json`` holds for each file the records read, what was refused and what was repaired, the
counts of two other readers, and, where one of them counts more, the reason. Written anew by
``python -m tests.cataloging.marc.formats.test_shared``; a change of it is looked at, not waved through.
"""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from cataloging.marc import formats
from cataloging.marc.formats.opened import Opened
from tests.conftest import SHARED_MARC

EXPECTED_FILE = Path(__file__).with_name("shared.json")
EXPECTED: dict[str, Any] = json.loads(EXPECTED_FILE.read_text("utf-8"))


def read_file(path: Path) -> dict[str, Any]:
    """Read a file and count; its stretches must touch each other from its first byte to its last."""
    at = records = 0
    refused: Counter[str] = Counter()
    repaired: Counter[str] = Counter()
    for one in formats.read(path):
        assert one.byte_start == at
        at = one.byte_end
        records += one.marc is not None
        if one.problem is not None:
            refused[one.problem.code] += 1
        repaired.update({repair.code for repair in one.repairs})
    with Opened(path) as stream:
        size = sum(map(len, iter(lambda: stream.read(1 << 20), b"")))
    assert at == size
    guess = formats.recognize(path)
    return {
        "format": guess.format,
        "encoding": guess.encoding,
        "records": records,
        "refused": dict(sorted(refused.items())),
        "repaired": dict(sorted(repaired.items())),
    }


@pytest.mark.shared
@pytest.mark.parametrize("name", EXPECTED)
def test_a_file_is_read_as_agreed(name: str) -> None:
    agreed = {k: v for k, v in EXPECTED[name].items() if k not in ("others", "why")}
    assert read_file(SHARED_MARC / name) == agreed


@pytest.mark.shared
def test_no_file_is_left_out() -> None:
    assert {str(path.relative_to(SHARED_MARC)) for path in files()} == EXPECTED.keys()


@pytest.mark.parametrize("name", EXPECTED)
def test_no_other_reader_gets_more_without_a_reason(name: str) -> None:
    agreed = EXPECTED[name]
    if max(agreed.get("others", {"none": 0}).values()) > agreed["records"]:
        assert len(agreed["why"]) > 20


def files() -> list[Path]:
    """All files there are."""
    every = sorted(SHARED_MARC.rglob("*"))
    return [path for path in every if path.is_file() and path.name != "README.md"]


def write_expectations() -> None:
    """Write what is read now; what others read and the reasons stay."""
    new = {}
    for path in files():
        name = str(path.relative_to(SHARED_MARC))
        old = EXPECTED.get(name, {})
        new[name] = read_file(path) | {k: old[k] for k in ("others", "why") if k in old}
    text = ",\n".join(
        f" {json.dumps(k)}: {json.dumps(v, ensure_ascii=False)}" for k, v in new.items()
    )
    EXPECTED_FILE.write_text(f"{{\n{text}\n}}\n", "utf-8")


if __name__ == "__main__":
    write_expectations()
