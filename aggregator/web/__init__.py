"""The reader's page, the served feeds and the API. Every page works without JavaScript."""
