"""Barcodes and QR codes read from a photo, where the browser cannot read them itself."""

import io
from typing import Any, Final

from ils.core.errors import Invalid

MOST_BYTES: Final = 12 * 1024 * 1024
LONGEST_SIDE: Final = 1600  # pixels; a phone's photo is larger than any code needs
MOST_PIXELS: Final = 60_000_000


def read_codes(photo: bytes) -> list[str]:
    """Return the texts of the codes on a photo, the largest first. Raises ``Invalid``."""
    import zxingcpp
    from PIL import Image, ImageOps, UnidentifiedImageError

    if len(photo) > MOST_BYTES:
        raise Invalid("picture_too_large", field="photo", megabytes=MOST_BYTES // 1024 // 1024)
    try:
        with Image.open(io.BytesIO(photo)) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise Invalid("picture_too_large", field="photo", megabytes=12)
            opened.draft("L", (LONGEST_SIDE, LONGEST_SIDE))
            upright = ImageOps.exif_transpose(opened).convert("L")
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError) as error:
        raise Invalid("picture_unreadable", field="photo") from error
    upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    found = zxingcpp.read_barcodes(upright)
    texts = sorted(found, key=_width, reverse=True)
    return list(dict.fromkeys(one.text.strip() for one in texts if one.text.strip()))


def _width(code: Any) -> int:
    place = code.position
    across = abs(place.top_right.x - place.top_left.x)
    return int(across + abs(place.top_right.y - place.top_left.y))
