"""How busy a library is on a day: school year, summer, Tết, weekends. Pure."""

from datetime import date
from functools import cache
from math import exp
from random import Random

from circulation.sample.province import data

# The school year runs from September to May; in summer the children come.
ALL = {1: 0.9, 2: 0.9, 3: 1.1, 4: 1.15, 5: 0.95, 6: 1.2, 7: 1.25, 8: 1.05, 9: 1.1, 10: 1.15}
CHILDREN = {1: 0.8, 2: 0.9, 3: 1.0, 4: 1.0, 5: 0.9, 6: 1.9, 7: 1.9, 8: 1.4, 9: 1.0, 10: 1.1}
NEAR_TET = 10  # days before and after the first day of the lunar year


@cache
def tet_days() -> tuple[date, ...]:
    """Return the first days of the lunar years of the data."""
    return tuple(data("holidays")["tet"]["days"])


def busyness(day: date, *, children: bool = False) -> float:
    """Return a factor around 1 for a day."""
    factor = (CHILDREN if children else ALL).get(day.month, 1.0)
    if day.weekday() >= 5:
        factor *= 1.35
    if any(abs((day - tet).days) <= NEAR_TET for tet in tet_days()):
        factor *= 0.45
    return factor


def poisson(rng: Random, mean: float) -> int:
    """Return a random count with this mean."""
    limit, product, count = exp(-mean), rng.random(), 0
    while product > limit:
        product *= rng.random()
        count += 1
    return count
