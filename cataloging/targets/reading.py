"""Records out of the bytes a target gave: read by the same readers as files, repairs listed."""

import tempfile
from pathlib import Path

from cataloging.marc import formats
from cataloging.targets.answers import MOST, Answer


def read_records(raw: bytes, answer: Answer, *, format: str, encoding: str) -> None:
    """Add the records in ``raw`` to an answer; those that nobody can read are counted."""
    if not raw:
        return
    with tempfile.NamedTemporaryFile(prefix="sen-", suffix=".mrc") as file:
        file.write(raw)
        file.flush()
        for found in formats.read(Path(file.name), format=format, encoding=encoding):
            if found.is_packing:
                continue
            if found.marc is None:
                answer.unread += 1
            elif len(answer.records) < MOST:
                answer.records.append((found.marc, found.repairs))
