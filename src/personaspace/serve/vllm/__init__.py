"""A client for steered models whose base model runs on a vLLM server."""
