"""Results as text, as HTML and as files that are whole or absent."""
