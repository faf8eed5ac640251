"""What a field is for and what is written into it, as sentences of our own with an example.

Kept apart from the names in `standard.py`: they are read only where somebody asks for help.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cataloging.marc.standard import Name

_FILE = Path(__file__).with_name("standard") / "field_help.toml"


@dataclass(frozen=True, slots=True)
class FieldHelp:
    """``said`` is one or two sentences; ``example`` indicators and subfields, or ''."""

    said: Name = ("", "")
    example: str = ""


def help_of(tag: str, *, authority: bool = False) -> FieldHelp:
    """Return the help of a field (``LDR`` for the leader); an empty one for a tag not known."""
    return _helps()["authority" if authority else "bibliographic"].get(tag, FieldHelp())


@cache
def _helps() -> dict[str, dict[str, FieldHelp]]:
    data = tomllib.loads(_FILE.read_text("utf-8"))
    return {
        which: {
            tag: FieldHelp((english, vietnamese), "".join(example))
            for tag, (english, vietnamese, *example) in fields.items()
        }
        for which, fields in data.items()
    }
