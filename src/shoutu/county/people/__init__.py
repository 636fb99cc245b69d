"""Who is who: users, posts and their holders, responsibility with time, shifts, tokens."""
