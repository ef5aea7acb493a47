"""For people: pictures."""
