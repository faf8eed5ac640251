"""A rule on fields, its condition, and what is wrong with one as typed."""

import re
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Self

import regex

ACTS: Final = (
    "add_field",
    "delete_field",
    "add_subfield",
    "delete_subfield",
    "replace",
    "regex",
    "move",
    "copy",
    "indicators",
)
CONDITIONS: Final = ("present", "absent", "has", "matches")
# The number and source of a record, and when it was last changed, are not for a batch.
PROTECTED: Final = ("001", "003", "005")
_TAG: Final = re.compile(r"[0-9A-WY-Z][0-9A-Z]{2}")
_CODE: Final = re.compile(r"[0-9a-z]")
_INDICATOR: Final = re.compile(r"[0-9a-z #]")
_SUBFIELD: Final = re.compile(r"\$([0-9a-z])\s*([^$]*)")
LONGEST: Final = 2000


@dataclass(frozen=True)
class Condition:
    """When a rule holds: a field or subfield is present, absent, has a text, matches a pattern.

    An empty tag is no condition.
    """

    tag: str = ""
    code: str = ""
    how: str = "present"
    text: str = ""


@dataclass(frozen=True)
class Rule:
    """One change. ``tag`` may have ``X`` for any character (``65X``); an empty ``code`` means every
    subfield. ``find`` is what is looked for, ``put`` what comes there; ``ind1`` and ``ind2`` are
    empty where they stay, ``#`` is the blank."""

    act: str
    tag: str
    code: str = ""
    find: str = ""
    put: str = ""
    ind1: str = ""
    ind2: str = ""
    to_tag: str = ""
    to_code: str = ""
    when: Condition = field(default_factory=Condition)

    def as_data(self) -> dict[str, Any]:
        """Return the rule as it is stored."""
        return asdict(self)

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Self:
        """Return a rule from what was stored."""
        return cls(**{**data, "when": Condition(**data.get("when", {}))})


def typed_subfields(text: str) -> list[tuple[str, str]]:
    """Read ``$a Văn học $2 btkkhcn`` as subfields; text before the first ``$`` is ``$a``."""
    text = text.strip()
    if text and not text.startswith("$"):
        text = "$a " + text
    found = [(code, value.strip()) for code, value in _SUBFIELD.findall(text)]
    return [(code, value) for code, value in found if value]


def is_control(tag: str) -> bool:
    """Tell whether a tag is that of a control field."""
    return tag.startswith("00")


def faults(rule: Rule) -> list[tuple[str, str]]:
    """Return what is wrong with a rule: (box, code) in the order of the boxes."""
    found = []
    if rule.act not in ACTS:
        return [("act", "act_unknown")]
    if not _TAG.fullmatch(rule.tag.replace("X", "0")):
        found.append(("tag", "tag_bad"))
    elif rule.tag in PROTECTED or (rule.to_tag or "245") in PROTECTED:
        found.append(("tag", "tag_protected"))
    elif "X" in rule.tag and rule.act == "add_field":
        found.append(("tag", "tag_bad"))
    if rule.code and not _CODE.fullmatch(rule.code):
        found.append(("code", "code_bad"))
    needs_code = rule.act in ("add_subfield", "delete_subfield", "move", "copy")
    if needs_code and not rule.code:
        found.append(("code", "code_needed"))
    found += _texts(rule)
    if rule.act in ("move", "copy"):
        found += _goal(rule)
    if rule.act == "indicators" and not (rule.ind1 or rule.ind2):
        found.append(("ind1", "indicator_needed"))
    if any(one and not _INDICATOR.fullmatch(one) for one in (rule.ind1, rule.ind2)):
        found.append(("ind1", "indicator_bad"))
    return found + _of_condition(rule.when)


def _texts(rule: Rule) -> list[tuple[str, str]]:
    found = []
    if max(len(rule.find), len(rule.put), len(rule.when.text)) > LONGEST:
        found.append(("put", "text_too_long"))
    if rule.act in ("replace", "regex") and not rule.find:
        found.append(("find", "find_needed"))
    if rule.act == "add_subfield" and not rule.put.strip():
        found.append(("put", "put_needed"))
    if rule.act == "add_field":
        is_empty = not rule.put if is_control(rule.tag) else not typed_subfields(rule.put)
        if is_empty:
            found.append(("put", "put_needed"))
    if rule.act == "regex" and rule.find and not _works(rule.find, rule.put):
        found.append(("find", "pattern_bad"))
    return found


def _goal(rule: Rule) -> list[tuple[str, str]]:
    if is_control(rule.tag) or is_control(rule.to_tag):
        return [("tag", "no_subfields")]
    if rule.to_tag and not (_TAG.fullmatch(rule.to_tag) and "X" not in rule.to_tag):
        return [("to_tag", "tag_bad")]
    if not _CODE.fullmatch(rule.to_code):
        return [("to_code", "code_needed")]
    if rule.to_tag in ("", rule.tag) and rule.to_code == rule.code:
        return [("to_code", "goal_same")]
    return []


def _of_condition(when: Condition) -> list[tuple[str, str]]:
    if not when.tag:
        return []
    if not _TAG.fullmatch(when.tag.replace("X", "0")):
        return [("when_tag", "tag_bad")]
    if when.code and not _CODE.fullmatch(when.code):
        return [("when_code", "code_bad")]
    if when.how not in CONDITIONS:
        return [("when_how", "act_unknown")]
    if when.how in ("has", "matches") and not when.text:
        return [("when_text", "find_needed")]
    if when.how == "matches" and not _works(when.text, ""):
        return [("when_text", "pattern_bad")]
    return []


def _works(pattern: str, put: str) -> bool:
    """Tell whether a pattern can be read, and what is put refers only to groups it has."""
    try:
        compiled = regex.compile(pattern)
        named = [int(n) for n in re.findall(r"\\(\d+)", put)]
        if any(n > compiled.groups for n in named):
            return False
        compiled.sub(put, "", timeout=1)
    except (regex.error, IndexError, TimeoutError, KeyError):
        return False
    return True
