"""Vietnamese text: normal forms, filing order, keystrokes and legacy encodings. Pure functions."""
