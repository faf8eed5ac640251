"""Copies as other systems write them: from a field of a record to what a copy is made of."""

import re
import tomllib
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from cataloging.marc.model import Marc, pairs

AUTO: Final = "auto"
NONE: Final = "none"

_ISO_DAY: Final = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})")
_DAY: Final = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")
_AMOUNT: Final = re.compile(r"\d{1,3}(?:[.,\s]\d{3})+|\d+")
# An accession number has letters and a number behind: TK.00003. Bare digits may be any barcode.
_LETTERED: Final = re.compile(r"[^\W\d_]{1,6}[ .\-/]?\d{1,9}")


@dataclass(frozen=True)
class Profile:
    """Which subfields of which field hold what. Codes in order of preference."""

    code: str
    name: str
    tag: str
    accession: str = ""
    barcode: str = ""
    branch: str = ""
    collection: str = ""
    shelf: str = ""
    call_number: str = ""
    accessioned_on: str = ""
    source: str = ""
    price: str = ""
    item_type: str = ""
    volume: str = ""
    condition: str = ""
    note: str = ""
    reading_room: str = ""


@dataclass(frozen=True)
class CopyDraft:
    """A copy as a file describes it. ``price`` in đồng; codes of branch and collection as there."""

    accession_no: str = ""
    barcode: str = ""
    branch: str = ""
    collection: str = ""
    shelf: str = ""
    call_number: str = ""
    accessioned_on: date | None = None
    source: str = ""
    price: int | None = None
    item_type: str = ""
    volume_key: str = ""
    condition: str = ""
    note: str = ""
    not_for_loan: bool = False
    voucher: str = ""


@lru_cache(maxsize=1)
def profiles() -> dict[str, Profile]:
    """Return all profiles by code."""
    data = tomllib.loads((Path(__file__).parent / "profiles.toml").read_text("utf-8"))
    return {code: Profile(code=code, **values) for code, values in data.items()}


def guessed_profile(marcs: list[Marc]) -> str:
    """Return the code of the profile that finds the most numbers in some records, or ``none``."""
    counts = {
        code: sum(len(copies_in(marc, profile)) for marc in marcs)
        for code, profile in profiles().items()
    }
    best = max(counts, key=lambda code: counts[code])
    return best if counts[best] else NONE


def copies_in(marc: Marc, profile: Profile) -> list[CopyDraft]:
    """Return the copies a record describes."""
    drafts = (_draft(content, profile) for tag, content in pairs(marc) if tag == profile.tag)
    return [draft for draft in drafts if draft.accession_no or draft.barcode]


def _draft(content: Any, profile: Profile) -> CopyDraft:
    if isinstance(content, str):
        return CopyDraft()
    by_code: dict[str, list[str]] = {}
    for one in content["subfields"]:
        for code, value in one.items():
            by_code.setdefault(code, []).append(value.strip())

    def first(codes: str) -> str:
        for code in codes:
            for value in by_code.get(code, ()):
                if value:
                    return value
        return ""

    def joined(codes: str) -> str:
        return " ".join(v for code in codes for v in by_code.get(code, ()) if v)

    accession, barcode = first(profile.accession), first(profile.barcode)
    if not accession and _LETTERED.fullmatch(barcode):
        accession = barcode
    return CopyDraft(
        accession_no=accession[:40],
        barcode=(barcode or accession)[:60],
        branch=first(profile.branch),
        collection=first(profile.collection),
        shelf=first(profile.shelf)[:80],
        call_number=joined(profile.call_number)[:120],
        accessioned_on=day_of(first(profile.accessioned_on)),
        source=first(profile.source),
        price=amount_of(first(profile.price)),
        item_type=first(profile.item_type),
        volume_key=first(profile.volume)[:40],
        condition=first(profile.condition)[:40],
        note=joined(profile.note),
        not_for_loan=first(profile.reading_room) not in ("", "0"),
    )


def day_of(text: str) -> date | None:
    """Read a day written 2019-03-05, 20190305 or 5/3/2019; None for anything else."""
    try:
        if match := _ISO_DAY.match(text):
            return date(*(int(part) for part in match.groups()))
        if match := _DAY.match(text):
            day, month, year = (int(part) for part in match.groups())
            return date(year, month, day)
    except ValueError:
        pass
    return None


def amount_of(text: str) -> int | None:
    """Read a price in đồng: ``45.000``, ``45000 đ``, ``45000.00``; None where there is none."""
    match = _AMOUNT.search(re.sub(r"[.,]0{1,2}$", "", text.strip()))
    return int(re.sub(r"\D", "", match.group())) if match else None
