-- An entry and its postings come in one statement. The guard of postings looks at them once for all: each has its entry, and its
-- number is one of those the entry counts. The guard of entries counts them, so none is missing and none can join later: every
-- number is taken. That is more than the foreign key said, which cost a look-up and a row lock for each posting at the commit.
CREATE OR REPLACE FUNCTION posting_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM fresh p LEFT JOIN entry e ON e.id = p.entry_id
        WHERE e.id IS NULL OR p.line < 0 OR p.line >= e.postings
    ) THEN
        RAISE EXCEPTION 'entry_immutable' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;

ALTER TABLE posting DROP CONSTRAINT posting_entry_fkey;
