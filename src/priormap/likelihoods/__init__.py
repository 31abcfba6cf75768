"""What may be observed given the linear predictor: one file a family."""
