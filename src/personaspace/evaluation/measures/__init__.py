"""How well predictions fit the answers: metrics, their intervals, and differences between methods."""
