"""The WSGI entry: ``gunicorn wsgi:app``."""

from ils.app import create_app

app = create_app()
