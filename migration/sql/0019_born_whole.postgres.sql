-- An entry and its postings come in one statement. The guard of postings looks at them once for all: each has its entry, and its
-- number is one of those the entry counts. The guard of entries counts them, so none is missing and none can join later: every
-- number is taken. That is more than the foreign key said, which cost a look-up and a row lock for each posting at the commit.
-- Entries are looked up one by one: a join that was planned while the table was small would read all of it.
CREATE OR REPLACE FUNCTION posting_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM fresh p LEFT JOIN LATERAL (SELECT e.postings FROM entry e WHERE e.id = p.entry_id LIMIT 1) s ON true
        WHERE s.postings IS NULL OR p.line < 0 OR p.line >= s.postings
    ) THEN
        RAISE EXCEPTION 'entry_immutable' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;

ALTER TABLE posting DROP CONSTRAINT posting_entry_fkey;
