"""Where things are: territories, organisations, bare sites, and the scope a read starts from."""
