"""A zip of photos of patrons: opened with limits, matched by the names of its files.

A zip can claim little and hold much; so sizes are looked at before and while reading, and nothing
is written to the disk but the small pictures made of it.
"""

import io
import zipfile
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from circulation.patrons.batches import Batch
from circulation.patrons.models import Patron, PatronCard
from circulation.patrons.photos import MOST_BYTES, keep_photo
from circulation.rules.photo_names import Matched, Person, match_photos
from ils.accounts.actor import Actor
from ils.core.errors import IlsError, Invalid

MOST_FILES = 3000
MOST_UNPACKED = 600 * 2**20
MOST_RATIO = 20  # pictures are packed already; what shrinks more than this is no picture
ENDINGS = (".jpg", ".jpeg", ".png", ".webp")


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


def open_zip(data: bytes) -> PhotoZip:
    """Look a zip over. Raises ``Invalid`` for what is none, is locked, or unpacks to too much."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
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


@dataclass
class Photos:
    """What came of a zip: how many were kept, and the names of files that were not, by reason."""

    kept: int = 0
    had_one: int = 0
    wrong: list[tuple[str, IlsError]] = field(default_factory=list)
    matched: Matched = field(default_factory=Matched)
    others: list[str] = field(default_factory=list)
    without: list[str] = field(default_factory=list)  # people without a photo afterwards


def people_of(session: Session, patron_ids: Collection[int]) -> list[Person]:
    """Return patrons as a photo's name may name them."""
    rows = session.execute(
        select(Patron.id, Patron.name, Patron.student_code, PatronCard.number)
        .outerjoin(PatronCard, (PatronCard.patron_id == Patron.id) & (PatronCard.state == "active"))
        .where(Patron.id.in_(patron_ids))
    )
    return [Person(row[0], row[1], (row[2], row[3] or "")) for row in rows]


def keep_photos(
    session: Session,
    actor: Actor,
    batch: Batch,
    zipped: PhotoZip,
    patron_ids: Collection[int],
    *,
    agreed: bool,
) -> Photos:
    """Keep the photos of a zip for those they are of; who has a photo keeps it."""
    people = people_of(session, patron_ids)
    done = Photos(matched=match_photos(list(zipped.entries), people), others=zipped.others)
    for name, patron_id in done.matched.pairs.items():
        patron = session.get_one(Patron, patron_id)
        if patron.photo_id is not None:
            done.had_one += 1
            continue
        try:
            with session.begin_nested():
                file = keep_photo(session, actor, patron_id, zipped.content(name), agreed=agreed)
        except IlsError as error:
            done.wrong.append((name, error))
        else:
            batch.note(patron, photo=file.id)
            done.kept += 1
    bare: Any = select(Patron.name).where(Patron.id.in_(patron_ids), Patron.photo_id.is_(None))
    done.without = list(session.scalars(bare.order_by(Patron.name_key)))
    return done
