"""Choosing a class number: the classes by number, with captions; shelf marks behind the number."""
