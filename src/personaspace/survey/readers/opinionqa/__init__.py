"""OpinionQA: the waves of Pew's American Trends Panel, read as one survey and written back."""
