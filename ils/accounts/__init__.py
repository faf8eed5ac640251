"""Who works here and what they may do: staff, roles as data, grants, sign-in."""
