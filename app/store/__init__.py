"""What each database engine needs: transactions, statements of the hot paths, seeks, backups."""
