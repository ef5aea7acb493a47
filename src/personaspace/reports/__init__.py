"""Reports for people: plots of profiles and maps."""
