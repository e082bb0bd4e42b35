"""Floor 3: what Tiffin does, one package a feature, each handing one `registration.Feature` to the wiring."""
