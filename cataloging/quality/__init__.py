"""Quality: what is amiss with the records and copies of a library, and small repairs of it."""
