"""A list of ISBNs: checked, asked at several targets in the background, taken in one go."""
