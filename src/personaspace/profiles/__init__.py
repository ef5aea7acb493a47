"""What personas are made of: their members, their answers, and how much they explain."""
