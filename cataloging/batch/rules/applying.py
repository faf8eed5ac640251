"""Applying rules, one after another, to a record."""

import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Final

import regex

from cataloging.batch.rules.rule import Condition, Rule, is_control, typed_subfields
from cataloging.marc.model import Marc

# Seconds a pattern may work on one text: a bad one would never end. The clock also runs while the
# machine does other things, so a pattern that was too slow gets a second go.
LONGEST: Final = 0.2
GOES: Final = 2

Pair = tuple[str, Any]  # tag, content
Change = Callable[[str], str]


class TooSlow(Exception):
    """A pattern took too long on this record."""


def apply_rules(marc: Marc, rules: Sequence[Rule]) -> Marc:
    """Return the record as the rules make it, the same object when they change nothing.

    Each rule sees what the one before it made. Raises ``TooSlow``.
    """
    before = [pair for one in marc["fields"] for pair in one.items()]
    now = before
    for rule in rules:
        if _judges_each(rule) or _holds(rule.when, now):
            now = _WAYS[rule.act](rule, now)
    if now == before:
        return marc
    return {"leader": marc["leader"], "fields": [{tag: content} for tag, content in now]}


def _fits(tag: str, wanted: str) -> bool:
    if "X" not in wanted:
        return tag == wanted
    return all(b in ("X", a) for a, b in zip(tag, wanted, strict=False))


def _texts(content: Any, code: str) -> list[str]:
    if isinstance(content, str):
        return [] if code else [content]
    return [v for one in content["subfields"] for c, v in one.items() if not code or c == code]


def _holds(when: Condition, pairs: Sequence[Pair]) -> bool:
    if not when.tag:
        return True
    found = [c for tag, c in pairs if _fits(tag, when.tag)]
    if when.how == "absent":
        return not any(_field_has(c, when) for c in found)
    return any(_field_has(c, when) for c in found)


def _field_has(content: Any, when: Condition) -> bool:
    """Tell whether one field has what a condition speaks of; for ``absent`` the subfield."""
    if when.how in ("present", "absent"):
        return not when.code or bool(_texts(content, when.code))
    texts = _texts(content, when.code)
    if when.how == "has":
        return any(when.text in text for text in texts)
    return any(_search(when.text, text) for text in texts)


def _judges_each(rule: Rule) -> bool:
    """Tell whether the condition is judged of each field the rule changes by itself."""
    is_of_record = rule.when.how == "absent" and not rule.when.code
    return rule.when.tag == rule.tag and rule.act != "add_field" and not is_of_record


def _concerns(rule: Rule, pair: Pair) -> bool:
    """Tell whether a field is one the rule changes; a condition on the same field, or on a part
    of it, is judged of each such field by itself."""
    tag, content = pair
    if not _fits(tag, rule.tag):
        return False
    if not _judges_each(rule):
        return True
    has = _field_has(content, rule.when)
    return not has if rule.when.how == "absent" else has


@lru_cache(maxsize=256)
def _pattern(text: str) -> Any:
    return regex.compile(text)


def _in_time(work: Callable[[], Any]) -> Any:
    for _go in range(GOES):
        try:
            return work()
        except TimeoutError:
            continue
    raise TooSlow


def _search(pattern: str, text: str) -> bool:
    found = _in_time(lambda: _pattern(pattern).search(text, timeout=LONGEST))
    return found is not None


def _subbed(rule: Rule) -> Change:
    def change(text: str) -> str:
        new = _in_time(lambda: _pattern(rule.find).sub(rule.put, text, timeout=LONGEST))
        return unicodedata.normalize("NFC", str(new))

    return change


def _with(content: Any, subs: list[dict[str, str]]) -> Any:
    return {"ind1": content["ind1"], "ind2": content["ind2"], "subfields": subs}


def _change_texts(rule: Rule, pairs: list[Pair], change: Change) -> list[Pair]:
    """Change texts of the fields concerned; what becomes empty goes, a field with nothing too."""
    out: list[Pair] = []
    for tag, content in pairs:
        if not _concerns(rule, (tag, content)):
            out.append((tag, content))
        elif isinstance(content, str):
            new = content if rule.code else change(content)
            if new:
                out.append((tag, new))
        else:
            subs = [
                {c: change(v) if not rule.code or c == rule.code else v}
                for one in content["subfields"]
                for c, v in one.items()
            ]
            kept = [
                new
                for new, old in zip(subs, content["subfields"], strict=True)
                if new == old or any(new.values())
            ]
            if kept:
                out.append((tag, _with(content, kept)))
    return out


def _replace(rule: Rule, pairs: list[Pair]) -> list[Pair]:
    def change(text: str) -> str:
        return unicodedata.normalize("NFC", text.replace(rule.find, rule.put))

    return _change_texts(rule, pairs, lambda text: change(text) if rule.find in text else text)


def _regex(rule: Rule, pairs: list[Pair]) -> list[Pair]:
    return _change_texts(rule, pairs, _subbed(rule))


