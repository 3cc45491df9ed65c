"""Who is taken for the same: by name, phone and domain, as each company wants it."""
