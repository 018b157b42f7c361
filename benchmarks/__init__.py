"""Speed, as ratios to a bare view and to floors in one interleaved run: ``make bench``."""
