"""The sample province: an invented province with real books and two years of made-up lending."""
