"""Matrix factorisation of answers."""
