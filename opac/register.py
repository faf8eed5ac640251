"""What the public sites bring into the house."""

from flask import Flask


def register(app: Flask) -> None:
    """Install the public sites."""
