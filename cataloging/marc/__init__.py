"""MARC 21: the standard as data, and what is done with a record that needs no database."""
