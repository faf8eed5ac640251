"""What makes two records one title, and what becomes of their fields. No database here."""
