"""Records that several targets gave, each of them once. Pure.

Equal ones, by the matching of an import, stand at the first target that gave them; two of one
target are two, as volumes are.
"""

from collections.abc import Iterable, Sequence

from cataloging.imports.matching import Candidates, first_match, keys_of, remember
from cataloging.marc.project import Projection

Given = tuple[str, Sequence[tuple[int, Projection]]]  # the target's name, what it gave with ids


def fold(given: Iterable[Given]) -> dict[int, list[tuple[str, int]]]:
    """Return the ids of the different records in order, each with who else gave it, and as what."""
    shown: dict[int, list[tuple[str, int]]] = {}
    known: Candidates = {}
    for name, records in given:
        fresh: list[tuple[int, Projection]] = []
        for number, seen in records:
            if equal := first_match(keys_of(seen), known, seen):
                shown[equal.record_id].append((name, number))
            else:
                shown[number] = []
                fresh.append((number, seen))
        for number, seen in fresh:
            remember(known, keys_of(seen), number, seen)
    return shown
