"""How two states of a record differ, line by line as its text is edited."""

from dataclasses import dataclass
from difflib import SequenceMatcher

from cataloging.marc.model import Marc
from cataloging.marc.text import write

SAME, GONE, NEW = "same", "gone", "new"


@dataclass(frozen=True)
class Line:
    """A line of either state: in both, only in the old one, or only in the new one."""

    kind: str
    text: str


def differences(old: Marc, new: Marc) -> list[Line]:
    """Return all lines of both states in order; equal lines come once."""
    before, after = write(old).split("\n"), write(new).split("\n")
    lines: list[Line] = []
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for act, a1, a2, b1, b2 in matcher.get_opcodes():
        if act == "equal":
            lines += [Line(SAME, text) for text in before[a1:a2]]
        else:
            lines += [Line(GONE, text) for text in before[a1:a2]]
            lines += [Line(NEW, text) for text in after[b1:b2]]
    return lines
