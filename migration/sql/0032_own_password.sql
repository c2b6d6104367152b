-- Whether a person chose the password themselves. Until then somebody else has seen it: whoever handed it out.
ALTER TABLE staff ADD COLUMN own_password BOOLEAN NOT NULL DEFAULT FALSE;
