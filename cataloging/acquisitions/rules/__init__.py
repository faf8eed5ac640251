"""Decisions of acquisitions, without a database."""
