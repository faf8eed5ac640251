"""Each corner case, vector and scenario of the lending rule book is a test that carries its number.

``case_N`` and ``sNN`` stand in the names of tests (or among their parameters), ``3.14/N`` in their
text. What is not offered is named here with the reason, and in docs/circulation.md.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
CASES = {f"case {n}" for n in range(1, 41)}
VECTORS = {f"3.14/{n}" for n in range(1, 32)}
SCENARIOS = {f"s{n:02}" for n in range(1, 21)}
NOT_OFFERED: dict[str, str] = {}


def carried() -> set[str]:
    """Return the numbers that tests carry."""
    found = set()
    for file in TESTS.rglob("test_*.py"):
        text = file.read_text("utf-8")
        for name, source in _tests(text):
            head = name + " ".join(re.findall(r"\"(S\d\d)\"", source)).lower()
            found |= {f"case {int(n)}" for n in re.findall(r"case_(\d+)(?=_|\b)", name)}
            found |= set(re.findall(r"(?<![a-z0-9])s\d\d(?!\d)", head))
            found |= set(re.findall(r"3\.14/\d+(?!\d)", source))
    return found


def _tests(text: str) -> Iterator[tuple[str, str]]:
    """Yield the tests of a file with all that is written about them, decorators included."""
    lines = text.splitlines()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
            yield node.name, "\n".join(lines[first - 1 : node.end_lineno])


def test_no_number_of_the_rule_book_is_left_out() -> None:
    missing = (CASES | VECTORS | SCENARIOS) - carried() - NOT_OFFERED.keys()
    assert not missing, sorted(missing)


def test_what_is_tested_is_not_called_missing() -> None:
    assert not carried() & NOT_OFFERED.keys()
