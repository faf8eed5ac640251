"""What the catalogue brings into the house: pages, permissions, settings, jobs."""

from flask import Flask

from cataloging import list_names


def register(app: Flask) -> None:
    """Install the catalogue."""
    list_names.declare()
