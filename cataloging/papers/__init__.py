"""What the catalogue prints of records: cards for the drawer, lists of new books, bibliographies."""
