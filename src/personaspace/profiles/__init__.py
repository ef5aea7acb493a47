"""Profiles of personas: who their members are, what they answer, and how much opinion variance they explain."""
