"""A denoising autoencoder over options."""
