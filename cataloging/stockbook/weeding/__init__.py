"""Weeding: copies proposed, judged by a council, withdrawn by a decision, and what became of them."""
