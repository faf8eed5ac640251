"""The public sites: the province's and one per library."""
