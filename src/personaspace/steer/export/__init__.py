"""Export of steered models to the hub, to PEFT and to servers that read input embeddings."""
