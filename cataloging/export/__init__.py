"""Giving records out: any search, list or the whole catalogue, in the formats others read."""

from cataloging.export.formats import FORMATS, Format, pieces, write
from cataloging.export.sources import Chosen, how_many, ids_of, rows_of

__all__ = ["FORMATS", "Chosen", "Format", "how_many", "ids_of", "pieces", "rows_of", "write"]
