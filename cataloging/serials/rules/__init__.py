"""How a title appears and what its holdings amount to. Pure: facts in, issues and words out."""
