"""The commands of Twokey, one file each."""
