"""The registers as books: their lines, pages frozen when printed as final, the balance."""
