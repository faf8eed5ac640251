"""Corporate bodies entered as persons: what names them, and the field they belong in. Pure."""

import re
import tomllib
from pathlib import Path
from typing import Any, Final

from cataloging.marc.model import Marc, pairs

_WORDS: Final[dict[str, list[str]]] = tomllib.loads(
    Path(__file__).with_name("bodies.toml").read_text("utf-8")
)
_BEGINS: Final = re.compile("|".join(_WORDS["begins"]), re.IGNORECASE)
_ENDS: Final = re.compile(rf"\b(?:{'|'.join(_WORDS['ends'])})\b\.?$")
_BODY_FIELD: Final = {"100": "110", "700": "710"}


def is_body(name: str) -> bool:
    """Tell whether a name of a person surely is that of a corporate body."""
    bare = name.strip(" ,.[]")
    if ";" in bare:
        return False
    if bare[:1].islower():
        return False
    ends = bare.count(",") < 2 and " " in bare and _ENDS.search(bare)
    return bool(ends or _BEGINS.match(bare))


def as_body(marc: Marc) -> None:
    """Put bodies that stand as persons into the fields of bodies (110, 710), in direct order."""
    for at, (tag, content) in enumerate(list(pairs(marc))):
        if tag not in _BODY_FIELD or isinstance(content, str):
            continue
        names: list[Any] = [v for sub in content["subfields"] for c, v in sub.items() if c == "a"]
        if len(names) == 1 and is_body(names[0]):
            subs = [
                {c: v.strip(" []") if c == "a" else v}
                for sub in content["subfields"]
                for c, v in sub.items()
            ]
            marc["fields"][at] = {
                _BODY_FIELD[tag]: {**content, "ind1": "2", "ind2": " ", "subfields": subs}
            }
