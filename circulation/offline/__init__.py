"""The desk without the server: what it needs beforehand, and the replay of what it did."""
