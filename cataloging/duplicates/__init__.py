"""Duplicates: records that describe one title, found, judged, made one, and apart again."""
