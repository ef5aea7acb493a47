"""The explorer: a web page on this machine that asks, mixes and reads the personas of a run."""
