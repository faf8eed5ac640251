"""What becomes of a record that another description of the same title comes for.

*Replace*: the new description, but our own numbers (001, 003) and the local fields (09X, 59X, 69X,
9XX) that the new one lacks. *Merge*: ours as it is, and what it lacks: whole fields, and of fields
that repeat (numbers, notes, subjects, added entries, links) those that say something new.
"""

import re
from typing import Any, Final

from cataloging.marc.model import Marc, pairs
from ils.text.words import exact_words

OWN: Final = ("001", "003")
_LOCAL: Final = re.compile(r"9..|.9.")
_REPEATS: Final = re.compile(r"02[02478]|035|041|246|[4-8]..")
# Fields about copies make items; they are never joined.
_COPIES: Final = ("852", "952", "876", "877", "878")


def replaced(ours: Marc, new: Marc) -> Marc:
    """Return the new description with our numbers and the local fields it lacks."""
    tags = {tag for tag, _ in pairs(new)}
    own = [{tag: content} for tag, content in pairs(ours) if tag in OWN]
    own_tags = {tag for one in own for tag in one}
    rest = [{tag: content} for tag, content in pairs(new) if tag not in own_tags]
    local = [
        {tag: content} for tag, content in pairs(ours) if _LOCAL.fullmatch(tag) and tag not in tags
    ]
    return {"leader": new["leader"], "fields": [*own, *rest, *local]}


def merged(ours: Marc, new: Marc) -> Marc:
    """Return our description with what only the new one says, in the order of tags."""
    have = {tag for tag, _ in pairs(ours)}
    said = {(tag, _said(content)) for tag, content in pairs(ours)}
    added = [
        (tag, content)
        for tag, content in pairs(new)
        if tag not in _COPIES
        and (tag not in have or (_REPEATS.fullmatch(tag) and (tag, _said(content)) not in said))
        and not (tag in OWN and have & set(OWN))
    ]
    fields = [{tag: content} for tag, content in pairs(ours)]
    for tag, content in added:
        place = next((n for n in range(len(fields), 0, -1) if next(iter(fields[n - 1])) <= tag), 0)
        fields.insert(place, {tag: content})
    return {"leader": ours["leader"], "fields": fields}


def _said(content: Any) -> str:
    """Return what a field says, without regard to marks, case and punctuation."""
    if isinstance(content, str):
        return content
    values = [v for one in content["subfields"] for code, v in one.items() if code != "9"]
    return exact_words(" ".join(values))
