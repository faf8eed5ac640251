"""The editor: one page on which a record is described, in boxes, as MARC fields or as text."""
