"""Documents written for people: CVs and the letters that go with them."""
