"""Records, items, imports and search: what the library holds and how it is described."""
