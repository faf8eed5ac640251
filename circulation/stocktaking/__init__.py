"""Stock-taking (kiểm kê): what should be there, what is, and what the council says of the rest."""
