"""Patrons, their categories and cards."""
