"""Plots of maps and profiles."""
