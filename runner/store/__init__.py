"""Tables, repositories and migrations; rows and SQLAlchemy types stay inside."""
