"""The plugins that come with the service."""
