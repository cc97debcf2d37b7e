"""A WSMan server with PowerShell's own protocol behind it, on a real socket with real TLS."""
