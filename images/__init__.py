"""From the root tree to the disk image, and the QEMU machine that boots it."""
