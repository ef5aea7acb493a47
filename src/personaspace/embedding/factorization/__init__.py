"""Matrix factorization of answers."""
