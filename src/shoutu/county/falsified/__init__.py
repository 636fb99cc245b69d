"""存疑读数: readings no honest sensor tells, found day by day, each kept with its evidence and looked into on site."""
