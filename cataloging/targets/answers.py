"""What a target answered, or why it gave nothing: a code, said in words by ``words.PROBLEMS``."""

from dataclasses import dataclass, field

from cataloging.marc.formats import Repair
from cataloging.marc.model import Marc

MOST = 20  # records asked of one target at once
LARGEST = 8 << 20  # bytes of one answer, unpacked


class Failed(Exception):
    """The target gave no answer that can be used."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail[:400]


@dataclass(frozen=True)
class Place:
    """Where and how to ask: the facts of a target's row."""

    protocol: str
    address: str
    port: int = 210
    database: str = ""
    version: str = "auto"
    syntax: str = "marcxml"
    encoding: str = "auto"
    seconds: int = 10
    indexes: dict[str, str] = field(default_factory=dict)
    inside: bool = False
    user_name: str = ""
    user_group: str = ""
    password: str | None = field(default="", repr=False)  # None: kept, but it cannot be opened


@dataclass
class Answer:
    """The records that a target gave, of how many, and which it gave that cannot be read."""

    hits: int = 0
    records: list[tuple[Marc, list[Repair]]] = field(default_factory=list)
    unread: int = 0
    version: str = ""
