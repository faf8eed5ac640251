"""What the catalogue brings into the house: pages, permissions, settings, jobs."""

from flask import Flask


def register(app: Flask) -> None:
    """Install the catalogue."""
