"""What is measured: probes, one small file each, and the registry that lists them."""
