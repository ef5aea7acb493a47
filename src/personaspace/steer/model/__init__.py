"""The frozen language model: loading, prompts, tokens and the question cache."""
