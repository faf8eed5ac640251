"""The stock in the books: vouchers that bring copies in, registers, and what goes out again."""
