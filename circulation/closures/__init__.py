"""Closures planned before they begin: what they concern, applied as a whole, undone where untouched."""
