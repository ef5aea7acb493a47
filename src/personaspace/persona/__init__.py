"""Personas: individual, clustered and demographic; their names, mixtures, soft memberships and map."""
