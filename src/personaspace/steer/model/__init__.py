"""The frozen language model: loading it, its prompts, its tokens and what it has read."""
