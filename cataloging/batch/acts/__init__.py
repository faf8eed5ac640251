"""Acts over many copies or records, seen first, carried out in parts, undone as one."""
