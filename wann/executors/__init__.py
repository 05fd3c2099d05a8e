"""What runs the kernels."""
