"""Blanks of a survey filled by multiple imputation, and the question worth asking next."""
