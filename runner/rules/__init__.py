"""Pure decisions: plan, policy, transitions, windows and validation."""
