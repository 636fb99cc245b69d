"""The command screen: what is wrong in the county now, on a map and in words, and the alarm sound it answers for."""
