"""The pages of the books of stock."""