def _delete_field(rule: Rule, pairs: list[Pair]) -> list[Pair]:
    def goes(pair: Pair) -> bool:
        texts = _texts(pair[1], rule.code)
        if rule.find:
            wanted = any(rule.find in text for text in texts)
        else:
            wanted = bool(texts) if rule.code else True
        return _concerns(rule, pair) and wanted

    return [pair for pair in pairs if not goes(pair)]


def _delete_subfield(rule: Rule, pairs: list[Pair]) -> list[Pair]:
    out: list[Pair] = []
    for tag, content in pairs:
        if isinstance(content, str) or not _concerns(rule, (tag, content)):
            out.append((tag, content))
            continue
        kept = [
            one
            for one in content["subfields"]
            if not (rule.code in one and (not rule.find or rule.find in one[rule.code]))
        ]
        if kept:
            out.append((tag, _with(content, kept)))
    return out


def _add_subfield(rule: Rule, pairs: list[Pair]) -> list[Pair]:
    new = {rule.code: unicodedata.normalize("NFC", rule.put.strip())}
    return [
        (tag, _with(content, [*content["subfields"], new]))
        if not isinstance(content, str)
        and _concerns(rule, (tag, content))
        and new not in content["subfields"]
        else (tag, content)
        for tag, content in pairs
    ]


def _add_field(rule: Rule, pairs: list[Pair]) -> list[Pair]:
    put = unicodedata.normalize("NFC", rule.put)
    if is_control(rule.tag):
        return pairs if any(tag == rule.tag for tag, _c in pairs) else _placed(pairs, rule.tag, put)
    content = {
        "ind1": _indicator(rule.ind1, " "),
        "ind2": _indicator(rule.ind2, " "),
        "subfields": [{code: value} for code, value in typed_subfields(put)],
    }
    return pairs if (rule.tag, content) in pairs else _placed(pairs, rule.tag, content)


def _placed(pairs: list[Pair], tag: str, content: Any) -> list[Pair]:
    """Put a field after the last one whose tag is not higher."""
    at = max((n + 1 for n, (other, _c) in enumerate(pairs) if other <= tag), default=0)
    return [*pairs[:at], (tag, content), *pairs[at:]]


def _indicator(typed: str, otherwise: str) -> str:
    return typed.replace("#", " ") if typed else otherwise


def _indicators(rule: Rule, pairs: list[Pair]) -> list[Pair]:
    return [
        (
            tag,
            {
                "ind1": _indicator(rule.ind1, content["ind1"]),
                "ind2": _indicator(rule.ind2, content["ind2"]),
                "subfields": content["subfields"],
            },
        )
        if not isinstance(content, str) and _concerns(rule, (tag, content))
        else (tag, content)
        for tag, content in pairs
    ]


def _move(rule: Rule, pairs: list[Pair]) -> list[Pair]:
    """Move or copy subfields: within the field, or to the first field of another tag, which is
    made when there is none."""
    stays = rule.act == "copy"
    if rule.to_tag in ("", rule.tag):
        return _within(rule, pairs, stays=stays)
    values = [
        value
        for tag, content in pairs
        if not isinstance(content, str) and _concerns(rule, (tag, content))
        for value in _texts(content, rule.code)
    ]
    if not values:
        return pairs
    rest = pairs if stays else _delete_subfield(rule, pairs)
    new = [{rule.to_code: value} for value in values]
    for at, (tag, content) in enumerate(rest):
        if tag == rule.to_tag and not isinstance(content, str):
            added = [one for one in new if one not in content["subfields"]]
            grown = (tag, _with(content, [*content["subfields"], *added]))
            return [*rest[:at], grown, *rest[at + 1 :]]
    blank = {"ind1": _indicator(rule.ind1, " "), "ind2": _indicator(rule.ind2, " ")}
    return _placed(rest, rule.to_tag, {**blank, "subfields": new})


def _within(rule: Rule, pairs: list[Pair], *, stays: bool) -> list[Pair]:
    out: list[Pair] = []
    for tag, content in pairs:
        if isinstance(content, str) or not _concerns(rule, (tag, content)):
            out.append((tag, content))
            continue
        old = content["subfields"]
        if stays:
            copies = [{rule.to_code: one[rule.code]} for one in old if rule.code in one]
            subs = [*old, *(one for one in copies if one not in old)]
        else:
            subs = [{rule.to_code: one[rule.code]} if rule.code in one else one for one in old]
        out.append((tag, _with(content, subs)))
    return out


_WAYS: Final[dict[str, Callable[[Rule, list[Pair]], list[Pair]]]] = {
    "add_field": _add_field,
    "delete_field": _delete_field,
    "add_subfield": _add_subfield,
    "delete_subfield": _delete_subfield,
    "replace": _replace,
    "regex": _regex,
    "move": _move,
    "copy": _move,
    "indicators": _indicators,
}
