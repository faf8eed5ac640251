"""Standard numbers as records carry them: read leniently, believed only with their check digit."""

import re

_ISBN_SHAPE = re.compile(r"97[89][0-9]{10}|[0-9]{9}[0-9Xx]")
_ISSN_SHAPE = re.compile(r"([0-9]{4})-?\s?([0-9]{3}[0-9Xx])")


def isbn13(text: str) -> str | None:
    """Return the valid ISBN at the start of the text as 13 digits, else None.

    Accepts hyphens, spaces and a qualifier behind (`0-306-40615-2 (bìa cứng)`). Source: ISO 2108.
    """
    compact = text.replace("-", "").strip()
    match = _ISBN_SHAPE.match(compact) or _ISBN_SHAPE.match(compact.replace(" ", ""))
    if not match or compact[match.end() : match.end() + 1].isdigit():
        return None
    digits = match.group()
    if len(digits) == 10:
        total = sum((10 - i) * int(c) for i, c in enumerate(digits[:9]))
        check = 10 if digits[9] in "Xx" else int(digits[9])
        if (total + check) % 11:
            return None
        digits = "978" + digits[:9]
        return digits + _check13(digits)
    return digits if _check13(digits[:12]) == digits[12] else None


def _check13(twelve: str) -> str:
    odd = int(twelve[0]) + int(twelve[2]) + int(twelve[4]) + int(twelve[6]) + int(twelve[8])
    even = int(twelve[1]) + int(twelve[3]) + int(twelve[5]) + int(twelve[7]) + int(twelve[9])
    return str(-(odd + int(twelve[10]) + 3 * (even + int(twelve[11]))) % 10)


def issn(text: str) -> str | None:
    """Return a valid ISSN as `1234-567X`, else None. Source: ISO 3297."""
    match = _ISSN_SHAPE.match(text.strip())
    if not match:
        return None
    digits = (match.group(1) + match.group(2)).upper()
    total = sum((8 - i) * int(c) for i, c in enumerate(digits[:7]))
    check = 10 if digits[7] == "X" else int(digits[7])
    return f"{digits[:4]}-{digits[4:]}" if (total + check) % 11 == 0 else None
