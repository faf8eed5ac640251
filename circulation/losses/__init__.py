"""Copies lost, claimed as returned, damaged, missing or long overdue, and what comes of them."""
