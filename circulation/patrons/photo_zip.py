"""A zip of photos of patrons: opened with limits, matched by the names of its files.

A zip can claim little and hold much; so sizes are looked at before and while reading, and nothing
is written to the disk but the small pictures made of it, one after the other.
"""

import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from circulation.patrons.batches import Batch
from circulation.patrons.models import Patron, PatronCard
from circulation.patrons.photos import MOST_BYTES, made_small, place_photo
from circulation.rules.photo_names import Person, match_photos
from ils.core.errors import Invalid

MOST_FILES = 25_000
MOST_UNPACKED = 12 * 2**30  # read one picture at a time, so this is time and not memory
MOST_RATIO = 20  # pictures are packed already; what shrinks more than this is no picture
ENDINGS = (".jpg", ".jpeg", ".png", ".webp")
FITS = "fits"


@dataclass(frozen=True)
class PhotoZip:
    """A zip looked over: the names of its pictures as people read them, and what is none."""

    archive: zipfile.ZipFile
    entries: dict[str, zipfile.ZipInfo]
    others: list[str]

    def content(self, name: str) -> bytes:
        """Return one picture. Raises ``Invalid`` where it is larger than it said, or damaged."""
        try:
            with self.archive.open(self.entries[name]) as opened:
                content = opened.read(MOST_BYTES + 1)
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError) as error:
            raise Invalid("photo_unreadable", field="photo") from error
        if len(content) > MOST_BYTES:
            raise Invalid("photo_too_large", field="photo", most_mb=MOST_BYTES // 2**20)
        return content


def open_zip(data: bytes | Path) -> PhotoZip:
    """Look a zip over, in memory or on the disk. Raises ``Invalid`` for what is none, is locked, or
    unpacks to too much."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data) if isinstance(data, bytes) else data)
        every = [one for one in archive.infolist() if not one.is_dir()]
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise Invalid("zip_unreadable", field="photos") from error
    unpacked = sum(one.file_size for one in every)
    if len(every) > MOST_FILES or unpacked > MOST_UNPACKED:
        most_mb = MOST_UNPACKED // 2**20
        raise Invalid("zip_too_large", field="photos", most=MOST_FILES, most_mb=most_mb)
    if any(one.flag_bits & 1 for one in every):
        raise Invalid("zip_locked", field="photos")
    if any(one.file_size > max(one.compress_size, 1024) * MOST_RATIO for one in every):
        raise Invalid("zip_bomb", field="photos")
    entries, others = {}, []
    for one, name in _named(every):
        if name.lower().endswith(ENDINGS):
            entries[name] = one
        else:
            others.append(name)
    if not entries:
        raise Invalid("zip_empty", field="photos")
    return PhotoZip(archive, entries, others)


def _named(every: list[zipfile.ZipInfo]) -> Iterator[tuple[zipfile.ZipInfo, str]]:
    """Yield files with their names; those that systems add on their own are left out."""
    for one in every:
        name = one.filename
        if not one.flag_bits & 0x800:  # not said to be UTF-8: read as the machine wrote it
            raw = name.encode("cp437", "replace")
            for encoding in ("utf-8", "cp1258"):
                try:
                    name = raw.decode(encoding)
                    break
                except UnicodeError:
                    continue
        parts = name.replace("\\", "/").split("/")
        if not any(part.startswith((".", "__MACOSX")) for part in parts):
            yield one, name


def people_of(session: Session, patron_ids: Select[Any]) -> list[Person]:
    """Return the patrons of a query of ids as a photo's name may name them."""
    rows = session.execute(
        select(Patron.id, Patron.name, Patron.student_code, PatronCard.number)
        .outerjoin(PatronCard, (PatronCard.patron_id == Patron.id) & (PatronCard.state == "active"))
        .where(Patron.id.in_(patron_ids))
        .order_by(Patron.id)
    )
    return [Person(row[0], row[1], (row[2], row[3] or "")) for row in rows]


def matches_of(zipped: PhotoZip, people: Iterable[Person]) -> dict[str, tuple[str, int | None]]:
    """Return for each picture what its name says: whose it is (``fits``), or why nobody's."""
    found = match_photos(list(zipped.entries), people)
    told: dict[str, tuple[str, int | None]] = {n: (FITS, i) for n, i in found.pairs.items()}
    for what, names in (("unknown", found.unknown), ("several", found.several)):
        told |= dict.fromkeys(names, (what, None))
    return told | dict.fromkeys(found.twice, ("twice", None))


Picture = bytes | Invalid  # made small, or why it is none


def picture_of(zipped: PhotoZip, name: str) -> Picture:
    """Return one picture of a zip made small, or what is wrong with it."""
    try:
        return made_small(zipped.content(name))
    except Invalid as error:
        return error


def put_photo(batch: Batch, patron: Patron, picture: Picture, *, agreed: bool) -> None:
    """Put a picture of a zip in place. Raises ``Invalid`` for no picture or without consent."""
    if isinstance(picture, Invalid):
        raise picture
    session, actor = batch.session, batch.actor
    with session.begin_nested():
        batch.photo(patron, lambda: place_photo(session, actor, patron, picture, agreed=agreed))
