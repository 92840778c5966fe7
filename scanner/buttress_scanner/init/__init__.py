"""Looking at a project and proposing contracts that it keeps already, each with its evidence."""
