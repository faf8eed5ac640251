"""Pages of newspapers and magazines."""
