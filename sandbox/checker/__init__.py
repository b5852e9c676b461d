"""Says whether an environment in AWS would work: it looks at AWS alone, and shares no code with what made the environment."""
