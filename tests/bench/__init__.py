"""How fast it is, as ratios taken side by side in one run: `make bench`, a line for each goal."""
