"""Independent draws under a Gaussian prior, by one spectrum and quadrature."""
