"""Photos of patrons: 3×4 as on the paper form, small, turned upright, nothing hidden in them.

What a phone or a webcam took is decoded, turned as its marks say, cut to 3×4 around the upper
middle, made small and written anew as JPEG: place, time and camera stay behind.
"""

import io
import warnings
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from circulation.patrons.batch_models import PatronBatchLine
from circulation.patrons.consent import agrees_to, record_consent, standing_consents
from circulation.patrons.models import Patron
from circulation.patrons.patrons import EDIT, VIEW, patron_for
from circulation.rules.consent import PHOTO
from ils.accounts.actor import Actor
from ils.core.audit import audit
from ils.core.errors import Invalid, NotFound
from ils.core.files import KeptFile, declare_file_kind, drop_file, keep_file, kept_file

WIDTH, HEIGHT = 300, 400  # 3×4 cm at 254 dots an inch
MOST_BYTES = 12 * 2**20  # what a phone's camera makes
MOST_PIXELS = 60_000_000
FORMATS = ("JPEG", "PNG", "WEBP")


def _in_use() -> Select[Any]:
    """Those on records, and those that an act on many replaced while it can be undone."""
    now = select(Patron.photo_id.label("id")).where(Patron.photo_id.is_not(None))
    before = select(PatronBatchLine.photo_was_id).where(PatronBatchLine.photo_was_id.is_not(None))
    return select(now.union(before).subquery().c.id)


KIND = declare_file_kind("patron_photo", VIEW, _in_use)


def made_small(content: bytes) -> bytes:
    """Return a picture as a 3×4 JPEG of at most some 40 KB. Raises ``Invalid`` for no picture."""
    from PIL import Image, ImageOps  # takes 60 ms to load, and few processes need it

    if len(content) > MOST_BYTES:
        raise Invalid("photo_too_large", field="photo", most_mb=MOST_BYTES // 2**20)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            opened = Image.open(io.BytesIO(content), formats=FORMATS)
            if opened.width * opened.height > MOST_PIXELS:
                raise Invalid("photo_too_large", field="photo", most_mb=MOST_BYTES // 2**20)
            opened.draft("RGB", (WIDTH * 2, HEIGHT * 2))
            upright: Any = ImageOps.exif_transpose(opened)
    except Invalid:
        raise
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Warning) as error:
        raise Invalid("photo_unreadable", field="photo") from error
    if upright.mode in ("RGBA", "LA", "P"):  # what is clear becomes white, as on paper
        clear = upright.convert("RGBA")
        upright = Image.new("RGB", clear.size, "white")
        upright.paste(clear, mask=clear.getchannel("A"))
    # faces are in the upper middle of what people take
    small = ImageOps.fit(upright.convert("RGB"), (WIDTH, HEIGHT), centering=(0.5, 0.35))
    out = io.BytesIO()
    small.save(out, "JPEG", quality=82, optimize=True)
    return out.getvalue()


def keep_photo(
    session: Session, actor: Actor, patron_id: int, content: bytes, *, agreed: bool = False
) -> KeptFile:
    """Keep a patron's photo in place of the one before.

    ``agreed``: all who must have just agreed to it, which is added to their consents. Raises
    ``Invalid`` for no picture, or where nobody agreed to one.
    """
    patron = patron_for(session, actor, patron_id, EDIT)
    before = patron.photo_id
    file = place_photo(session, actor, patron, made_small(content), agreed=agreed)
    drop_file(session, before)
    return file


def place_photo(
    session: Session, actor: Actor, patron: Patron, picture: bytes, *, agreed: bool
) -> KeptFile:
    """Put a picture made small on a record; the file of the one before is left to the caller."""
    if not agrees_to(session, patron.id, PHOTO):
        if not agreed:
            raise Invalid("photo_not_agreed", field="agreed")
        for row in standing_consents(session, patron.id):
            wanted = {*row.purposes, PHOTO}
            record_consent(session, actor, patron, givers=[row.given_by], purposes=wanted)
    kept = {"mime": "image/jpeg", "name": f"{patron.id}.jpg"}
    file = keep_file(session, actor, KIND, picture, unit_id=patron.branch_id, **kept)
    patron.photo_id = file.id
    session.flush()
    audit(session, actor, "photo_kept", "patron", patron.id)
    return file


def drop_photo(session: Session, actor: Actor, patron_id: int) -> None:
    """Take a patron's photo away."""
    patron = patron_for(session, actor, patron_id, EDIT)
    before, patron.photo_id = patron.photo_id, None
    session.flush()
    drop_file(session, before)
    drop_replaced(session, patron.id)
    audit(session, actor, "photo_dropped", "patron", patron.id)


def drop_replaced(session: Session, patron_id: int) -> None:
    """Forget photos of a patron that are kept only so that an act on many can be undone."""
    lines = select(PatronBatchLine).where(
        PatronBatchLine.patron_id == patron_id, PatronBatchLine.photo_was_id.is_not(None)
    )
    for line in session.scalars(lines):
        before, line.photo_was_id = line.photo_was_id, None
        session.flush()
        drop_file(session, before)


def photo_of(session: Session, actor: Actor, patron_id: int) -> KeptFile:
    """Return a patron's photo for a page. Raises ``NotFound`` where there is none."""
    patron = patron_for(session, actor, patron_id)
    if patron.photo_id is None:
        raise NotFound("file_unknown")
    return kept_file(session, patron.photo_id, KIND)
