"""The lists and registers a library keeps: what is out, what is waited for, who reads, day by day."""
