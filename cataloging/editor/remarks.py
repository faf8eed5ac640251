"""What a check says, in the page's language, each with the place on the page it speaks of."""

from dataclasses import dataclass

from flask_babel import gettext as _

from cataloging.editor.layouts import Layout
from cataloging.editor.materials import box
from cataloging.editor.posting import FORM, MARC, OnPage
from cataloging.editor.saving import REQUIRED, look_over
from cataloging.marc.model import Marc
from cataloging.marc.validate import ERROR, Finding
from cataloging.views.base import english
from cataloging.views.words import LINE_PROBLEMS, say_finding


@dataclass(frozen=True)
class Remark:
    """A remark. ``where`` names field and subfield, ``rule`` the rule; ``target`` is the id of the
    box it leads to ('' when this view has none), ``line`` that of the text."""

    level: str
    where: str
    sentence: str
    rule: str
    target: str = ""
    line: int = 0


def remarks(on: OnPage, before: Marc | None, layout: Layout) -> list[Remark]:
    """Return what is to be said of what stands on a page, errors first."""
    if on.problems:
        return [
            Remark(
                ERROR,
                _("Line %(n)s", n=p.line) if on.view != MARC else "",
                str(LINE_PROBLEMS.get(p.code, p.code)) % {"what": p.what},
                p.code,
                target=f"f{p.line}" if on.view == MARC else "",
                line=p.line if on.view != MARC else 0,
            )
            for p in on.problems
        ]
    return [_remark(on, one, layout) for one in look_over(on.marc, before, layout)]


def _remark(on: OnPage, one: Finding, layout: Layout) -> Remark:
    where = one.tag + (f" ${one.subfield}" if one.subfield else "")
    if one.position is not None:
        where += f"/{one.position:02}"
    about = box(one.value) if one.rule == REQUIRED else None
    sentence = (
        _("Your library wants “%(box)s” filled in.", box=about.label[0 if english() else 1])
        if about is not None
        else say_finding(one)
    )
    line = 0
    if on.view == FORM:
        name = one.value if one.rule == REQUIRED else _box_of(one, layout)
        target = f"b-{name}" if name else ""
    elif on.view == MARC:
        number = on.numbers[one.index] if on.numbers and one.index >= 0 else one.index
        target = "ldr" if one.tag == "LDR" else f"f{number}" if number >= 0 else ""
        if target and one.subfield and one.index >= 0:
            target += f"-{one.subfield}"
    else:
        target, line = "text", on.numbers[one.index] if on.numbers and one.index >= 0 else 1
    return Remark(one.level, where, sentence, one.rule, target, line)


def _box_of(one: Finding, layout: Layout) -> str:
    """Return the box a finding can be mended in; '' when the form does not show it."""
    if one.rule == "missing_field" and one.tag == "245":
        return "title"
    same = [b for b in layout.boxes if one.tag in b.tags]
    exact = [b for b in same if not one.subfield or b.code == one.subfield]
    return exact[0].name if exact else ""
