"""Every sentence that Clew shows, in one file, and its translations."""
