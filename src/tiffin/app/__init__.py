"""Floor 4: the composition root: wires features to kernel and adapters, and runs them as process roles."""
