"""The service: API, authentication and the place where everything is put together."""
