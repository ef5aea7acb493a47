"""What people answered: surveys, readers, splits and a simulation."""
