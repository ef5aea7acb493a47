"""Cluster personas: how they are found, how many there are, and how valid they are."""
