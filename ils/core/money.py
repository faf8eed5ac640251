"""Money is a whole number of đồng, never a fraction."""


def dong(amount: int) -> str:
    """Write an amount the Vietnamese way: ``dong(25000) == '25.000 đ'``."""
    return f"{amount:,}".replace(",", ".") + " đ"


def round_down(amount: int, step: int) -> int:
    """Round an amount down to a multiple of ``step`` đồng (the smallest note in use)."""
    return amount if step <= 1 else amount - amount % step
