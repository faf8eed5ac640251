"""What every page needs: doors, forms, errors, languages, the shell and the look."""
