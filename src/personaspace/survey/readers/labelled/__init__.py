"""SPSS and Stata files: read by their own labels, and written back."""
