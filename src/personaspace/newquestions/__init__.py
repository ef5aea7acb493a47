"""What a space expects of the answers to questions nobody asked."""
