"""The lending rules: pure decisions over frozen facts. No database, no web, no clock."""
