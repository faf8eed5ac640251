"""Words of batch change."""

from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from cataloging.batch.rules import Rule

ACTS: Final[dict[str, Any]] = {
    "replace": _l("Replace a text"),
    "regex": _l("Replace by a pattern"),
    "add_field": _l("Add a field"),
    "delete_field": _l("Delete fields"),
    "add_subfield": _l("Add a subfield"),
    "delete_subfield": _l("Delete subfields"),
    "move": _l("Move a subfield"),
    "copy": _l("Copy a subfield"),
    "indicators": _l("Set indicators"),
}
CONDITIONS: Final[dict[str, Any]] = {
    "present": _l("is there"),
    "absent": _l("is not there"),
    "has": _l("contains the text"),
    "matches": _l("matches the pattern"),
}
OUTCOMES: Final[dict[str, tuple[str, Any]]] = {
    "waiting": ("info", _l("Not looked at yet")),
    "will": ("info", _l("To be changed")),
    "changed": ("ok", _l("Has been changed")),
    "invalid": ("bad", _l("Would become invalid")),
    "slow": ("bad", _l("The pattern took too long")),
    "stale": ("warn", _l("Changed by somebody in the meantime")),
    "gone": ("off", _l("Deleted in the meantime")),
    "same": ("off", _l("Stays as it is")),
}
FAULTS: Final[dict[str, Any]] = {
    "act_unknown": _l("choose what is done"),
    "tag_bad": _l("a field is three characters, X stands for any"),
    "tag_protected": _l("001, 003 and 005 are not for a batch"),
    "code_bad": _l("a subfield is one letter or digit"),
    "code_needed": _l("name the subfield"),
    "find_needed": _l("say what is looked for"),
    "put_needed": _l("say what comes there"),
    "text_too_long": _l("a text is too long"),
    "pattern_bad": _l("the pattern cannot be read"),
    "no_subfields": _l("control fields have no subfields"),
    "goal_same": _l("it would move to where it is"),
    "indicator_needed": _l("name an indicator"),
    "indicator_bad": _l("an indicator is a digit, a letter or # for blank"),
}


def said_rule(rule: Rule) -> str:
    """Say a rule in one line."""
    place = rule.tag + (f" ${rule.code}" if rule.code else "")
    parts = [str(ACTS.get(rule.act, rule.act)), place]
    if rule.act in ("move", "copy"):
        parts.append(f"→ {rule.to_tag or rule.tag} ${rule.to_code}")
    if rule.act == "indicators":
        parts.append(f"{rule.ind1 or '·'}{rule.ind2 or '·'}")
    if rule.find:
        parts.append(f"“{rule.find}”")
    if rule.act in ("replace", "regex", "add_field", "add_subfield"):
        parts.append(f"→ “{rule.put}”")
    if rule.when.tag:
        when = rule.when
        where = when.tag + (f" ${when.code}" if when.code else "")
        said = f"{where} {CONDITIONS.get(when.how, when.how)}"
        said += f" “{when.text}”" if when.how in ("has", "matches") else ""
        parts.append(_("if %(condition)s", condition=said))
    return " ".join(parts)
