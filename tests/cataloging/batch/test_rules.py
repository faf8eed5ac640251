"""What rules do to one record."""

from typing import Any

import pytest

from cataloging.batch.rules import Condition, Rule, TooSlow, apply_rules, faults
from cataloging.marc.model import Marc, data_field

RECORD: Marc = {
    "leader": "00000nam a2200000 a 4500",
    "fields": [
        {"001": "sen1"},
        data_field("245", "1", "0", ("a", "Tắt đèn :"), ("c", "Ngô Tất Tố")),
        data_field("650", " ", "4", ("a", "Văn học"), ("2", "btkkhcn")),
        data_field("650", " ", "4", ("a", "Tiểu thuyết")),
    ],
}


def made(*rules: Rule) -> list[str]:
    """Return the fields after some rules, each in one line."""
    out = []
    for one in apply_rules(RECORD, rules)["fields"]:
        for tag, content in one.items():
            if isinstance(content, str):
                out.append(f"{tag} {content}")
                continue
            subs = "".join(f"${c}{v}" for sub in content["subfields"] for c, v in sub.items())
            marks = (content["ind1"] + content["ind2"]).replace(" ", "#")
            out.append(f"{tag} {marks}{subs}")
    return out


FIRST = "650 #4$aVăn học$2btkkhcn"


@pytest.mark.parametrize(
    ("rule", "there", "not_there"),
    [
        (Rule("replace", "650", "a", "Văn", "Vân"), "650 #4$aVân học$2btkkhcn", FIRST),
        (
            Rule("regex", "245", "a", r"^(\S+) (\S+) :$", r"\2 \1"),
            "245 10$ađèn Tắt$cNgô Tất Tố",
            "",
        ),
        (Rule("add_field", "500", put="Sách tặng"), "500 ##$aSách tặng", ""),
        (Rule("add_field", "655", put="$a Thơ $2 x", ind2="7"), "655 #7$aThơ$2x", ""),
        (Rule("delete_field", "650", "a", "Tiểu"), FIRST, "650 #4$aTiểu thuyết"),
        (Rule("delete_subfield", "650", "2"), "650 #4$aVăn học", FIRST),
        (Rule("add_subfield", "65X", "9", put="1"), "650 #4$aTiểu thuyết$91", ""),
        (Rule("move", "245", "c", to_tag="500", to_code="a"), "500 ##$aNgô Tất Tố", ""),
        (Rule("move", "650", "2", to_code="9"), "650 #4$aVăn học$9btkkhcn", FIRST),
        (Rule("copy", "650", "2", to_tag="245", to_code="h"), FIRST, ""),
        (
            Rule("indicators", "650", ind2="7", when=Condition("650", "2")),
            "650 #7$aVăn học$2btkkhcn",
            FIRST,
        ),
        (
            Rule("delete_field", "650", when=Condition("650", "2", "absent")),
            FIRST,
            "650 #4$aTiểu thuyết",
        ),
    ],
)
def test_a_rule_changes_what_it_names_and_nothing_else(
    rule: Rule, there: str, not_there: str
) -> None:
    assert faults(rule) == []
    lines = made(rule)
    assert there in lines
    assert not_there not in lines
    assert lines[0] == "001 sen1"


def test_rules_go_in_order_and_a_condition_speaks_of_the_record_as_it_is_then() -> None:
    add = Rule("add_field", "500", put="$a Một")
    if_there = Rule("replace", "245", "a", "Tắt", "TẮT", when=Condition("500", "a", "has", "Một"))
    assert "245 10$aTẮT đèn :$cNgô Tất Tố" in made(add, if_there)
    assert "245 10$aTắt đèn :$cNgô Tất Tố" in made(if_there, add)
    assert apply_rules(RECORD, [if_there]) is RECORD


def test_a_rule_done_twice_adds_nothing_twice() -> None:
    rules = [
        Rule("add_field", "500", put="$a Một"),
        Rule("add_subfield", "500", "b", put="Hai", when=Condition("500", "b", "absent")),
    ]
    once = apply_rules(RECORD, rules)
    assert apply_rules(once, rules[1:]) is once


def test_a_pattern_that_never_ends_is_stopped() -> None:
    long: Marc = {"leader": "", "fields": [data_field("500", " ", " ", ("a", "a" * 60 + "!"))]}
    with pytest.raises(TooSlow):
        apply_rules(long, [Rule("regex", "500", "a", r"(a|aa|a?)+$", "")])


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        (Rule("", "245"), ("act", "act_unknown")),
        (Rule("replace", "24", find="x"), ("tag", "tag_bad")),
        (Rule("delete_field", "001"), ("tag", "tag_protected")),
        (Rule("regex", "245", find="("), ("find", "pattern_bad")),
        (Rule("regex", "245", find="a", put=r"\1"), ("find", "pattern_bad")),
        (Rule("move", "245", "a", to_code="a"), ("to_code", "goal_same")),
        (Rule("indicators", "245"), ("ind1", "indicator_needed")),
        (Rule("add_field", "500"), ("put", "put_needed")),
    ],
)
def test_a_rule_with_a_fault_says_where(rule: Any, fault: tuple[str, str]) -> None:
    assert fault in faults(rule)
