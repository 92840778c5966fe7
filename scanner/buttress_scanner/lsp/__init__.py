"""The language server: findings while one types. Needs the extra ``lsp``."""
