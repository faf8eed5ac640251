"""Our rules beside those of MARC::Lint, on every record of other systems.

``lint.json`` holds how often both find the same, and what only one of them finds; what that means
is told in ``docs/marc-validation.md``. Written anew by ``python -m tests.cataloging.marc.test_lint``;
a change of it is looked at, and the page with it.
"""

import json
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from cataloging.marc import formats
from cataloging.marc.model import Marc, data_field, pairs
from cataloging.marc.validate import validate
from tests.cataloging.marc.formats.test_shared import files
from tests.cataloging.test_export import find

AGREED_FILE: Final = Path(__file__).with_name("lint.json")
PROGRAM: Final = Path(__file__).with_name("lint.pl")

Said = tuple[str, ...]  # rule, tag, subfield or indicator

# What MARC::Lint says, and the rule of ours that means the same.
LINT: Final = (
    ("missing_field", r"(245): No 245 tag"),
    ("two_main_entries", r"1XX: Only one"),
    ("field_repeated", r"(\w{3}): Field is not repeatable"),
    ("indicator", r"(\w{3}): Indicator (\d) must be"),
    ("unknown_subfield", r"(\w{3}): Subfield _(.) is not allowed"),
    ("subfield_repeated", r"(\w{3}): Subfield _(.) is not repeatable"),
    ("missing_title", r"(245): Must have a subfield _a"),
    ("isbn", r"(020): Subfield a (?:has|may have)"),
    ("language", r"(041): Subfield _."),
    ("geographic area", r"(043): Subfield _."),
    ("nonfiling characters", r"(245): (?:First word|Non-filing)"),
    ("punctuation of the title", r"(245): "),
    ("linkage", r"(880): No subfield 6"),
    ("cannot be made", r"(\w+|.{3}): cannot be made"),
    ("punctuation of the ISBN", r"(020): Subfield a qualifier"),
)
OURS: Final = {
    "indicator1": "indicator",
    "indicator2": "indicator",
    "bad_isbn": "isbn",
    "bad_issn": "issn",
}
CONTROL: Final = re.compile(r"[\x00-\x1f\x85\u2028\u2029]")


def said_by_lint(line: str) -> Said:
    """Return the rule that a line of MARC::Lint means."""
    for rule, pattern in LINT:
        if found := re.match(pattern, line):
            return (rule, *(() if rule == "two_main_entries" else filter(None, found.groups())))
    return ("other", line)


def said_by_us(marc: Marc) -> set[Said]:
    """Return what our validator finds, in the terms of ``LINT``; 880 as the field it stands for."""
    said: set[Said] = set()
    for one in validate(marc):
        rule, tag = OURS.get(one.rule, one.rule), one.tag
        if tag == "880" and one.index >= 0:
            content: Any = marc["fields"][one.index]["880"]
            linked = next((s["6"] for s in content["subfields"] if "6" in s), "")
            tag = linked[:3] or tag
        if rule == "indicator":
            said.add((rule, tag, one.rule[-1]))
        elif rule in ("unknown_subfield", "subfield_repeated"):
            said.add((rule, tag, one.subfield))
        elif rule == "two_main_entries":
            said.add((rule,))
        elif rule.endswith("_language"):
            said.add(("language" if tag == "041" else "coded data", tag))
        elif rule == "bad_code" or rule.endswith(("_country", "_year", "_date", "_minutes")):
            said.add(("coded data", tag))
        else:
            said.add((rule, tag))
    return said


def lines_of(marc: Marc) -> Iterator[str]:
    """Write a record as ``lint.pl`` reads it."""
    yield "\t".join(("R", CONTROL.sub(" ", marc["leader"])))
    for tag, content in pairs(marc):
        if isinstance(content, str):
            yield "\t".join(("F", tag, CONTROL.sub(" ", content)))
        else:
            parts = [part for sub in content["subfields"] for pair in sub.items() for part in pair]
            marks = (content["ind1"], content["ind2"])
            yield "\t".join(("F", tag, *(CONTROL.sub(" ", part) for part in (*marks, *parts))))
    yield "E"


def lint(lines: Iterable[str]) -> dict[int, set[Said]]:
    """Return what MARC::Lint finds in records, by their number from 1 on."""
    done = subprocess.run(
        ["perl", str(PROGRAM)],
        input="\n".join(lines) + "\n",
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=True,
    )
    found: dict[int, set[Said]] = defaultdict(set)
    for line in done.stdout.splitlines():
        number, _, text = line.partition("\t")
        found[int(number)].add(said_by_lint(text))
    return found


def compared() -> dict[str, dict[str, int]]:
    """Return for each rule how many findings both have, and how many only one of them."""
    lines: list[str] = []
    ours: dict[int, set[Said]] = {}
    for path in files():
        for one in formats.read(path):
            if one.marc is not None:
                lines += lines_of(one.marc)
                ours[len(ours) + 1] = said_by_us(one.marc)
    theirs = lint(lines)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for number, own in ours.items():
        for who, said in (
            ("both", own & theirs[number]),
            ("only ours", own - theirs[number]),
            ("only MARC::Lint", theirs[number] - own),
        ):
            for rule, *_ in said:
                counts[rule][who] += 1
    told = {rule: dict(sorted(some.items())) for rule, some in sorted(counts.items())}
    return {"records": {"read": len(ours)}, **told}


needs_lint = pytest.mark.skipif(not find("MARC/Lint.pm"), reason="MARC::Lint is not installed")


@needs_lint
def test_what_both_say_of_a_record_is_known_as_the_same() -> None:
    odd: Marc = {
        "leader": "00000nam a2200000 a 4500",
        "fields": [
            {"008": "250101s2020    vm a   j      000 1 vie d"},
            data_field("020", " ", " ", ("a", "9780306406150")),
            data_field("245", "7", "0", ("a", "Số đỏ /"), ("a", "x"), ("m", "Vũ Trọng Phụng.")),
        ],
    }
    assert (
        lint(lines_of(odd))[1]
        == said_by_us(odd)
        == {
            ("isbn", "020"),
            ("indicator", "245", "1"),
            ("subfield_repeated", "245", "a"),
            ("unknown_subfield", "245", "m"),
        }
    )


@needs_lint
@pytest.mark.shared
@pytest.mark.slow
def test_where_the_two_differ_is_what_the_page_tells() -> None:
    assert compared() == json.loads(AGREED_FILE.read_text("utf-8"))


if __name__ == "__main__":
    AGREED_FILE.write_text(json.dumps(compared(), indent=1) + "\n", "utf-8")
    sys.stdout.write(AGREED_FILE.read_text("utf-8"))
