"""What a batch does to one record. Pure: a record and rules in, a record out."""

from cataloging.batch.rules.applying import TooSlow, apply_rules
from cataloging.batch.rules.rule import ACTS, CONDITIONS, Condition, Rule, faults

__all__ = ["ACTS", "CONDITIONS", "Condition", "Rule", "TooSlow", "apply_rules", "faults"]
