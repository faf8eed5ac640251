"""What stands at which place of the leader, 006, 007 and 008 of a record."""

from dataclasses import replace

from cataloging.marc.standard import Name, Position, language_of, place_of, standard

NOT_CODED: Name = ("No attempt to code", "Không ghi mã")  # the fill character
NOT_SAID: Name = ("Not given", "Không nêu")
_KIND_OF_FORM: Name = ("Form of material", "Dạng tài liệu")
_KIND_OF_THING: Name = ("Category of material", "Loại vật mang tin")


def places(leader: str, tag: str, text: str) -> tuple[Position, ...]:
    """Return the places of a fixed field in order; none where its length or kind is not right.

    In 006 and 007 the first character is a place of its own, which says what the rest are.
    """
    known = standard()
    if tag == "LDR":
        return known.leader if len(text) == known.lengths["LDR"] else ()
    if tag == "008" and len(text) == known.lengths["008"]:
        here = (*known.positions_008["all"], *known.positions_008.get(known.kind(leader), ()))
        return tuple(sorted(here, key=lambda p: p.start))
    if tag == "006" and len(text) == known.lengths["006"]:
        form = "CR" if text[0] == "s" else known.kind(f"      {text[0]}m")
        rest = known.positions_008.get(form, ())
        return (_forms(), *(replace(p, start=p.start - 17) for p in rest))
    if tag == "007" and len(text) > 1:
        kind = known.physical.get(text[0])
        rest = kind.positions if kind else ()
        return (_things(), *(p for p in rest if p.start + p.length <= len(text)))
    return ()


def _forms() -> Position:
    known = standard()
    (types,) = (p.codes for p in known.leader if p.start == 6)
    codes = {t: types[t] for kinds, _, _ in known.kinds.values() for t in kinds}
    codes["s"] = known.kinds["CR"][2]
    return Position(0, 1, _KIND_OF_FORM, frozenset(codes), codes)


def _things() -> Position:
    codes = {code: kind.name for code, kind in standard().physical.items()}
    return Position(0, 1, _KIND_OF_THING, frozenset(codes), codes)


def is_code(place: Position) -> bool:
    """Tell whether a place holds codes, not a number, a date or a year."""
    return bool(place.codes) or place.check in ("language", "country")


def said(place: Position, value: str) -> list[Name]:
    """Return what the codes at a place mean; nothing for what is no code of it."""
    if place.check == "language":
        name = language_of(value)
        return [name] if name else []
    if place.check == "country":
        name = place_of(value.strip())
        return [name] if name else []
    size = len(next(iter(place.codes), " "))
    units = [value[i : i + size] for i in range(0, len(value), size)]
    return [place.codes[one] for one in units if one in place.codes]
