"""Plots of profiles and maps, drawn with Altair."""
