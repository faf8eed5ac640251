"""What rules make of records, and whether it may be saved."""

from collections.abc import Sequence
from dataclasses import dataclass

from cataloging.batch.rules import Rule, TooSlow, apply_rules
from cataloging.marc.model import Marc
from cataloging.marc.validate import ERROR, Finding, validate


@dataclass(frozen=True)
class Look:
    """What would become of a record: ``outcome`` same, will, invalid or slow."""

    outcome: str
    marc: Marc
    errors: tuple[Finding, ...] = ()


def look_at(marc: Marc, rules: Sequence[Rule]) -> Look:
    """Apply rules to a record and judge it: an error it did not have before makes it invalid."""
    try:
        new = apply_rules(marc, rules)
    except TooSlow:
        return Look("slow", marc)
    if new is marc:
        return Look("same", marc)
    errors = tuple(one for one in validate(new, marc) if one.level == ERROR)
    return Look("invalid" if errors else "will", new, errors)
