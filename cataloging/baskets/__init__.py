"""Baskets: records and copies put together by a person, to be exported, changed or printed."""
