"""How much of a day's paper tally is still to be counted, so that nothing is counted twice."""

from collections.abc import Mapping


def left_to_count(typed: Mapping[str, int], machine: Mapping[str, int]) -> dict[str, int]:
    """Return by part what a paper tally of the whole day adds to what the machine counted.

    Both tell of the same day; so the day's figure is the larger of the two sums. What the machine
    counted under a part is taken off that part first; what it counted under none, or beyond the
    paper, is taken off the largest parts left.
    """
    left = {part: max(0, n - machine.get(part, 0)) for part, n in typed.items()}
    over = sum(left.values()) - max(0, sum(typed.values()) - sum(machine.values()))
    for part in sorted(left, key=lambda one: (-left[one], one)):
        taken = min(left[part], over)
        left[part] -= taken
        over -= taken
    return left
