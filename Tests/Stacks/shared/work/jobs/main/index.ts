// The router of a real runtime would be here.
