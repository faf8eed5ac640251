"""Self-check machines, gates and payment stations speak SIP2: the same acts through another door."""
