"""The typed client: speaks to the service and signs with the person's own key."""
