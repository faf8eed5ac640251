"""Rotating sets: boxes of books that live for some months at a branch, a commune, a school."""
