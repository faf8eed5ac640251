"""Looking at the first records of a file before anything is stored."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sqlalchemy.orm import Session

from cataloging.imports.matching import Match, first_match, keys_of, stored_matches
from cataloging.imports.profiles import AUTO, NONE, copies_in, guessed_profile, profiles
from cataloging.marc import formats
from cataloging.marc.formats import Found, Guess, Repair
from cataloging.marc.model import Marc
from cataloging.marc.project import project
from cataloging.marc.validate import Finding, validate
from cataloging.models import ImportRun

LOOKED_AT: Final = 200
CODES: Final = 30  # codes of branches shown at most


@dataclass(frozen=True)
class PreviewRecord:
    """A record as it would be stored."""

    position: int
    title: str
    author: str
    year: int | None
    marc: Marc
    repairs: list[Repair]
    findings: list[Finding]
    match: Match | None
    copies: int


@dataclass(frozen=True)
class Preview:
    """The beginning of a file."""

    guess: Guess
    encoding: str
    profile: str
    records: list[PreviewRecord] = field(default_factory=list)
    problems: list[Found] = field(default_factory=list)
    branch_codes: list[str] = field(default_factory=list)  # as the copies of the file name them


def preview(
    session: Session, run: ImportRun, *, encoding: str | None = None, count: int = 10
) -> Preview:
    """Read the first records of a run's file; nothing is stored."""
    path = Path(run.file_path)
    guess = formats.recognize(path)
    chosen = encoding or run.encoding
    found: list[Found] = []
    problems: list[Found] = []
    for one in formats.read(path, format=run.format or guess.format, encoding=chosen):
        if one.marc is not None:
            found.append(one)
        elif one.problem is not None:
            problems.append(one)
        if len(found) + len(problems) >= LOOKED_AT:
            break
    marcs = [one.marc for one in found if one.marc is not None]
    code = run.profile if run.profile not in ("", AUTO) else guessed_profile(marcs)
    shown = found[:count]
    keys = [keys_of(project(one.marc)) for one in shown if one.marc is not None]
    known = stored_matches(session, (key for each in keys for key in each))
    records = []
    for one, own in zip(shown, keys, strict=True):
        marc = one.marc
        if marc is None:
            continue
        seen = project(marc)
        copies = len(copies_in(marc, profiles()[code])) if code != NONE else 0
        records.append(
            PreviewRecord(
                one.position,
                seen.title,
                seen.author,
                seen.year,
                marc,
                one.repairs,
                validate(marc),
                first_match(own, known, seen),
                copies,
            )
        )
    return Preview(guess, chosen, code, records, problems[:20], _branch_codes(marcs, code))


def _branch_codes(marcs: list[Marc], profile: str) -> list[str]:
    """Return the codes by which copies name their branches, the commonest first."""
    if profile == NONE:
        return []
    drafts = (draft for marc in marcs for draft in copies_in(marc, profiles()[profile]))
    return [code for code, _ in Counter(d.branch for d in drafts if d.branch).most_common(CODES)]
