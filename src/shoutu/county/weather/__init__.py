"""The weather service's warnings: taken in, matched to townships, answered by those who must act."""
