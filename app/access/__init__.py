"""Who may do what: scopes, API keys, sign-in links, sessions, and what a request may see."""
