"""A window that moves over a file: constant memory, and every byte has its number."""

from typing import Final, Protocol

BLOCK: Final = 1 << 20


class Source(Protocol):
    """What bytes come from."""

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes; b"" when there are none."""


class Window:
    """The bytes in view: ``data[at - start]`` is byte ``at`` of the file."""

    def __init__(self, stream: Source, start: int = 0) -> None:
        self._stream = stream
        self.start = start
        self.data = b""
        self.is_complete = False  # no byte comes after those in view

    @property
    def end(self) -> int:
        """Return the number of the byte after the last in view."""
        return self.start + len(self.data)

    def grow(self, size: int = BLOCK) -> bool:
        """Bring more bytes into view; return False when there are none."""
        more = self._stream.read(size)
        if not more:
            self.is_complete = True
            return False
        self.data = self.data + more if self.data else more
        return True

    def drop(self, count: int) -> None:
        """Let the first ``count`` bytes go out of view."""
        self.data = self.data[count:]
        self.start += count

    def ensure(self, count: int) -> bool:
        """Bring at least ``count`` bytes into view if the file has them."""
        while len(self.data) < count and not self.is_complete:
            self.grow(max(BLOCK, count - len(self.data)))
        return len(self.data) >= count
