"""What the demonstration backend is made of: a site, a log, a run that a script moves on."""
