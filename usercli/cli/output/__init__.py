"""What commands show: tables, machine formats, progress."""
