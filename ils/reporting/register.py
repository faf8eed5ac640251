"""What reporting brings into the house: pages, permissions, jobs."""

from flask import Flask


def register(app: Flask) -> None:
    """Install reporting."""
