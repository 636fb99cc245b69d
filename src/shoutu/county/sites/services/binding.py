"""Watching a site by a rule pack. A design value nobody has entered is a finding and a duty, never silence."""
