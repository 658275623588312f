"""What tests share: reading answers, recording statements, signing in."""
