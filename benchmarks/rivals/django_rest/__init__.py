"""What people write: the Django REST view of the classic tutorial; verify, save, answer."""
