"""The viewer: runs, batches and archives as pages, live from a local server or as one static file."""
