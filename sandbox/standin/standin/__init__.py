"""An AWS stand-in for development and tests: moto, mended where it is more forgiving than AWS."""
