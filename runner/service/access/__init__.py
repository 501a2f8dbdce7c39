"""Who asks: signing in, sessions, and what each path of the interface needs."""
