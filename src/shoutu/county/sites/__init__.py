"""What is watched: sources and their tokens, points, rules; the inbox of signals."""
