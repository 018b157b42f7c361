"""How dates are written where a page does not say it itself: in forms and lists of the back office."""
