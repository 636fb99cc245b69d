"""What every room shares and what lets siblings talk without knowing each other."""
