"""The composer behind the local engine's `generate`: a small photo studio made of arithmetic."""
