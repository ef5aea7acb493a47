"""LightGCN over respondents and options."""
