"""Who may do what: scopes, API keys, sign-in links, sessions, and the pages to sign in and out."""
