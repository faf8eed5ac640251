"""Scripts that measure the program, each on data it makes itself in a scratch folder.

Each module has ``run(records, as_json)``; ``./sen bench NAME`` or ``python -m bench NAME`` calls it.
"""
