"""The pages that explain MARC fields, as whole pages and as the part an editor shows beside a row."""

from dataclasses import replace

from flask import abort, render_template, request

from cataloging.marc.field_help import help_of
from cataloging.marc.standard import Name, Position, Standard, authority_standard, standard
from cataloging.permissions import VIEW_RECORD
from cataloging.views.base import bp, english
from ils.web.door import door


@bp.get("/fields")
@bp.get("/fields/<tag>")
@door(VIEW_RECORD)
def field_help(tag: str = "") -> str:
    """Explain a MARC field, or list all of them."""
    return _page(standard(), tag, authority=False)


@bp.get("/authority-fields")
@bp.get("/authority-fields/<tag>")
@door(VIEW_RECORD)
def authority_field_help(tag: str = "") -> str:
    """Explain a field of authority records, or list all of them."""
    return _page(authority_standard(), tag, authority=True)


def _page(known: Standard, tag: str, *, authority: bool) -> str:
    found = known.fields.get(tag)
    if tag and found is None and tag != "LDR":
        abort(404)
    positions = known.leader if tag == "LDR" else known.positions_008["all"] if tag == "008" else ()
    part = request.headers.get("X-Requested-With") == "fetch"
    return render_template(
        "cataloging/_field.html" if part else "cataloging/fields.html",
        tag=tag,
        part=part,
        found=found,
        about=help_of(tag, authority=authority),
        fields=known.fields,
        authority=authority,
        positions=positions,
        kinds=_kinds(known, tag),
        at=0 if english() else 1,
    )


def _kinds(known: Standard, tag: str) -> list[tuple[Name, tuple[Position, ...]]]:
    """Return what stands in a fixed field by kind of material; nothing for other fields."""
    if tag == "007":
        return [(kind.name, kind.positions) for kind in known.physical.values()]
    if tag not in ("006", "008"):
        return []
    back = 17 if tag == "006" else 0
    return [
        (name, tuple(replace(p, start=p.start - back) for p in known.positions_008[kind]))
        for kind, (_types, _levels, name) in known.kinds.items()
    ]
