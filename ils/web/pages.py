"""Paging of lists: which page of how many, and the numbers a pager shows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Page:
    """One page of a list of ``total`` rows, ``size`` to a page; ``number`` counts from 1.

    ``deepest`` is the last page that can be shown, where a list is longer than can be paged.
    """

    number: int
    size: int
    total: int
    rows: Sequence[Any] = field(default_factory=list)
    deepest: int | None = None

    @property
    def pages(self) -> int:
        """How many pages there are, at least 1."""
        pages = max(1, -(-self.total // self.size))
        return min(pages, self.deepest) if self.deepest else pages

    @property
    def first(self) -> int:
        """Number of the first row shown, 0 when there is none."""
        return (self.number - 1) * self.size + 1 if self.total else 0

    @property
    def last(self) -> int:
        """Number of the last row shown."""
        return min(self.number * self.size, self.total)

    @property
    def offset(self) -> int:
        """Rows before the first one shown."""
        return (self.number - 1) * self.size

    @property
    def near(self) -> list[int | None]:
        """Page numbers for a pager: the ends and those near; None stands for a gap."""
        wanted = {1, self.pages} | set(range(self.number - 2, self.number + 3))
        shown = sorted(n for n in wanted if 1 <= n <= self.pages)
        result: list[int | None] = []
        for n in shown:
            if result and result[-1] is not None and n - result[-1] == 2:
                result.append(n - 1)
            elif result and result[-1] is not None and n - result[-1] > 2:
                result.append(None)
            result.append(n)
        return result


def page_number(asked: str | None, most: int = 10_000) -> int:
    """Read a page number from an address; anything odd is page 1."""
    return min(max(int(asked), 1), most) if asked and asked.isdecimal() and len(asked) < 9 else 1
