"""How changes of links are heard in every namespace, and waited for."""
