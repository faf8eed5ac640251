"""A file opened for reading records: unpacked if it is compressed, as UTF-8 if it is UTF-16."""

import codecs
import gzip
import io
import zlib
from pathlib import Path
from typing import Final

GZIP: Final = b"\x1f\x8b"
_UTF16: Final = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


class Opened(io.RawIOBase):
    """The unpacked bytes of a file. ``damage`` says why they end early, if they do."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._file = path.open("rb")
        self.compressed = self._file.peek(2)[:2] == GZIP
        self._packed = gzip.GzipFile(fileobj=self._file) if self.compressed else None
        self.damage = ""
        begin = self._take(4)
        coding = next((name for bom, name in _UTF16.items() if begin.startswith(bom)), "")
        self.recoded = coding
        self._decoder = codecs.getincrementaldecoder(coding)("replace") if coding else None
        self._ahead = self._recode(begin[2:]) if coding else begin

    def readable(self) -> bool:
        """It is."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return up to about ``size`` bytes; b"" at the end or where the packing is damaged."""
        ahead, self._ahead = self._ahead, b""
        return ahead + self._recode(self._take(size if size < 0 else max(1, size - len(ahead))))

    def skip(self, count: int) -> bytes:
        """Pass over ``count`` bytes; return what was read beyond them."""
        while count > 0:
            block = self.read(1 << 20)
            if not block:
                return b""
            if len(block) > count:
                return block[count:]
            count -= len(block)
        return b""

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()

    def _take(self, size: int) -> bytes:
        if self._packed is None:
            return self._file.read(size)
        try:
            return self._packed.read1(size)  # what can be unpacked before the damage
        except (EOFError, OSError, zlib.error) as error:
            self.damage = str(error) or type(error).__name__
            return b""

    def _recode(self, raw: bytes) -> bytes:
        if self._decoder is None:
            return raw
        out = self._decoder.decode(raw, final=not raw).encode("utf-8")
        # A half letter alone is not the end of the file.
        return out or (self._recode(self._take(2)) if raw else b"")
