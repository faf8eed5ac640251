"""Money is a whole number of đồng, never a fraction."""


def dong(amount: int) -> str:
    """Write an amount the Vietnamese way: ``dong(25000) == '25.000 đ'``."""
    return f"{amount:,}".replace(",", ".") + " đ"


def round_down(amount: int, step: int) -> int:
    """Round an amount down to a multiple of ``step`` đồng (the smallest note in use)."""
    return amount if step <= 1 else amount - amount % step


_DIGITS = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
_GROUPS = ("", "nghìn", "triệu")


def in_words(amount: int) -> str:
    """Write an amount in Vietnamese words, as receipts need it.

    ``in_words(25_000) == 'Hai mươi lăm nghìn đồng'``. Numbers are read in groups of three up to
    the milliard (tỷ), which is read again for what lies above it.
    """
    if amount < 0:
        return "Âm " + in_words(-amount)[:1].lower() + in_words(-amount)[1:]
    words = " ".join(_spelled(amount)) if amount else _DIGITS[0]
    return words[:1].upper() + words[1:] + " đồng"


def _spelled(amount: int, *, whole: bool = True) -> list[str]:
    """Spell a number; ``whole`` is False where higher groups stand before it."""
    head, rest = divmod(amount, 1_000_000_000)
    words = [*_spelled(head), "tỷ"] if head else []
    begun = bool(words) or not whole
    for place in (2, 1, 0):
        group = rest // 1000**place % 1000
        if group:
            words += _three(group, full=begun)
            words += [_GROUPS[place]] if place else []
            begun = True
    return words


def _three(group: int, *, full: bool) -> list[str]:
    """Spell three digits; ``full`` speaks hundreds even when they are none (không trăm)."""
    hundreds, tens, ones = group // 100, group // 10 % 10, group % 10
    words = [_DIGITS[hundreds], "trăm"] if hundreds or full else []
    if tens > 1:
        words += [_DIGITS[tens], "mươi"]
    elif tens == 1:
        words.append("mười")
    elif ones and words:
        words.append("linh")
    if ones == 1 and tens > 1:
        words.append("mốt")
    elif ones == 5 and tens:
        words.append("lăm")
    elif ones:
        words.append(_DIGITS[ones])
    return words
