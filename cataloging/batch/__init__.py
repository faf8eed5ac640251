"""Batch change: rules on fields applied to the records of a basket, seen first, undone as one."""
