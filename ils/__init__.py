"""The ground floor of Sen: it knows no MARC and no loans."""
