"""Changing a picture by words: its tones in place, or its scene composed anew."""
