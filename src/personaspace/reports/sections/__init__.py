"""Sections of a report: from the objects of a run to what the templates show."""
