"""Cluster personas: clustering respondents by expected answers, choosing k, and cluster validity."""
