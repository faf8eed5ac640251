"""Staff pages of the authorities."""
