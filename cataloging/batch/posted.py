"""Rules as they are sent by the page: several sets of the same boxes, one rule each."""

import unicodedata
from collections.abc import Sequence
from typing import Any, Final

from cataloging.batch.rules import Condition, Rule, faults

BOXES: Final = (
    *("act", "tag", "code", "find", "put", "ind1", "ind2", "to_tag", "to_code"),
    *("when_tag", "when_code", "when_how", "when_text"),
)


def posted_rules(form: Any) -> list[Rule]:
    """Read the rules of a form; a set of boxes without an act or a field is none."""
    columns = [form.getlist(name) for name in BOXES]
    rules = []
    for values in zip(*columns, strict=False):
        rule = _rule(dict(zip(BOXES, values, strict=True)))
        if rule.act and (rule.tag or rule.find or rule.put):
            rules.append(rule)
    return rules


def _rule(sent: dict[str, str]) -> Rule:
    text = {name: unicodedata.normalize("NFC", value) for name, value in sent.items()}
    short = {name: text[name].strip() for name in BOXES if name not in ("find", "put", "when_text")}
    code = {name: short[name].lower().lstrip("$") for name in ("code", "to_code", "when_code")}
    return Rule(
        act=short["act"],
        tag=short["tag"].upper(),
        code=code["code"],
        find=text["find"],
        put=text["put"],
        ind1=short["ind1"],
        ind2=short["ind2"],
        to_tag=short["to_tag"].upper(),
        to_code=code["to_code"],
        when=Condition(
            short["when_tag"].upper(), code["when_code"], short["when_how"], text["when_text"]
        ),
    )


def faults_of(rules: Sequence[Rule]) -> list[tuple[int, str, str]]:
    """Return what is wrong: number of the rule from 1, its box, a code."""
    return [(n, *one) for n, rule in enumerate(rules, 1) for one in faults(rule)]
