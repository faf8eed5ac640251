"""Newspapers and magazines: which issues come when, what is held and what is missing."""
